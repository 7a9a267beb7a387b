package store

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"lpft/lpftlib/atomicfile"
)

// indexName is an archive's first entry.
const indexName = "lpft-store.json"

// archived is an artefact in an archive's index.
type archived struct {
	Kind   string `json:"kind"`
	Key    string `json:"key"`
	Digest string `json:"digest"` // of its manifest, which has those of its files
}

// maxManifest bounds an index or a manifest in an archive, in bytes.
const maxManifest = 64 << 20

// Export writes artefacts as one .tar archive: an index, then each artefact's manifest and files. What is damaged is an
// error, so that nothing wrong leaves the store.
func (s *Store) Export(file string, list []*Artefact) error {
	for _, a := range list {
		if err := s.verifyAll(a); err != nil {
			return err
		}
	}
	return atomicfile.Write(file, func(w io.Writer) error {
		out := tar.NewWriter(w)
		index := []archived{}
		for _, a := range list {
			index = append(index, archived{a.Kind, a.Key, a.Manifest.Digest})
		}
		data, err := json.Marshal(index)
		if err != nil {
			return err
		}
		if err := out.WriteHeader(&tar.Header{Name: indexName, Mode: 0o644, Size: int64(len(data))}); err != nil {
			return err
		}
		if _, err := out.Write(data); err != nil {
			return err
		}
		for _, a := range list {
			if err := exportOne(out, a); err != nil {
				return err
			}
		}
		return out.Close()
	})
}

func exportOne(out *tar.Writer, a *Artefact) error {
	names := []string{manifestName}
	for _, f := range a.Manifest.Files {
		names = append(names, f.Name)
	}
	for _, name := range names {
		if err := exportFile(out, a.Path(name), path.Join(a.Kind, a.Key[:16], name)); err != nil {
			return err
		}
	}
	return nil
}

func exportFile(out *tar.Writer, from, name string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return err
	}
	_, err = io.CopyN(out, f, info.Size())
	return err
}

// Imported says what an import did.
type Imported struct {
	New, There int
	Conflicts  []string // artefacts that are here with another content; they were left as they are
}

// Import takes an archive's artefacts over. Each is checked as a whole before it gets its place; one that is here already
// is left alone, so that a second import changes nothing. An archive that is cut or altered is an error; what came before
// the fault stays.
func (s *Store) Import(file string) (*Imported, error) {
	if err := s.writable(); err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := &importing{s: s, archive: tar.NewReader(f), done: &Imported{}}
	if err := in.all(); err != nil {
		return in.done, fmt.Errorf("%s: %w", file, err)
	}
	return in.done, nil
}

// importing is an import under way.
type importing struct {
	s       *Store
	archive *tar.Reader
	done    *Imported
}

func (in *importing) all() error {
	data, err := in.entry(indexName)
	if err != nil {
		return fmt.Errorf("no archive of lpft store export: %w", err)
	}
	var index []archived
	if err := json.Unmarshal(data, &index); err != nil {
		return fmt.Errorf("no archive of lpft store export: %w", err)
	}
	for _, a := range index {
		if !kindPattern.MatchString(a.Kind) || !keyPattern.MatchString(a.Key) {
			return fmt.Errorf("the index names an artefact %.40q %.80q", a.Kind, a.Key)
		}
		if err := in.one(a); err != nil {
			return fmt.Errorf("artefact %s %.16s: %w", a.Kind, a.Key, err)
		}
	}
	if _, err := in.archive.Next(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something follows the last artefact")
	}
	return nil
}

// entry reads the next entry, which must be a small file of this name.
func (in *importing) entry(name string) ([]byte, error) {
	if err := in.next(name, maxManifest); err != nil {
		return nil, err
	}
	return io.ReadAll(in.archive)
}

// next goes to the next entry, which must be a file of this name and at most so many bytes.
func (in *importing) next(name string, most int64) error {
	header, err := in.archive.Next()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the archive is cut: %s is missing", name)
	}
	if err != nil {
		return err
	}
	if header.Name != name || header.Typeflag != tar.TypeReg || header.Size > most {
		return fmt.Errorf("entry %.200q of %d bytes: expected the file %s", header.Name, header.Size, name)
	}
	return nil
}

// one takes an artefact over.
func (in *importing) one(a archived) error {
	folder := path.Join(a.Kind, a.Key[:16])
	raw, err := in.entry(path.Join(folder, manifestName))
	if err != nil {
		return err
	}
	p := place{step: Step{Kind: a.Kind}, key: a.Key, name: a.Kind + "-" + a.Key[:16], dir: filepath.Join(in.s.dir, a.Kind, a.Key[:16])}
	held, err := in.s.tryLock(p.name)
	if err != nil {
		return err
	}
	if held == nil {
		return errors.New("another process works on it: import again when it has ended")
	}
	defer held.release()
	staging := in.s.staging(p)
	defer os.RemoveAll(staging)
	m, err := parseManifest(path.Join(folder, manifestName), raw, p)
	if err != nil {
		return err
	}
	if m.Digest != a.Digest || m.Kind != a.Kind {
		return errors.New("its manifest is not the one that the index promises")
	}
	if err := in.s.unpack(staging, raw, m, func(f FileDigest) (io.ReadCloser, error) {
		return io.NopCloser(in.archive), in.next(path.Join(folder, f.Name), f.Size)
	}); err != nil {
		return err
	}
	here, ok, err := in.s.load(p)
	switch {
	case err != nil || ok && here.Manifest.Digest != a.Digest:
		in.done.Conflicts = append(in.done.Conflicts, fmt.Sprintf("%s %.16s: %s", a.Kind, a.Key, conflict(here, err)))
		return nil
	case ok:
		in.done.There++
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(p.dir), 0o755); err != nil {
		return err
	}
	if err := os.Rename(staging, p.dir); err != nil {
		return err
	}
	in.done.New++
	return atomicfile.SyncDir(filepath.Dir(p.dir))
}

func conflict(here *Artefact, err error) string {
	if err != nil {
		return fmt.Sprintf("the one that is here is damaged (%v): lpft store clean --damaged removes it", err)
	}
	return fmt.Sprintf("the one that is here was made another time (%s)", here.Manifest.Finished.Format("2006-01-02 15:04:05"))
}
