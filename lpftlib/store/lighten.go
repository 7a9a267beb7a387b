package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"lpft/lpftlib/atomicfile"
)

// Lighten drops files of an artefact: weights, say, whose features and measures are there. The manifest is written first,
// sealed, with these files among the dropped ones; then they are removed. So a process killed in between leaves stray
// files ([Store.Leftovers]) and a sound artefact. It returns the bytes that were freed.
func (s *Store) Lighten(a *Artefact, drop func(name string) bool) (int64, error) {
	if err := s.writable(); err != nil {
		return 0, err
	}
	p := a.place()
	l, err := s.tryLock(p.name)
	if err != nil {
		return 0, err
	}
	if l == nil {
		return 0, fmt.Errorf("store: %s: another process works on it", p)
	}
	defer l.release()
	m, err := readManifest(p) // it may have been lightened meanwhile
	if err != nil {
		return 0, err
	}
	gone := slices.DeleteFunc(slices.Clone(m.Files), func(f FileDigest) bool { return !drop(f.Name) })
	if len(gone) == 0 {
		return 0, nil
	}
	m.Files = slices.DeleteFunc(m.Files, func(f FileDigest) bool { return drop(f.Name) })
	m.Dropped = append(m.Dropped, gone...)
	if err := m.write(p.dir); err != nil {
		return 0, fmt.Errorf("store: %s: %w", p, err)
	}
	s.record(p, Dropped, 0)
	return removeFiles(a, gone)
}

// removeFiles removes files of an artefact whose manifest no longer promises them.
func removeFiles(a *Artefact, gone []FileDigest) (freed int64, err error) {
	for _, f := range gone {
		if err := os.Remove(a.Path(f.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return freed, err
		}
		freed += f.Size
	}
	return freed, atomicfile.SyncDir(a.Dir)
}

// place is where the artefact lives.
func (a *Artefact) place() place {
	return place{step: Step{Kind: a.Kind, Label: a.Manifest.Label}, key: a.Key, name: a.Kind + "-" + a.Key[:16], dir: a.Dir}
}

// dropped says whether a file was part of the artefact.
func (m *Manifest) dropped(name string) bool {
	return slices.ContainsFunc(m.Dropped, func(f FileDigest) bool { return f.Name == name })
}
