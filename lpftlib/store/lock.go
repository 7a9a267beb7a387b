package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// A key's lock is an advisory lock on a file: the system releases it when its process ends,
// however it ends. The lock file itself stays, for removing one that another process has just
// opened would let both hold "the" lock.
//
// On Linux the lock is flock's. Between machines it holds on NFS, whose client turns it into a lock of the whole file at
// the server (mounted with local_lock=none, which is the default, and opened for writing, as here), and on Lustre mounted
// with -o flock. When a machine dies, its NFS locks go with its lease, by default after 90 seconds. A file system without
// locks is an error, not a store that two machines write to. No clock decides who holds a lock.

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
	if errors.Is(err, syscall.ENOLCK) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, errors.ErrUnsupported) {
		return nil, fmt.Errorf("store: lock %s: %w: this file system has no locks that machines share: mount NFS with its lock service, Lustre with -o flock, or choose another folder (LPFT_HOME)", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("store: lock %s: %w", path, err)
	}
	if !ok {
		return nil, nil
	}
	return l, nil
}

// lock waits for the lock of p, and tells how long that took if it is worth telling. [Store.unlock] gives it back.
func (s *Store) lock(ctx context.Context, p place) (*keyLock, time.Duration, error) {
	wait, pause, told := Wait{Label: p.step.Label, Since: time.Now()}, poll, false
	over := func() (waited time.Duration) {
		if told {
			wait.Over, waited = true, time.Since(wait.Since)
			s.tell(wait)
		}
		return waited
	}
	for {
		l, err := s.tryLock(p.name)
		if err != nil {
			return nil, 0, err
		}
		if l != nil {
			waited := over()
			return l, waited, s.hold(l)
		}
		if h := s.holderOf(p.name); time.Since(wait.Since) >= grace && (!told || h != wait.Holder && h.PID != 0) {
			told, wait.Holder = true, h
			s.tell(wait)
		}
		select {
		case <-ctx.Done():
			over()
			return nil, 0, fmt.Errorf("store: %s: interrupted while process %d computes it: %w", p, s.ownerOf(p.name), ctx.Err())
		case <-time.After(pause):
			pause = min(2*pause, slowPoll)
		}
	}
}

// ownerOf is the id of the process that holds a lock, 0 if it has not said so.
func (s *Store) ownerOf(name string) int { return s.holderOf(name).PID }

func (s *Store) holderOf(name string) (h Holder) {
	data, err := os.ReadFile(filepath.Join(s.dir, locksDir, name+".owner"))
	if err != nil || json.Unmarshal(data, &h) != nil {
		return Holder{}
	}
	return h
}

// Worker says which process, on which machine, computes a step now; "" where none does. What a killed one left behind does
// not count: its lock died with it.
func (s *Store) Worker(kind, key string) string {
	name := kind + "-" + key[:16]
	h := s.holderOf(name)
	if h.PID == 0 || !s.locked(name) {
		return ""
	}
	return fmt.Sprintf("process %d on %s", h.PID, cmp.Or(h.Host, "an unnamed machine"))
}

func (l *keyLock) release() {
	_ = os.Remove(l.owner) // a name left behind only misinforms a waiter
	_ = l.lock.Unlock()    // closing the file releases it in any case
}
