package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"lpft/lpftlib/atomicfile"
	"lpft/lpftlib/npy"
)

// Work is a step under way: where its computation writes.
type Work struct {
	store      *Store
	place      place
	dir        string
	resumeDir  string
	resumed    bool
	started    time.Time
	provenance any
}

// startWork prepares empty staging and the resume folder. The key's lock is held, so whatever
// lies in staging belonged to a process that died.
func (s *Store) startWork(p place) (*Work, error) {
	w := &Work{store: s, place: p, dir: s.staging(p), resumeDir: s.resume(p), started: time.Now()}
	if err := os.RemoveAll(w.dir); err != nil {
		return nil, err
	}
	for _, dir := range []string{w.dir, w.resumeDir, filepath.Dir(p.dir)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	left, err := os.ReadDir(w.resumeDir)
	w.resumed = len(left) > 0
	return w, err
}

// Dir is the staging folder: the files here become the artefact when the computation returns
// nil.
func (w *Work) Dir() string { return w.dir }

// ResumeDir is a folder for checkpoints. It survives a failure or a kill: the next attempt of
// the same step gets the same folder with what is in it. It is removed when the step succeeds.
func (w *Work) ResumeDir() string { return w.resumeDir }

// WriteJSON writes v, indented, as a file of the artefact.
func (w *Work) WriteJSON(name string, v any) error {
	path, err := w.path(name)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return WriteFileAtomic(path, append(data, '\n'))
}

// WriteNpy writes an array of finite numbers as a file of the artefact; see [npy.WriteNpy].
func (w *Work) WriteNpy(name string, shape []int, data any) error {
	path, err := w.path(name)
	if err != nil {
		return err
	}
	if err := finite(name, data); err != nil {
		return err
	}
	return npy.WriteNpy(path, shape, data)
}

// WriteNpz writes several arrays of finite numbers as one file of the artefact; see [npy.WriteNpz].
func (w *Work) WriteNpz(name string, arrays []npy.NamedArray) error {
	path, err := w.path(name)
	if err != nil {
		return err
	}
	for _, a := range arrays {
		if err := finite(name+", array "+a.Name, a.Data); err != nil {
			return err
		}
	}
	return npy.WriteNpz(path, arrays)
}

// finite refuses infinities and NaN: what is published once is believed for good.
func finite(name string, data any) error {
	bad := -1
	switch data := data.(type) {
	case []float32:
		bad = slices.IndexFunc(data, func(v float32) bool { return notFinite(float64(v)) })
	case []float64:
		bad = slices.IndexFunc(data, notFinite)
	}
	if bad >= 0 {
		return fmt.Errorf("%s: number %d is not finite: nothing is published", name, bad)
	}
	return nil
}

func notFinite(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }

// SetProvenance sets what the manifest says about how the artefact came to be, mostly a
// [Provenance].
func (w *Work) SetProvenance(p any) { w.provenance = p }

// path is where the file called name goes; its folder is made.
func (w *Work) path(name string) (string, error) {
	local := filepath.FromSlash(name)
	if !filepath.IsLocal(local) || filepath.Clean(local) == "." || filepath.Clean(local) == manifestName {
		return "", fmt.Errorf("%q cannot name a file of an artefact", name)
	}
	path := filepath.Join(w.dir, local)
	return path, os.MkdirAll(filepath.Dir(path), 0o755)
}

// publish writes the manifest, flushes everything and moves it into place.
func (w *Work) publish() (*Manifest, error) {
	m, err := w.manifest()
	if err != nil {
		return nil, err
	}
	if err := m.write(w.dir); err != nil {
		return nil, err
	}
	if err := takePlace(w.dir, w.place.dir); err != nil {
		return nil, err
	}
	for _, dir := range []string{filepath.Dir(w.place.dir), w.store.dir} {
		if err := atomicfile.SyncDir(dir); err != nil {
			return nil, err
		}
	}
	return m, os.RemoveAll(w.resumeDir)
}

// takePlace moves a staging folder into place. An artefact whose dropped files were wanted again stands there until this one
// is whole.
func takePlace(staging, dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(staging, dir)
	}
	light := staging + ".light" // swept like any staging folder
	if err := os.Rename(dir, light); err != nil {
		return err
	}
	if err := os.Rename(staging, dir); err != nil {
		return err
	}
	return os.RemoveAll(light)
}

// manifest describes what lies in staging.
func (w *Work) manifest() (*Manifest, error) {
	step := w.place.step
	m := &Manifest{Kind: step.Kind, Key: w.place.key, Label: step.Label, Version: step.Version, Inputs: w.place.inputs, Resumed: w.resumed}
	var err error
	if w.provenance != nil {
		if m.Provenance, err = json.Marshal(w.provenance); err != nil {
			return nil, fmt.Errorf("provenance: %w", err)
		}
	}
	if m.Files, err = flush(w.dir); err != nil {
		return nil, err
	}
	m.Started, m.Finished = w.started.UTC(), time.Now().UTC()
	m.Seconds = m.Finished.Sub(m.Started).Seconds()
	return m, nil
}

// flush flushes every file and folder below dir to disk and returns the files' digests, by
// name.
func flush(dir string) ([]FileDigest, error) {
	files := []FileDigest{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			return atomicfile.SyncDir(path)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		f, err := flushFile(path, e)
		if err != nil {
			return err
		}
		f.Name = filepath.ToSlash(name)
		if f.Name == manifestName {
			return fmt.Errorf("%s is the store's own file, the step must not write it", manifestName)
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

func flushFile(path string, e fs.DirEntry) (FileDigest, error) {
	if !e.Type().IsRegular() {
		return FileDigest{}, fmt.Errorf("%s is not a plain file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return FileDigest{}, err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return FileDigest{}, err
	}
	info, err := f.Stat()
	if err != nil {
		return FileDigest{}, err
	}
	digest, err := DigestFile(path)
	return FileDigest{Size: info.Size(), SHA256: digest}, err
}

// clear removes staging, which publishing has emptied, and a resume folder nobody used.
func (w *Work) clear() {
	_ = os.RemoveAll(w.dir) // the next Open sweeps what stays
	if err := os.Remove(w.resumeDir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return // it holds checkpoints
	}
}
