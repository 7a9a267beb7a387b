package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"lpft/lpftlib/npy"
)

// Artefact is the finished result of a step: a folder with a manifest. Its files were checked
// against their digests when it was opened, and are again when they are read through it.
type Artefact struct {
	Kind     string
	Key      string // 64 hex digits
	Dir      string
	Manifest Manifest
	Reused   bool // it was there and not computed by this call
}

// Path is the path of one of the artefact's files.
func (a *Artefact) Path(name string) string { return filepath.Join(a.Dir, filepath.FromSlash(name)) }

// Has says whether a file is one of the artefact's.
func (a *Artefact) Has(name string) bool {
	_, ok := a.Manifest.file(name)
	return ok
}

// ManifestBytes is the manifest as it lies in the artefact.
func (a *Artefact) ManifestBytes() ([]byte, error) {
	return os.ReadFile(filepath.Join(a.Dir, manifestName))
}

// ReadJSON decodes one of the artefact's files into v.
func (a *Artefact) ReadJSON(name string, v any) error {
	data, err := a.read(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("store: %s: %w", a.Path(name), err)
	}
	return nil
}

// ReadNpy reads one of the artefact's .npy files.
func (a *Artefact) ReadNpy(name string) (*npy.Array, error) {
	data, err := a.read(name)
	if err != nil {
		return nil, err
	}
	array, err := npy.DecodeNpy(data)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", a.Path(name), err)
	}
	return array, nil
}

// ReadNpz reads one of the artefact's .npz files: its arrays by name.
func (a *Artefact) ReadNpz(name string) (map[string]*npy.Array, error) {
	data, err := a.read(name)
	if err != nil {
		return nil, err
	}
	arrays, err := npy.DecodeNpz(data)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", a.Path(name), err)
	}
	return arrays, nil
}

// read returns a file's bytes if they are those that the manifest promises.
func (a *Artefact) read(name string) ([]byte, error) {
	want, ok := a.Manifest.file(name)
	if !ok && a.Manifest.dropped(name) {
		return nil, refuse(a.Path(name), "was dropped from the artefact %s %.16s: nothing needed it any more", a.Kind, a.Key)
	}
	if !ok {
		return nil, refuse(a.Path(name), "is not a file of the artefact %s %.16s", a.Kind, a.Key)
	}
	data, err := os.ReadFile(a.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuse(a.Path(name), "is missing")
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != want.SHA256 {
		return nil, refuse(a.Path(name), "is torn or altered: its SHA-256 is %.12s, expected %.12s", got, want.SHA256)
	}
	return data, nil
}

// Lookup returns the step's artefact if it is there and every file of it is what its manifest
// says. It computes nothing. A file that cannot be trusted is a [RefusedError].
func (s *Store) Lookup(step Step) (*Artefact, bool, error) {
	p, err := s.place(step)
	if err != nil {
		return nil, false, err
	}
	return s.load(p)
}

// load opens and verifies the artefact at p.
func (s *Store) load(p place) (*Artefact, bool, error) {
	info, err := os.Lstat(p.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("store: %s: %w", p, err)
	}
	if !info.IsDir() {
		return nil, false, refuse(p.dir, "is not a folder")
	}
	m, err := readManifest(p)
	if err != nil {
		return nil, false, err
	}
	if p.step.Whole && len(m.Dropped) > 0 {
		return nil, false, nil
	}
	for _, f := range m.Files {
		if err := s.verify(filepath.Join(p.dir, filepath.FromSlash(f.Name)), f); err != nil {
			return nil, false, err
		}
	}
	return &Artefact{Kind: m.Kind, Key: m.Key, Dir: p.dir, Manifest: *m, Reused: true}, true, nil
}

// large is the size in bytes from which a file that did not change since is hashed once only.
const large = 8 << 20

// verify checks a file's size and digest.
func (s *Store) verify(path string, want FileDigest) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return refuse(path, "is missing")
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return refuse(path, "is not a plain file")
	}
	if info.Size() != want.Size {
		return refuse(path, "is torn or altered: it has %d bytes, expected %d", info.Size(), want.Size)
	}
	now := stamp{info.Size(), info.ModTime()}
	if s.seen(path, want.SHA256, now) {
		return nil
	}
	got, err := DigestFile(path)
	if err != nil {
		return err
	}
	if got != want.SHA256 {
		return refuse(path, "is torn or altered: its SHA-256 is %.12s, expected %.12s", got, want.SHA256)
	}
	s.remember(path, want.SHA256, now)
	return nil
}

// seen says whether a large file with this digest was verified in this state.
func (s *Store) seen(path, digest string, now stamp) bool {
	if now.size < large {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	was, ok := s.verified[digest+path]
	return ok && was == now
}

func (s *Store) remember(path, digest string, now stamp) {
	if now.size < large {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verified[digest+path] = now
}
