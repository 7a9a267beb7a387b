package finetune

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"

	"lpft/internal/plainfile"
	"lpft/lpftlib/atomicfile"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/store"
)

// note is a generation that a folder claims to hold.
type note struct {
	name string
	step int // 0 where the name gives none
}

// notesIn lists a folder's notes, the newest first. A note whose name gives no step, as earlier versions wrote one
// without digests, comes last.
func notesIn(dir string) ([]note, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "checkpoint*.json"))
	if err != nil {
		return nil, err
	}
	var notes []note
	for _, path := range paths {
		name := filepath.Base(path)
		step, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(name, "checkpoint-"), ".json"))
		if err != nil || noteName(step) != name {
			step = 0
		}
		notes = append(notes, note{name, step})
	}
	slices.SortStableFunc(notes, func(a, b note) int { return cmp.Compare(b.step, a.step) })
	return notes, nil
}

// errForeign marks a checkpoint that is sound but of another run.
var errForeign = errors.New("belongs to a run with other data, model or recipe; remove the folder to start afresh")

// resume continues from the newest sound checkpoint of this very run. Damaged ones are set aside, and said; where
// none is sound the run begins anew.
func (t *trainer) resume() error {
	if t.hooks.Checkpoint == nil {
		return nil
	}
	dir := t.hooks.Checkpoint.Dir
	notes, err := notesIn(dir)
	if err != nil {
		return err
	}
	for _, n := range notes {
		s, values, err := t.read(dir, n)
		if err == nil {
			t.restore(s, values)
			return nil
		}
		if errors.Is(err, errForeign) {
			return err
		}
		aside, moved := setAside(dir, n)
		if moved != nil {
			return fmt.Errorf("%w; it cannot be set aside: %w", err, moved)
		}
		t.be.Say(fmt.Sprintf("damaged checkpoint: %v; set aside as %s, going on from the one before, or from the start", err, aside))
	}
	return nil
}

// setAside renames a generation's files and returns the note's new name.
func setAside(dir string, n note) (string, error) {
	if n.step > 0 {
		if _, err := atomicfile.SetAside(filepath.Join(dir, stateName(n.step))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	aside, err := atomicfile.SetAside(filepath.Join(dir, n.name))
	return filepath.Base(aside), err
}

// read reads a generation and trusts nothing in it.
func (t *trainer) read(dir string, n note) (*saved, map[string][]float32, error) {
	path := filepath.Join(dir, n.name)
	raw, err := plainfile.Read(path, plainfile.Text)
	if err != nil {
		return nil, nil, err
	}
	s := &saved{}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, nil, fmt.Errorf("%s: not a checkpoint: %w", path, err)
	}
	if seal, err := s.seal(); err != nil || seal != s.Digest {
		return nil, nil, fmt.Errorf("%s: torn, altered or of an earlier version: its digest is %.12s, it says %.12s", path, seal, s.Digest)
	}
	if s.Guard != t.guard {
		return nil, nil, fmt.Errorf("%s: %w", path, errForeign)
	}
	if err := t.checkNote(s, n); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	values, err := t.readState(filepath.Join(dir, stateName(s.Step)), s)
	return s, values, err
}

// checkNote refuses a note that no moment of this run could have left.
func (t *trainer) checkNote(s *saved, n note) error {
	perEpoch := t.recipe.StepsPerEpoch(len(t.data.Train.Texts))
	switch {
	case s.Step != n.step || s.Step < 1 || s.Step >= t.steps:
		return fmt.Errorf("step %d of a run of %d steps", s.Step, t.steps)
	case s.Course == nil || len(s.Course.Steps) != s.Step || len(s.Course.Points) == 0:
		return fmt.Errorf("no course of %d steps", s.Step)
	case (s.Best == nil) != (s.Step < perEpoch):
		return fmt.Errorf("step %d with epochs of %d steps, and a best epoch %v", s.Step, perEpoch, s.Best != nil)
	case s.Best != nil && (s.Best.Epoch < 1 || s.Best.Epoch > s.Step/perEpoch):
		return fmt.Errorf("best epoch %d after %d steps of %d an epoch", s.Best.Epoch, s.Step, perEpoch)
	}
	return nil
}

// readState reads a generation's numbers.
func (t *trainer) readState(path string, s *saved) (map[string][]float32, error) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != s.Size {
		return nil, fmt.Errorf("%s: missing or not %d bytes long", path, s.Size)
	}
	digest, err := store.DigestFile(path)
	if err != nil {
		return nil, err
	}
	if digest != s.SHA256 {
		return nil, fmt.Errorf("%s: torn or altered: its SHA-256 is %.12s, expected %.12s", path, digest, s.SHA256)
	}
	values, err := encoder.ReadSafetensors(path)
	if err != nil {
		return nil, err
	}
	return values, t.checkValues(path, values, s.Best != nil)
}

// checkValues refuses a file that lacks a tensor of the run, has it in another size, or holds a number that is not finite.
func (t *trainer) checkValues(path string, values map[string][]float32, best bool) error {
	prefixes := []string{"param.", "m.", "v."}
	if best {
		prefixes = append(prefixes, "best.")
	}
	for i, spec := range t.state.specs {
		if !t.state.trained[i] {
			continue
		}
		want := t.state.params[i].Size()
		for _, prefix := range prefixes {
			name := prefix + spec.Name
			if got := len(values[name]); got != want {
				return fmt.Errorf("%s: tensor %q has %d values, expected %d", path, name, got, want)
			}
			if err := checkFinite(name, values[name]); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return nil
}

// restore takes up a generation that was read and checked.
func (t *trainer) restore(s *saved, values map[string][]float32) {
	t.best = s.Best
	at := 0
	for i, spec := range t.state.specs {
		if !t.state.trained[i] {
			continue
		}
		tensor := func(prefix string) *tensors.Tensor {
			return tensors.FromFlatDataAndDimensions(values[prefix+spec.Name], spec.Shape...)
		}
		t.state.params[i], t.state.m[at], t.state.v[at] = tensor("param."), tensor("m."), tensor("v.")
		if s.Best != nil {
			t.best.params = append(t.best.params, values["best."+spec.Name])
		}
		at++
	}
	t.state.step, t.course = s.Step, s.Course
	t.kept, t.resumed = s.Step, true
}
