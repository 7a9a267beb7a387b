package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// manifestName is the file of an artefact that says what it is.
const manifestName = "manifest.json"

// Manifest says what an artefact is. It is the last file written, and carries a digest of
// itself.
type Manifest struct {
	Kind       string          `json:"kind"`
	Key        string          `json:"key"` // 64 hex digits
	Label      string          `json:"label"`
	Version    int             `json:"version"`
	Inputs     json.RawMessage `json:"inputs"`
	Files      []FileDigest    `json:"files"`             // every file but the manifest, by name
	Dropped    []FileDigest    `json:"dropped,omitempty"` // files that it had when it was made, see [Store.Lighten]
	Provenance json.RawMessage `json:"provenance,omitempty"`
	Started    time.Time       `json:"started"`
	Finished   time.Time       `json:"finished"`
	Seconds    float64         `json:"seconds"`          // of the run that finished it
	Resumed    bool            `json:"resumed"`          // an earlier run, not counted in Seconds, did a part
	Digest     string          `json:"digest,omitempty"` // SHA-256 of the canonical JSON of all the rest
}

// FileDigest is a file of an artefact.
type FileDigest struct {
	Name   string `json:"name"` // relative to the artefact, with slashes
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// file finds a file by its name.
func (m *Manifest) file(name string) (FileDigest, bool) {
	for _, f := range m.Files {
		if f.Name == name {
			return f, true
		}
	}
	return FileDigest{}, false
}

// write seals the manifest and writes it into dir.
func (m *Manifest) write(dir string) error {
	m.Digest = ""
	digest, err := DigestJSON(m)
	if err != nil {
		return err
	}
	m.Digest = digest
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return WriteFileAtomic(filepath.Join(dir, manifestName), append(data, '\n'))
}

// readManifest reads and checks the manifest of the artefact at p; without a key in p, of whatever artefact it is.
func readManifest(p place) (*Manifest, error) {
	path := filepath.Join(p.dir, manifestName)
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, refuse(path, "is missing")
	}
	if err != nil {
		return nil, err
	}
	return parseManifest(path, data, p)
}

// parseManifest checks the bytes of the manifest called path, which is that of the artefact at p.
func parseManifest(path string, data []byte, p place) (*Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, refuse(path, "is torn: %v", err)
	}
	seal, key, err := sealOf(data)
	if err != nil || seal != m.Digest {
		return nil, refuse(path, "is torn or altered: its digest is %.12s, it says %.12s", seal, m.Digest)
	}
	if p.key != "" && m.Key != p.key {
		return nil, refuse(path, "is of another artefact: its key is %.16s, expected %.16s", m.Key, p.key)
	}
	if key != m.Key {
		return nil, refuse(path, "contradicts itself: its inputs hash to %.16s, its key is %.16s", key, m.Key)
	}
	for _, f := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) {
			return nil, refuse(path, "names %q, which lies outside the artefact", f.Name)
		}
		if !keyPattern.MatchString(f.SHA256) {
			return nil, refuse(path, "gives %q no SHA-256", f.Name)
		}
	}
	return &m, nil
}

// sealOf is the digest that a manifest's bytes ought to carry, and the key that its inputs make.
func sealOf(data []byte) (seal, key string, err error) {
	tree, err := decodeTree(data)
	if err != nil {
		return "", "", err
	}
	fields, ok := tree.(map[string]any)
	if !ok {
		return "", "", errors.New("no JSON object")
	}
	delete(fields, "digest")
	if seal, err = digestTree(fields); err != nil {
		return "", "", err
	}
	key, err = digestTree(map[string]any{"kind": fields["kind"], "version": fields["version"], "inputs": fields["inputs"]})
	return seal, key, err
}

// RefusedError says which file of an artefact cannot be trusted and why.
type RefusedError struct {
	File   string // its path
	Reason string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("store: %s %s", e.File, e.Reason) }

func refuse(file, format string, args ...any) error {
	return &RefusedError{File: file, Reason: fmt.Sprintf(format, args...)}
}
