package finetune

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gomlx/gomlx/core/tensors"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/store"
)

// Checkpoint is where a run leaves its state so that a killed run can go on.
//
// A generation is state-STEP.safetensors with the numbers, and then checkpoint-STEP.json, which holds that file's digest
// and its own. The two newest are kept: a kill or a full disk in between leaves the one before, and so does a disk that
// damages the newest. A damaged one is set aside under another name, which is said, and never read.
type Checkpoint struct {
	Dir   string
	Every time.Duration // at most this much work is lost
	last  time.Time
}

// generations is how many checkpoints are kept.
const generations = 2

// saved is a generation's checkpoint-STEP.json.
type saved struct {
	Guard  string  `json:"guard"` // digest of start and recipe: another run's state is refused
	Size   int64   `json:"size"`  // of the state's file
	SHA256 string  `json:"sha256"`
	Step   int     `json:"step"`
	Course *Course `json:"course"`
	Best   *best   `json:"best"`             // its parameters are in the state's file
	Digest string  `json:"digest,omitempty"` // SHA-256 of the canonical JSON of all the rest
}

// seal is the digest that a note ought to carry.
func (s saved) seal() (string, error) {
	s.Digest = ""
	return store.DigestJSON(s)
}

func noteName(step int) string  { return fmt.Sprintf("checkpoint-%d.json", step) }
func stateName(step int) string { return fmt.Sprintf("state-%d.safetensors", step) }

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
	of := []any{t.recipe, digest, t.start.Head, t.start.LoRA, t.data}
	if len(t.start.Frozen) > 0 {
		of = append(of, t.start.Frozen)
	}
	return store.DigestJSON(of)
}

// save writes a generation and removes all but the newest two. A step that is kept already is not written again: that
// would endanger the good file that there is.
func (t *trainer) save() error {
	if t.kept == t.state.step {
		return nil
	}
	dir := t.hooks.Checkpoint.Dir
	list, err := t.stateTensors()
	if err != nil {
		return err
	}
	if err := removeUnfinished(dir); err != nil {
		return err
	}
	if err := t.write(dir, list); err != nil {
		return fmt.Errorf("checkpoint at step %d: %w; the one before is kept", t.state.step, err)
	}
	t.kept = t.state.step
	return removeOlder(dir)
}

// write writes a generation: the numbers, then the note that vouches for them.
func (t *trainer) write(dir string, list []encoder.NamedTensor) error {
	for _, tensor := range list {
		if err := checkFinite(tensor.Name, tensor.Data); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, stateName(t.state.step))
	if err := encoder.WriteSafetensors(path, list); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	s := saved{Guard: t.guard, Size: info.Size(), Step: t.state.step, Course: t.course, Best: t.best}
	if s.SHA256, err = store.DigestFile(path); err != nil {
		return err
	}
	if s.Digest, err = s.seal(); err != nil {
		return err
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return store.WriteFileAtomic(filepath.Join(dir, noteName(t.state.step)), raw)
}

// removeOlder deletes all checkpoints but the newest, and states that no note vouches for.
func removeOlder(dir string) error {
	notes, err := notesIn(dir)
	if err != nil {
		return err
	}
	var keep []string
	for _, n := range notes[:min(generations, len(notes))] {
		keep = append(keep, n.name, stateName(n.step))
	}
	return errors.Join(removeMatching(dir, "checkpoint-*.json", keep), removeMatching(dir, "state-*.safetensors", keep))
}

// removeUnfinished deletes what a kill in the middle of a write left: as large as a checkpoint.
func removeUnfinished(dir string) error {
	return errors.Join(removeMatching(dir, ".state-*.safetensors-*", nil), removeMatching(dir, ".tmp-*", nil))
}

// removeMatching deletes the files whose name matches pattern, but for some.
func removeMatching(dir, pattern string, keep []string) error {
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return err
	}
	for _, path := range paths {
		if !slices.Contains(keep, filepath.Base(path)) {
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
