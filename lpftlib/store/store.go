package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Folders of work under way. Their leading dot keeps them apart from kinds of steps.
const (
	stagingDir = ".staging"
	resumeDir  = ".resume"
	locksDir   = ".locks"
)

// Store is a folder of artefacts. Any number of goroutines and processes may share one.
type Store struct {
	dir      string
	readOnly error // why nothing can be written; nil where it can
	remote   Remote

	mu       sync.Mutex
	onWait   func(Wait)
	held     map[*keyLock]bool // locks of what is computed now
	reported time.Time         // when progress was last told to those who wait
	verified map[string]stamp  // large files whose digest was checked through this Store
	logErr   error             // the first line of the log that could not be written
}

// stamp is a file's state when its digest was checked.
type stamp struct {
	size    int64
	changed time.Time
}

// Open opens the store in dir, creates it where it is missing, and sweeps what killed
// processes left behind. A store that is there but cannot be written is opened to be read: what is in it is found, and
// computing anything else is an error.
func Open(dir string) (*Store, error) {
	if dir == "" {
		return nil, errors.New("store: no folder was named (LPFT_HOME)")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", dir, err)
	}
	s := &Store{dir: abs, verified: map[string]stamp{}, held: map[*keyLock]bool{}}
	if err := prepare(abs); err != nil {
		info, there := os.Stat(abs)
		if there != nil || !info.IsDir() || !(errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) {
			return nil, unwritable(abs, err)
		}
		s.readOnly = err
		return s, nil
	}
	return s, s.sweep()
}

// prepare makes the folders of work under way and tries to write into them.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil { // and the home folder above it
		return err
	}
	for _, sub := range []string{stagingDir, resumeDir, locksDir} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	probe, err := os.CreateTemp(filepath.Join(dir, locksDir), ".probe-*")
	if err != nil {
		return err
	}
	probe.Close()
	return os.Remove(probe.Name())
}

// writable says why the store cannot be written, nil where it can.
func (s *Store) writable() error {
	if s.readOnly == nil {
		return nil
	}
	return unwritable(s.dir, s.readOnly)
}

func unwritable(dir string, err error) error {
	return fmt.Errorf("store %s: cannot be written: %w; choose a writable folder (LPFT_HOME)", dir, err)
}

// ReadOnly says whether nothing can be written: what is here is found, and nothing else.
func (s *Store) ReadOnly() bool { return s.readOnly != nil }

// Dir is the store's folder, absolute.
func (s *Store) Dir() string { return s.dir }
