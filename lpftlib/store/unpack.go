package store

import (
	"io"
	"os"
	"path/filepath"

	"lpft/lpftlib/atomicfile"
)

// unpack writes an artefact that comes from elsewhere into dir, an empty folder of its own, and checks every digest. open gives
// a file's content, of which no more is read than the manifest promises. No name can lead out of dir.
func (s *Store) unpack(dir string, raw []byte, m *Manifest, open func(FileDigest) (io.ReadCloser, error)) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := WriteFileAtomic(filepath.Join(dir, manifestName), raw); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range m.Files {
		if err := unpackFile(root, f, open); err != nil {
			return err
		}
		if err := s.verify(filepath.Join(dir, filepath.FromSlash(f.Name)), f); err != nil {
			return err
		}
	}
	return atomicfile.SyncDir(dir)
}

// unpackFile writes one file. A byte more than promised is taken, so that the check of the size finds it.
func unpackFile(root *os.Root, f FileDigest, open func(FileDigest) (io.ReadCloser, error)) error {
	name := filepath.FromSlash(f.Name)
	content, err := open(f)
	if err != nil {
		return err
	}
	defer content.Close()
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer out.Close() // after an error; a second Close does nothing
	if _, err := io.Copy(out, io.LimitReader(content, f.Size+1)); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	return out.Close()
}
