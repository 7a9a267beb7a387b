package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// sweep removes staging folders whose process died, and resume folders whose artefact is
// there. A folder whose key is locked has a live owner and is left alone.
func (s *Store) sweep() error {
	for _, sub := range []string{stagingDir, resumeDir} {
		entries, err := os.ReadDir(filepath.Join(s.dir, sub))
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		for _, e := range entries {
			if err := s.sweepOne(sub, e.Name()); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
	}
	return nil
}

func (s *Store) sweepOne(sub, name string) error {
	cut := strings.LastIndexByte(name, '-')
	if cut < 0 {
		return nil // not a folder of this store
	}
	l, err := s.tryLock(name)
	if err != nil || l == nil {
		return err
	}
	defer l.release()
	if sub == resumeDir {
		manifest := filepath.Join(s.dir, name[:cut], name[cut+1:], manifestName)
		if _, err := os.Stat(manifest); err != nil {
			return nil // not finished: it will be wanted
		}
	}
	return os.RemoveAll(filepath.Join(s.dir, sub, name))
}
