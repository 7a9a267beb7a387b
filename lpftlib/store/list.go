package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// List returns all artefacts of a kind, by key. One that cannot be trusted is left out and among
// the errors: a list does not repair.
func (s *Store) List(kind string) ([]*Artefact, []error) {
	if !kindPattern.MatchString(kind) {
		return nil, []error{fmt.Errorf("store: %q is no kind of artefact", kind)}
	}
	entries, err := os.ReadDir(filepath.Join(s.dir, kind))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []error{fmt.Errorf("store: %w", err)}
	}
	var list []*Artefact
	var bad []error
	for _, e := range entries {
		if strings.Contains(e.Name(), ".bad-") {
			continue // moved aside, and logged, by Do
		}
		a, err := s.listed(kind, filepath.Join(s.dir, kind, e.Name()))
		if err != nil {
			bad = append(bad, err)
			continue
		}
		list = append(list, a)
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
// at, not to compute with. A manifest that cannot be trusted is among the errors.
func (s *Store) Manifests() (list []*Artefact, bad []error) {
	kinds, err := s.Kinds()
	if err != nil {
		return nil, []error{err}
	}
	for _, kind := range kinds {
		entries, err := os.ReadDir(filepath.Join(s.dir, kind))
		if err != nil {
			bad = append(bad, fmt.Errorf("store: %w", err))
			continue
		}
		for _, e := range entries {
			if strings.Contains(e.Name(), ".bad-") {
				continue
			}
			a, err := s.manifestIn(kind, filepath.Join(s.dir, kind, e.Name()))
			if err != nil {
				bad = append(bad, err)
				continue
			}
			list = append(list, a)
		}
	}
	return list, bad
}

// manifestIn reads the manifest of the artefact in dir.
func (s *Store) manifestIn(kind, dir string) (*Artefact, error) {
	key, err := keyIn(dir)
	if err != nil {
		return nil, err
	}
	if len(key) != 64 || key[:16] != filepath.Base(dir) {
		return nil, refuse(filepath.Join(dir, manifestName), "is of another artefact: its key is %.16s", key)
	}
	m, err := readManifest(place{step: Step{Kind: kind}, key: key, dir: dir})
	if err != nil {
		return nil, err
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

// listed opens an artefact whose key is not known but from its own manifest.
func (s *Store) listed(kind, dir string) (*Artefact, error) {
	key, err := keyIn(dir)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(key, filepath.Base(dir)) {
		return nil, refuse(filepath.Join(dir, manifestName), "is of another artefact: its key is %.16s", key)
	}
	a, ok, err := s.load(place{step: Step{Kind: kind}, key: key, name: kind + "-" + filepath.Base(dir), dir: dir})
	if err == nil && !ok {
		err = refuse(dir, "is missing")
	}
	return a, err
}

// keyIn is the key that the manifest in dir claims; load checks the claim.
func keyIn(dir string) (string, error) {
	path := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(path)
	if err != nil {
		return "", refuse(path, "cannot be read: %v", err)
	}
	var m struct{ Key string }
	if err := json.Unmarshal(data, &m); err != nil {
		return "", refuse(path, "is torn: %v", err)
	}
	return m.Key, nil
}
