package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lpft/lpftlib/atomicfile"
)

// Receive takes an artefact over from elsewhere: its manifest's bytes, and its files as open gives them, each checked
// against its digest before the artefact gets its place as a whole. One that is here stays, unless it lacks dropped files and
// the other does not. fresh says whether it was taken.
func (s *Store) Receive(kind, key string, manifest []byte, open func(FileDigest) (io.ReadCloser, error)) (fresh bool, err error) {
	if !kindPattern.MatchString(kind) || !keyPattern.MatchString(key) {
		return false, fmt.Errorf("store: %.40q %.80q names no artefact", kind, key)
	}
	if err := s.writable(); err != nil {
		return false, err
	}
	p := place{step: Step{Kind: kind}, key: key, name: kind + "-" + key[:16], dir: filepath.Join(s.dir, kind, key[:16])}
	held, err := s.tryLock(p.name)
	if err != nil {
		return false, err
	}
	if held == nil {
		return false, fmt.Errorf("store: %s: another process works on it", p)
	}
	defer held.release()
	staging := s.staging(p)
	defer os.RemoveAll(staging)
	m, err := s.fill(staging, p, manifest, open)
	if err != nil {
		return false, fmt.Errorf("store: %s: %w", p, err)
	}
	if here := s.Look(kind, key); here == Present || here == Light && len(m.Dropped) > 0 {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(p.dir), 0o755); err != nil {
		return false, err
	}
	if err := (&Work{store: s, place: p, dir: staging}).takePlace(); err != nil {
		return false, err
	}
	return true, atomicfile.SyncDir(filepath.Dir(p.dir))
}

// fill makes dir the artefact of p: its manifest, which must be sound, and every file that it promises.
func (s *Store) fill(dir string, p place, manifest []byte, open func(FileDigest) (io.ReadCloser, error)) (*Manifest, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := WriteFileAtomic(filepath.Join(dir, ManifestName), manifest); err != nil {
		return nil, err
	}
	m, err := readManifest(place{key: p.key, dir: dir})
	if err != nil {
		return nil, err
	}
	if m.Kind != p.step.Kind {
		return nil, fmt.Errorf("its manifest is of the kind %q", m.Kind)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for _, f := range m.Files {
		if err := copyIn(root, f, open); err != nil {
			return nil, err
		}
		if err := s.verify(filepath.Join(dir, filepath.FromSlash(f.Name)), f); err != nil {
			return nil, err
		}
	}
	return m, atomicfile.SyncDir(dir)
}

// copyIn writes one file below root.
func copyIn(root *os.Root, f FileDigest, open func(FileDigest) (io.ReadCloser, error)) error {
	in, err := open(f)
	if err != nil {
		return err
	}
	defer in.Close()
	name := filepath.FromSlash(f.Name)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer out.Close() // after an error; a second Close does nothing
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return errors.Join(out.Sync(), out.Close())
}
