package store

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
)

// Step names one expensive computation.
type Step struct {
	Kind    string // what is computed: "features", "probe", "finetune"; also the folder's name
	Version int    // version of the step's code; raise it when the meaning of its result changes
	Inputs  any    // everything the result depends on, JSON-encodable
	Label   string // human words for logs and progress; not part of the key
	Whole   bool   // every file is needed: an artefact with dropped ones is computed again; not part of the key
}

var (
	kindPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
	keyPattern  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Key is the step's key: 64 hex digits, the SHA-256 of the canonical JSON of kind, version and
// inputs.
func (st Step) Key() (string, error) {
	key, _, err := st.hash()
	return key, err
}

// hash returns the key and the canonical inputs that it was made from.
func (st Step) hash() (key string, inputs json.RawMessage, err error) {
	if !kindPattern.MatchString(st.Kind) {
		return "", nil, fmt.Errorf("step %q: the kind must be lower-case letters, digits, - and _, for it names a folder", st.Kind)
	}
	if inputs, err = canonicalJSON(st.Inputs); err == nil {
		key, err = stepKey(st.Kind, st.Version, inputs)
	}
	if err != nil {
		return "", nil, fmt.Errorf("step %s %q: inputs: %w", st.Kind, st.Label, err)
	}
	return key, inputs, nil
}

func stepKey(kind string, version int, inputs json.RawMessage) (string, error) {
	return DigestJSON(map[string]any{"kind": kind, "version": version, "inputs": inputs})
}

// place is where a step with its key lives in a store.
type place struct {
	step   Step
	inputs json.RawMessage // as they were when the key was made
	key    string
	name   string // <kind>-<key16>, for locks and staging
	dir    string // the artefact
}

func (s *Store) place(step Step) (place, error) {
	key, inputs, err := step.hash()
	if err != nil {
		return place{}, err
	}
	return place{step, inputs, key, step.Kind + "-" + key[:16], filepath.Join(s.dir, step.Kind, key[:16])}, nil
}

// String names the step in errors.
func (p place) String() string {
	if p.step.Label == "" {
		return fmt.Sprintf("%s %s", p.step.Kind, p.key[:16])
	}
	return fmt.Sprintf("%s (%s %s)", p.step.Label, p.step.Kind, p.key[:16])
}

func (s *Store) staging(p place) string { return filepath.Join(s.dir, stagingDir, p.name) }
func (s *Store) resume(p place) string  { return filepath.Join(s.dir, resumeDir, p.name) }
