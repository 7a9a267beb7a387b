package finetune

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gomlx/gomlx/core/tensors"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/store"
)

// Checkpoint is where a run leaves its state so that a killed run can go on.
//
// The numbers go into state-STEP.safetensors, then checkpoint.json, which names that file and
// its length, replaces the one before in a single rename. So there is always a whole
// checkpoint: a kill or a full disk in between leaves the old one.
type Checkpoint struct {
	Dir   string
	Every time.Duration // at most this much work is lost
	last  time.Time
}

// saved is checkpoint.json.
type saved struct {
	Guard  string  `json:"guard"` // digest of start and recipe: another run's state is refused
	File   string  `json:"file"`
	Size   int64   `json:"size"`
	Step   int     `json:"step"`
	Course *Course `json:"course"`
	Best   *best   `json:"best"` // its parameters are in File
}

const checkpointName = "checkpoint.json"

// due writes a checkpoint when it is time for one.
func (c *Checkpoint) due(t *trainer) error {
	if c == nil {
		return nil
	}
	if c.last.IsZero() {
		c.last = time.Now()
	}
	if time.Since(c.last) < c.Every || t.state.step == t.steps {
		return nil
	}
	c.last = time.Now()
	return t.save()
}

// interrupted leaves a checkpoint and returns why the run stopped.
func (t *trainer) interrupted(why error) error {
	if t.hooks.Checkpoint == nil || t.state.step == 0 {
		return why
	}
	if err := t.save(); err != nil {
		return fmt.Errorf("%w; and no state was kept: %w", why, err)
	}
	return fmt.Errorf("stopped at step %d of %d, state kept: %w", t.state.step, t.steps, why)
}

// identity is a digest of all that decides the run's course.
func (t *trainer) identity() (string, error) {
	digest, err := t.start.Weights.Digest()
	if err != nil {
		return "", err
	}
	return store.DigestJSON([]any{t.recipe, digest, t.start.Head, t.start.LoRA, t.data})
}

// save writes a checkpoint and removes older ones.
func (t *trainer) save() error {
	dir := t.hooks.Checkpoint.Dir
	list, err := t.stateTensors()
	if err != nil {
		return err
	}
	name := fmt.Sprintf("state-%d.safetensors", t.state.step)
	path := filepath.Join(dir, name)
	if err := removeUnfinished(dir); err != nil {
		return err
	}
	if err := encoder.WriteSafetensors(path, list); err != nil {
		return fmt.Errorf("checkpoint at step %d: %w; the one before is kept", t.state.step, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(saved{Guard: t.guard, File: name, Size: info.Size(), Step: t.state.step, Course: t.course, Best: t.best})
	if err != nil {
		return err
	}
	if err := store.WriteFileAtomic(filepath.Join(dir, checkpointName), raw); err != nil {
		return fmt.Errorf("checkpoint at step %d: %w; the one before is kept", t.state.step, err)
	}
	return removeOthers(dir, name)
}

// removeOthers deletes the checkpoints before.
func removeOthers(dir, keep string) error {
	return removeMatching(dir, "state-*.safetensors", keep)
}

// removeUnfinished deletes what a kill in the middle of a write left: as large as a checkpoint.
func removeUnfinished(dir string) error {
	return errors.Join(removeMatching(dir, ".state-*.safetensors-*", ""), removeMatching(dir, ".tmp-*", ""))
}

// removeMatching deletes the files whose name matches pattern, but for one.
func removeMatching(dir, pattern, keep string) error {
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return err
	}
	for _, path := range paths {
		if filepath.Base(path) != keep {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// stateTensors lists the trained parameters, both moments and the best epoch's parameters.
func (t *trainer) stateTensors() ([]encoder.NamedTensor, error) {
	var out []encoder.NamedTensor
	at := 0
	for i, spec := range t.state.specs {
		if !t.state.trained[i] {
			continue
		}
		for _, part := range []struct {
			prefix string
			tensor *tensors.Tensor
		}{{"param.", t.state.params[i]}, {"m.", t.state.m[at]}, {"v.", t.state.v[at]}} {
			data, err := host(part.tensor)
			if err != nil {
				return nil, err
			}
			out = append(out, encoder.NamedTensor{Name: part.prefix + spec.Name, Shape: spec.Shape, Data: data})
		}
		if t.best != nil {
			out = append(out, encoder.NamedTensor{Name: "best." + spec.Name, Shape: spec.Shape, Data: t.best.params[at]})
		}
		at++
	}
	return out, nil
}

// resume continues from a checkpoint if there is one of this very run.
func (t *trainer) resume() error {
	c := t.hooks.Checkpoint
	if c == nil {
		return nil
	}
	path := filepath.Join(c.Dir, checkpointName)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %v", path, err)
	}
	var s saved
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("%s: not a checkpoint: %v; remove the folder to start afresh", path, err)
	}
	if s.Guard != t.guard {
		return fmt.Errorf("%s: belongs to a run with other data, model or recipe; remove the folder to start afresh", path)
	}
	if err := t.restore(filepath.Join(c.Dir, s.File), s); err != nil {
		return err
	}
	t.resumed = true
	return nil
}

// restore reads a checkpoint's numbers.
func (t *trainer) restore(path string, s saved) error {
	if info, err := os.Stat(path); err != nil || info.Size() != s.Size {
		return fmt.Errorf("%s: missing or not %d bytes long; remove the folder to start afresh", path, s.Size)
	}
	values, err := encoder.ReadSafetensors(path)
	if err != nil {
		return err
	}
	if err := t.checkValues(path, values, s.Best != nil); err != nil {
		return err
	}
	if s.Best != nil {
		t.best = s.Best
	}
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
	return nil
}

// checkValues refuses a file that lacks a tensor of the run or has it in another size.
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
			if got := len(values[prefix+spec.Name]); got != want {
				return fmt.Errorf("%s: tensor %q has %d values, expected %d; remove the folder to start afresh", path, prefix+spec.Name, got, want)
			}
		}
	}
	return nil
}
