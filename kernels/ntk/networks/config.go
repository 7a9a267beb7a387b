package networks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"

	"lpft/internal/plainfile"
	"lpft/lpftlib/encoder"
)

// settings are the keys of a config.json.
type settings struct {
	path    string
	members map[string]json.RawMessage
	err     error // the first
}

func readSettings(dir string) (*settings, error) {
	path := filepath.Join(dir, "config.json")
	data, err := plainfile.Read(path, plainfile.Settings)
	if err != nil {
		return nil, fmt.Errorf("model folder %s: no readable config.json; give a folder with config.json and model.safetensors", dir)
	}
	s := &settings{path: path}
	if err := json.Unmarshal(data, &s.members); err != nil {
		return nil, fmt.Errorf("%s: not valid JSON: %v", path, err)
	}
	return s, nil
}

// get reads a key into a value that holds transformers' default for an absent or null one.
func (s *settings) get(key string, into any) {
	raw, ok := s.members[key]
	if !ok || s.err != nil || bytes.Equal(raw, []byte("null")) {
		return
	}
	if err := json.Unmarshal(raw, into); err != nil {
		s.err = fmt.Errorf("%s: %s is %s: %v", s.path, key, raw, err)
	}
}

// maxSize is above any model's sizes: room is made for what config.json says.
const maxSize = 1 << 24

// size reads a positive number.
func (s *settings) size(key string, byDefault int) int {
	value := byDefault
	if s.get(key, &value); s.err == nil && (value < 1 || value > maxSize) {
		s.err = fmt.Errorf("%s: %s is %d: expected a positive number up to %d", s.path, key, value, maxSize)
	}
	return value
}

// number reads a positive real number.
func (s *settings) number(key string, byDefault float64) float64 {
	value := byDefault
	if s.get(key, &value); s.err == nil && !(value > 0) {
		s.err = fmt.Errorf("%s: %s is %v: expected a positive number", s.path, key, value)
	}
	return value
}

// only refuses every value of a key but the one that is computed here.
func (s *settings) only(key string, want any) {
	raw, ok := s.members[key]
	text, _ := json.Marshal(want)
	if ok && s.err == nil && !bytes.Equal(raw, []byte("null")) && !bytes.Equal(raw, text) {
		s.err = fmt.Errorf("%s: %s is %s: only %s is supported", s.path, key, raw, text)
	}
}

// open reads the tensors that rename wants.
func (s *settings) open(dir string, rename func(string) string) (*described, error) {
	if s.err != nil {
		return nil, s.err
	}
	tensors, err := encoder.ReadTensors(dir, rename)
	return &described{path: dir, tensors: tensors}, err
}
