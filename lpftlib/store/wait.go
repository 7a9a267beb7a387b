package store

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Holder is a process that computes a step, by its own words beside the step's lock.
type Holder struct {
	Host     string `json:"host"`
	PID      int    `json:"pid"`                // 0: it has not said who it is
	Progress string `json:"progress,omitempty"` // how far it is: the JSON that it gave to [Store.Report]; "": it has not said so
}

// Wait is a wait for a step that another computes: another process, or another goroutine of this one.
type Wait struct {
	Label string // of the step
	Since time.Time
	Holder
	Over bool
}

// Own says that this very process computes what is waited for, and so can show it itself.
func (w Wait) Own() bool {
	host, _ := os.Hostname()
	return w.PID == os.Getpid() && w.Host == host
}

// OnWait sets what is called when a wait is worth a word, whenever there is news of it, and when it is over.
func (s *Store) OnWait(fn func(Wait)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onWait = fn
}

// tell calls it.
func (s *Store) tell(w Wait) {
	s.mu.Lock()
	fn := s.onWait
	s.mu.Unlock()
	if fn != nil {
		fn(w)
	}
}

// reportEvery is how often those who wait hear of progress.
const reportEvery = time.Second

// Report tells those who wait for what is computed through this Store how far that is, in words of the caller's that have
// JSON. Reports that follow each other quickly are left out.
func (s *Store) Report(progress any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.held) == 0 || time.Since(s.reported) < reportEvery {
		return
	}
	text, err := json.Marshal(progress)
	if err != nil {
		return // they know who computes, and wait as well without this
	}
	s.reported = time.Now()
	for l := range s.held {
		_ = l.sign(string(text)) // as above
	}
}

// hold says for a lock that was just taken who holds it.
func (s *Store) hold(l *keyLock) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := l.sign(""); err != nil {
		_ = l.lock.Unlock()
		return fmt.Errorf("store: lock: %w", err)
	}
	s.held[l] = true
	return nil
}

// unlock gives a held lock back.
func (s *Store) unlock(l *keyLock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, l)
	l.release()
}

// sign writes who holds the lock and how far the work is. Readers see what was there before or this, and nothing between.
func (l *keyLock) sign(progress string) error {
	host, _ := os.Hostname() // without it the process is named alone
	data, err := json.Marshal(Holder{host, os.Getpid(), progress})
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.owner+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(l.owner+".new", l.owner)
}
