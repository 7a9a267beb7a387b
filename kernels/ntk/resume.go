package ntk

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"lpft/lpftlib/head"
	"lpft/lpftlib/npy"
	"lpft/lpftlib/store"
)

// resumeVersion is raised when a file's meaning changes.
const resumeVersion = 1

// resume keeps finished groups' sums in a folder, so that an interrupted kernel continues.
type resume struct {
	dir     string // "": nothing is kept
	guard   string // digest of all that the sums depend on
	n, m, c int
}

// guarded is everything a group's sums depend on.
type guarded struct {
	Version   int
	Model     string
	LoRA      any
	Head      *head.Head
	Train     any
	Test      any
	Embedding EmbeddingMode
	Seed      uint64
	Float64   bool
	Engine    string
}

func (in *input) resume() (*resume, error) {
	r := &resume{dir: in.opt.ResumeDir, n: len(in.train), m: len(in.test), c: in.head.Classes()}
	if r.dir == "" {
		return r, nil
	}
	model, err := in.model.Weights.Digest()
	if err != nil {
		return nil, err
	}
	g := guarded{Version: resumeVersion, Model: model, Head: in.head, Train: in.train, Test: in.test,
		Embedding: in.opt.Embedding, Seed: in.opt.Seed, Float64: in.opt.Float64, Engine: in.opt.Backend.Arithmetic()}
	if in.model.LoRA != nil {
		l := in.model.LoRA
		g.LoRA = []any{l.Rank, l.Alpha, l.Layers, l.A, l.B}
	}
	r.guard, err = store.DigestJSON(g)
	return r, err
}

func (r *resume) path(group string) string { return filepath.Join(r.dir, "ntk-"+group+".npz") }

// read returns a finished group's sums, nil where there are none. A file that is torn or
// belongs to another kernel is an error: it is never taken, and never overwritten.
func (r *resume) read(group string) (*sums, error) {
	if r.dir == "" {
		return nil, nil
	}
	path := r.path(group)
	arrays, err := npy.ReadNpz(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ntk: %w; remove the file to compute the group again", err)
	}
	s := newSums(r.n, r.m, r.c)
	for name, want := range map[string][]float64{"train": s.train, "test": s.test} {
		if arrays[name] == nil || len(arrays[name].Float64) != len(want) {
			return nil, fmt.Errorf("ntk: %s: array %q is missing or not %d float64 numbers: the file belongs to another kernel; remove it or give another folder", path, name, len(want))
		}
		copy(want, arrays[name].Float64)
	}
	if g := arrays["guard"]; g == nil || !slices.Equal(g.Strings, []string{r.guard}) {
		return nil, fmt.Errorf("ntk: %s belongs to another kernel (model, head, rows or options differ): remove it or give another folder", path)
	}
	return s, nil
}

func (r *resume) write(group string, s *sums) error {
	if r.dir == "" {
		return nil
	}
	return npy.WriteNpz(r.path(group), []npy.NamedArray{
		{Name: "guard", Shape: []int{1}, Data: []string{r.guard}},
		{Name: "train", Shape: []int{r.n, r.c, r.n, r.c}, Data: s.train},
		{Name: "test", Shape: []int{r.m, r.c, r.n, r.c}, Data: s.test},
	})
}
