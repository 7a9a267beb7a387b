package ntk

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"lpft/lpftlib/atomicfile"
	"lpft/lpftlib/head"
	"lpft/lpftlib/npy"
	"lpft/lpftlib/store"
)

// resumeVersion is raised when a file's meaning changes.
const resumeVersion = 2

// resume keeps finished groups' sums in a folder, so that an interrupted kernel continues.
type resume struct {
	dir     string // "": nothing is kept
	guard   string // digest of all that the sums depend on
	n, m, c int
	say     func(string) // told of what was set aside
}

// guarded is everything a group's sums depend on.
type guarded struct {
	Version   int
	Network   string
	Head      *head.Head
	Train     any
	Test      any
	Embedding EmbeddingMode
	Seed      uint64
	Float64   bool
	Engine    string
}

func (in *input) resume() (r *resume, err error) {
	r = &resume{dir: in.opt.ResumeDir, n: len(in.train), m: len(in.test), c: in.head.Classes(), say: in.opt.Backend.Say}
	if r.dir == "" {
		return r, nil
	}
	g := guarded{Version: resumeVersion, Network: in.d.digest(), Head: in.head, Train: in.train, Test: in.test,
		Embedding: in.opt.Embedding, Seed: in.opt.Seed, Float64: in.opt.Float64, Engine: in.opt.Backend.Arithmetic()}
	r.guard, err = store.DigestJSON(g)
	return r, err
}

func (r *resume) path(group string) string { return filepath.Join(r.dir, "ntk-"+group+".npz") }

// errForeign marks a group's file that is sound but of another kernel.
var errForeign = errors.New("belongs to another kernel (model, head, rows or options differ): remove it or give another folder")

// take returns a finished group's sums, nil where there are none. A damaged file is set aside, said, and computed again; one
// of another kernel is an error: it is never taken, and never overwritten.
func (r *resume) take(group string) (*sums, error) {
	if r.dir == "" {
		return nil, nil
	}
	s, err := r.read(r.path(group))
	if err == nil || errors.Is(err, errForeign) {
		return s, err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return nil, setAside(r.path(group), err, r.say)
}

// setAside makes room for a file that is damaged as err says, and says so.
func setAside(path string, err error, say func(string)) error {
	aside, moved := atomicfile.SetAside(path)
	if moved != nil {
		return fmt.Errorf("ntk: %w; it cannot be set aside: %w", err, moved)
	}
	say(fmt.Sprintf("damaged: %v; set aside as %s, computing it again", err, filepath.Base(aside)))
	return nil
}

// read reads a group's file and trusts nothing in it.
func (r *resume) read(path string) (*sums, error) {
	arrays, err := npy.ReadSealed(path)
	if err != nil {
		return nil, err
	}
	guard := arrays["guard"]
	if guard == nil || len(guard.Strings) != 1 {
		return nil, fmt.Errorf("%s: no array \"guard\"", path)
	}
	if guard.Strings[0] != r.guard {
		return nil, fmt.Errorf("ntk: %s %w", path, errForeign)
	}
	s := newSums(r.n, r.m, r.c)
	for name, want := range map[string][]float64{"train": s.train, "test": s.test} {
		if arrays[name] == nil || len(arrays[name].Float64) != len(want) {
			return nil, fmt.Errorf("%s: array %q is missing or not %d float64 numbers", path, name, len(want))
		}
		if slices.ContainsFunc(arrays[name].Float64, notFinite) {
			return nil, fmt.Errorf("%s: array %q has a number that is not finite", path, name)
		}
		copy(want, arrays[name].Float64)
	}
	return s, nil
}

func (r *resume) write(group string, s *sums) error {
	if r.dir == "" {
		return nil
	}
	if slices.ContainsFunc(s.train, notFinite) || slices.ContainsFunc(s.test, notFinite) {
		return fmt.Errorf("ntk: the sums of group %s are not finite: check the weights", group)
	}
	return npy.WriteSealed(r.path(group), []npy.NamedArray{
		{Name: "guard", Shape: []int{1}, Data: []string{r.guard}},
		{Name: "train", Shape: []int{r.n, r.c, r.n, r.c}, Data: s.train},
		{Name: "test", Shape: []int{r.m, r.c, r.n, r.c}, Data: s.test},
	})
}
