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
