package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lpft/lpftlib/atomicfile"
)

// Verify reads every file of every artefact and compares it with its digest. It returns the artefacts that are sound, and
// what is wrong with the others; it repairs nothing.
func (s *Store) Verify(each func(a *Artefact)) (sound []*Artefact, bad []error) {
	list, bad := s.Manifests()
	for _, a := range list {
		each(a)
		if err := s.verifyAll(a); err != nil {
			bad = append(bad, err)
			continue
		}
		sound = append(sound, a)
	}
	return sound, bad
}

// verifyAll checks all of an artefact's files.
func (s *Store) verifyAll(a *Artefact) error {
	for _, f := range a.Manifest.Files {
		if err := s.verify(a.Path(f.Name), f); err != nil {
			return err
		}
	}
	return nil
}

// Leftover is a file or folder in the store that is no part of a finished artefact.
type Leftover struct {
	Path  string
	Bytes int64
	What  LeftoverKind
	lock  string // name of the lock that guards it, "" for none
}

// LeftoverKind says how something came to be left over.
type LeftoverKind string

// What is left over.
const (
	SetAside   LeftoverKind = "damaged, set aside"
	Unfinished LeftoverKind = "state of an unfinished step"
	Stray      LeftoverKind = "no part of an artefact"
	Torn       LeftoverKind = "artefact with a damaged manifest" // which [Store.Verify] names too
)

// Leftovers lists what is no part of a finished artefact: what was set aside, the state of steps that were interrupted,
// and files that no manifest names. What a live process works on is left out.
func (s *Store) Leftovers() ([]Leftover, error) {
	var out []Leftover
	add := func(path string, what LeftoverKind, lock string) {
		out = append(out, Leftover{path, sizeOf(path), what, lock})
	}
	for _, sub := range []string{resumeDir, stagingDir} {
		entries, err := os.ReadDir(filepath.Join(s.dir, sub))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("store: %w", err)
		}
		for _, e := range entries {
			what := Unfinished
			if sub == stagingDir {
				what = Stray
			}
			if !s.locked(e.Name()) {
				add(filepath.Join(s.dir, sub, e.Name()), what, e.Name())
			}
		}
	}
	kinds, err := s.Kinds()
	if err != nil {
		return nil, err
	}
	for _, kind := range kinds {
		entries, err := os.ReadDir(filepath.Join(s.dir, kind))
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		for _, e := range entries {
			dir := filepath.Join(s.dir, kind, e.Name())
			if strings.Contains(e.Name(), ".bad-") {
				add(dir, SetAside, "")
				continue
			}
			a, err := s.manifestIn(kind, dir)
			if err != nil {
				add(dir, Torn, kind+"-"+e.Name())
				continue
			}
			for _, path := range strays(a) {
				add(path, Stray, "")
			}
		}
	}
	return out, nil
}

// locked says whether a live process holds a lock.
func (s *Store) locked(name string) bool {
	l, err := s.tryLock(name)
	if err != nil || l == nil {
		return true
	}
	l.release()
	return false
}

// strays are the files in an artefact's folder that its manifest does not name.
func strays(a *Artefact) (paths []string) {
	_ = filepath.WalkDir(a.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil // a folder that cannot be read has files that Verify misses
		}
		name, _ := filepath.Rel(a.Dir, path)
		name = filepath.ToSlash(name)
		if _, known := a.Manifest.file(name); !known && name != manifestName {
			paths = append(paths, path)
		}
		return nil
	})
	return paths
}

// sizeOf is the size of a file, or of all files below a folder.
func sizeOf(path string) (size int64) {
	_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			if info, err := e.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	return size
}

// Drop removes a leftover, unless a process has taken it up.
func (s *Store) Drop(l Leftover) error {
	if l.lock != "" {
		held, err := s.tryLock(l.lock)
		if err != nil {
			return err
		}
		if held == nil {
			return fmt.Errorf("store: %s: another process has taken it up", l.Path)
		}
		defer held.release()
	}
	return os.RemoveAll(l.Path)
}

// Remove removes an artefact. It goes out of the way in one step first, so that a kill in between leaves no half of it.
func (s *Store) Remove(a *Artefact) error {
	name := a.Kind + "-" + a.Key[:16]
	held, err := s.tryLock(name)
	if err != nil {
		return err
	}
	if held == nil {
		return fmt.Errorf("store: %s %.16s: another process works on it", a.Kind, a.Key)
	}
	defer held.release()
	gone := filepath.Join(s.dir, stagingDir, name)
	if err := os.RemoveAll(gone); err != nil {
		return err
	}
	if err := os.Rename(a.Dir, gone); err != nil {
		return err
	}
	if err := atomicfile.SyncDir(filepath.Dir(a.Dir)); err != nil {
		return err
	}
	return os.RemoveAll(gone)
}
