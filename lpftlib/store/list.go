package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// List returns all artefacts of a kind, by key. One that cannot be trusted is left out and among
// the errors: a list does not repair.
func (s *Store) List(kind string) ([]*Artefact, []error) {
	if !kindPattern.MatchString(kind) {
		return nil, []error{fmt.Errorf("store: %q is no kind of artefact", kind)}
	}
	all, bad := s.ManifestsOf(kind)
	var list []*Artefact
	for _, a := range all {
		if err := s.verifyAll(a); err != nil {
			bad = append(bad, err)
		} else {
			list = append(list, a)
		}
	}
	return list, bad
}

// Kinds are the kinds of artefacts that there are.
func (s *Store) Kinds() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var kinds []string
	for _, e := range entries {
		if e.IsDir() && kindPattern.MatchString(e.Name()) {
			kinds = append(kinds, e.Name())
		}
	}
	return kinds, nil
}

// Manifests returns all artefacts by what their manifests say, by kind and key, and reads no other file: they are to look
// at; a file that is read through one is checked then. A manifest that cannot be trusted is among the errors.
func (s *Store) Manifests() (list []*Artefact, bad []error) {
	kinds, err := s.Kinds()
	if err != nil {
		return nil, []error{err}
	}
	for _, kind := range kinds {
		of, errs := s.ManifestsOf(kind)
		list, bad = append(list, of...), append(bad, errs...)
	}
	return list, bad
}

// ManifestsOf is [Store.Manifests] of one kind.
func (s *Store) ManifestsOf(kind string) (list []*Artefact, bad []error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, kind))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []error{fmt.Errorf("store: %w", err)}
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return strings.Contains(e.Name(), ".bad-") }) // moved aside, and logged, by Do
	found, errs := make([]*Artefact, len(entries)), make([]error, len(entries))
	var work errgroup.Group // reading many small files is mostly work for a processor
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, e := range entries {
		work.Go(func() error {
			found[i], errs[i] = s.manifestIn(kind, filepath.Join(s.dir, kind, e.Name()))
			return nil
		})
	}
	_ = work.Wait() // errors are kept one by one
	for i := range entries {
		if errs[i] != nil {
			bad = append(bad, errs[i])
		} else {
			list = append(list, found[i])
		}
	}
	return list, bad
}

// manifestIn reads the manifest of the artefact in dir.
func (s *Store) manifestIn(kind, dir string) (*Artefact, error) {
	m, err := readManifest(place{step: Step{Kind: kind}, dir: dir})
	if err != nil {
		return nil, err
	}
	if len(m.Key) != 64 || m.Key[:16] != filepath.Base(dir) {
		return nil, refuse(filepath.Join(dir, manifestName), "is of another artefact: its key is %.16s", m.Key)
	}
	if m.Kind != kind {
		return nil, refuse(filepath.Join(dir, manifestName), "is of the kind %q", m.Kind)
	}
	return &Artefact{Kind: m.Kind, Key: m.Key, Dir: dir, Manifest: *m, Reused: true}, nil
}

// Bytes is the size of the artefact's files.
func (a *Artefact) Bytes() int64 {
	n := int64(0)
	for _, f := range a.Manifest.Files {
		n += f.Size
	}
	return n
}
