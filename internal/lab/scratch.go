package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// scratch is a folder for what a process and its notebooks write while they run: the runner's log, the cells' temporary
// files. It goes when they end; where they are killed, the next start removes it.
type scratch struct {
	dir  string
	lock *flock.Flock // held as long as the process lives, on whatever machine or in whatever container
}

// newScratch makes one, and removes those of processes that died.
func (e *Env) newScratch() (*scratch, error) {
	top := e.path("tmp")
	if err := os.MkdirAll(top, 0o700); err != nil {
		return nil, fmt.Errorf("folder for temporary files: %w", err)
	}
	removeDead(top)
	dir, err := os.MkdirTemp(top, "run-")
	if err != nil {
		return nil, fmt.Errorf("folder for temporary files: %w", err)
	}
	s := &scratch{dir: dir, lock: flock.New(dir + ".lock")}
	if err := s.lock.Lock(); err != nil {
		os.Remove(dir)
		return nil, fmt.Errorf("folder for temporary files: %w", err)
	}
	return s, nil
}

// removeDead removes the folders whose process has ended: nobody holds their lock. One without a lock has just been made.
func removeDead(top string) {
	locks, _ := filepath.Glob(filepath.Join(top, "run-*.lock")) // the pattern is well-formed
	for _, path := range locks {
		lock := flock.New(path)
		if held, err := lock.TryLock(); err == nil && held {
			remove(strings.TrimSuffix(path, ".lock"), lock)
		}
	}
}

// remove removes a folder and then its lock, which is held. What cannot be removed now is tried again at the next start.
func remove(dir string, lock *flock.Flock) {
	if os.RemoveAll(dir) == nil {
		_ = os.Remove(lock.Path())
	}
	_ = lock.Unlock()
}

// Scratch makes a folder for temporary files of this process; end removes it. If the process is killed, the next start does.
func (e *Env) Scratch() (dir string, end func(), err error) {
	s, err := e.newScratch()
	if err != nil {
		return "", nil, err
	}
	return s.dir, s.end, nil
}

// end removes the folder.
func (s *scratch) end() { remove(s.dir, s.lock) }

// environ makes programs put their temporary files there.
func (s *scratch) environ() string { return "TMPDIR=" + s.dir }

// log makes a file for what Jupyter says.
func (s *scratch) log() (*os.File, error) { return os.Create(filepath.Join(s.dir, "execute.log")) }
