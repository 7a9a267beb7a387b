package store

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// Presence is what the store holds of a step.
type Presence int

// There are three.
const (
	Absent  Presence = iota
	Light            // there, but for dropped files
	Present          // there with every file
)

// Look says what there is of a step by its manifest and its files' sizes alone: for plans, which ask about thousands of
// steps. What it finds is checked when it is read; what it cannot make sense of is absent, and will be computed.
func (s *Store) Look(kind, key string) Presence {
	dir := filepath.Join(s.dir, kind, key[:16])
	data, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return Absent
	}
	var m struct {
		Key            string
		Files, Dropped []FileDigest
	}
	if json.Unmarshal(data, &m) != nil || m.Key != key {
		return Absent
	}
	for _, f := range m.Files {
		info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(f.Name)))
		if err != nil || info.Size() != f.Size {
			return Absent
		}
	}
	if len(m.Dropped) > 0 {
		return Light
	}
	return Present
}
