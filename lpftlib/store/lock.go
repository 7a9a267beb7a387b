package store

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// A key's lock is an advisory lock on a file: the system releases it when its process ends,
// however it ends. The lock file itself stays, for removing one that another process has just
// opened would let both hold "the" lock.

// Waiting looks again after poll, then less and less often up to slowPoll. A wait shorter than
// grace is not worth a word: it is mostly another process that sweeps.
const (
	poll     = 10 * time.Millisecond
	slowPoll = 250 * time.Millisecond
	grace    = 100 * time.Millisecond
)

// keyLock is a held lock.
type keyLock struct {
	lock  *flock.Flock
	owner string // file that says who holds it
}

// tryLock takes the lock called name, or returns nil where another holds it.
func (s *Store) tryLock(name string) (*keyLock, error) {
	path := filepath.Join(s.dir, locksDir, name+".lock")
	l := &keyLock{flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o644)), path[:len(path)-len("lock")] + "owner"}
	ok, err := l.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("store: lock %s: %w", path, err)
	}
	if !ok {
		return nil, nil
	}
	return l, nil
}

// lock waits for the lock of p, and tells how long that took if it is worth telling.
func (s *Store) lock(ctx context.Context, p place) (*keyLock, time.Duration, error) {
	start, pause, told := time.Now(), poll, false
	for {
		l, err := s.tryLock(p.name)
		if err != nil {
			return nil, 0, err
		}
		if l != nil {
			waited := time.Duration(0)
			if told {
				waited = time.Since(start)
			}
			return l, waited, l.sign()
		}
		if !told && time.Since(start) >= grace {
			told = true
			s.waiting(p.step.Label, s.ownerOf(p.name))
		}
		select {
		case <-ctx.Done():
			return nil, 0, fmt.Errorf("store: %s: interrupted while process %d computes it: %w", p, s.ownerOf(p.name), ctx.Err())
		case <-time.After(pause):
			pause = min(2*pause, slowPoll)
		}
	}
}

// sign writes who holds the lock, for those who wait.
func (l *keyLock) sign() error {
	data, err := json.Marshal(os.Getpid())
	if err == nil {
		err = os.WriteFile(l.owner, data, 0o644)
	}
	if err != nil {
		_ = l.lock.Unlock()
		return fmt.Errorf("store: lock: %w", err)
	}
	return nil
}

// ownerOf is the id of the process that holds a lock, 0 if it has not said so.
func (s *Store) ownerOf(name string) int {
	var pid int
	data, err := os.ReadFile(filepath.Join(s.dir, locksDir, name+".owner"))
	if err != nil || json.Unmarshal(data, &pid) != nil {
		return 0
	}
	return pid
}

func (l *keyLock) release() {
	_ = os.Remove(l.owner) // a name left behind only misinforms a waiter
	_ = l.lock.Unlock()    // closing the file releases it in any case
}
