package session

import (
	"context"
	"fmt"
	"time"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
)

// Planned is a step that something needs, and what it would cost here.
type Planned struct {
	Step   store.Step
	Key    string
	Cached bool    // its result is in the store
	Tokens float64 // cost in tokens that pass forward through the encoder; a training token counts as 3
	Disk   int64   // bytes of its result, about
}

// trainingToken is the cost of a token in training, in tokens of a forward pass: forward,
// backward (twice forward) and the optimiser's share are about 3 of them.
const trainingToken = 3

// plan collects steps, each once.
type plan struct {
	s     *Session
	seen  map[string]bool
	steps []Planned
}

// Plan is what measuring runs on test sets would take, in the order in which it would be done.
// Nothing is computed.
func (s *Session) Plan(ctx context.Context, runs []study.Spec, testSets func(study.Spec) ([]string, error)) ([]Planned, error) {
	p := &plan{s: s, seen: map[string]bool{}}
	for _, run := range runs {
		sets, err := testSets(run)
		if err != nil {
			return nil, err
		}
		for _, set := range sets {
			if err := p.measures(ctx, run, set, "test"); err != nil {
				return nil, err
			}
		}
	}
	return p.steps, nil
}

// add appends a step that is not in the plan yet.
func (p *plan) add(step store.Step, err error, tokens float64, disk int64) error {
	if err != nil {
		return err
	}
	key, err := step.Key()
	if err != nil || p.seen[key] {
		return err
	}
	p.seen[key] = true
	_, ok, err := p.s.Store.Lookup(step)
	p.steps = append(p.steps, Planned{step, key, ok && err == nil, tokens, disk})
	return nil
}

// measures adds a run's measures on a split of a test set with all that they are made from.
func (p *plan) measures(ctx context.Context, run study.Spec, testSet, split string) error {
	for _, id := range []string{run.Task, testSet} {
		if err := p.pretrained(ctx, id); err != nil {
			return err
		}
	}
	if run.Method == study.LP || run.Method.StartsFromLP() {
		step, err := p.s.probeStep(ctx, run.Task, run.Seed)
		if err := p.add(step, err, 0, 1<<14); err != nil {
			return err
		}
	}
	if run.Method.Trains() {
		if err := p.trained(ctx, run, testSet, split); err != nil {
			return err
		}
	}
	step, err := p.s.measuresStep(ctx, run, testSet, split)
	return p.add(step, err, 0, 1<<12)
}

// pretrained adds the pre-trained model's features of a task.
func (p *plan) pretrained(ctx context.Context, id string) error {
	tokens, disk, err := p.s.featureCost(ctx, id, splits)
	if err != nil {
		return err
	}
	step, err := p.s.pretrainedStep(ctx, id)
	return p.add(step, err, tokens, disk)
}

// trained adds an FT stage and its features.
func (p *plan) trained(ctx context.Context, run study.Spec, testSet, split string) error {
	d, m, _, err := p.s.parts(ctx, run.Task)
	if err != nil {
		return err
	}
	recipe, err := p.s.Recipe(ctx, run)
	if err != nil {
		return err
	}
	train, err := p.s.countTokens(ctx, d.Train)
	if err != nil {
		return err
	}
	val, err := p.s.countTokens(ctx, d.Val)
	if err != nil {
		return err
	}
	epochs, disk := float64(recipe.Epochs), int64(m.Config.NumParameters())*4
	if run.Method.LowRank() { // the adapter alone: A [r, h] and B [h, r] of two layers a block
		disk = int64(m.Config.Layers*4*p.s.Profile.LoRARank*m.Config.Hidden) * 4
	}
	step, err := p.s.trainStep(ctx, run)
	if err := p.add(step, err, epochs*(trainingToken*train+float64(recipe.EvalsPerEpoch)*val), disk); err != nil {
		return err
	}
	names := measuredSplits(run, testSet, split)
	tokens, size, err := p.s.featureCost(ctx, testSet, names)
	if err != nil {
		return err
	}
	step, err = p.s.trainedFeaturesStep(ctx, run, testSet, names...)
	return p.add(step, err, tokens, size)
}

// featureCost is the tokens and bytes of features on some splits.
func (s *Session) featureCost(ctx context.Context, id string, names []string) (tokens float64, disk int64, err error) {
	d, m, _, err := s.parts(ctx, id)
	if err != nil {
		return 0, 0, err
	}
	for _, name := range names {
		examples, err := splitOf(d, name)
		if err != nil {
			return 0, 0, err
		}
		n, err := s.countTokens(ctx, examples)
		if err != nil {
			return 0, 0, err
		}
		tokens += n
		disk += int64(len(examples)) * int64(m.Config.Hidden) * 4
	}
	return tokens, disk, nil
}

// countTokens counts padded tokens. Of many examples it looks at a thousand.
func (s *Session) countTokens(ctx context.Context, examples []task.Example) (float64, error) {
	const most = 1000
	sample := examples
	if len(examples) > most {
		sample = nil
		for i := range most {
			sample = append(sample, examples[i*len(examples)/most])
		}
	}
	texts, err := s.encode(ctx, sample)
	if err != nil || len(sample) == 0 {
		return 0, err
	}
	be, err := s.Backend()
	if err != nil {
		return 0, err
	}
	total := 0
	for _, e := range texts {
		total += encoder.BucketLength(len(e.IDs), be.Engine, s.Profile.MaxLen)
	}
	return float64(total) * float64(len(examples)) / float64(len(sample)), nil
}

// Rate is how many tokens a second pass forward through the encoder here, measured now on some
// texts of a task; it opens model and backend.
func (s *Session) Rate(ctx context.Context, id string) (float64, error) {
	d, m, be, err := s.parts(ctx, id)
	if err != nil {
		return 0, err
	}
	examples := d.Test[:min(len(d.Test), 48)]
	texts, err := s.encode(ctx, examples)
	if err != nil {
		return 0, err
	}
	w, err := m.Weights()
	if err != nil {
		return 0, err
	}
	run, err := encoder.NewRunner(be, w, nil)
	if err != nil {
		return 0, err
	}
	defer run.Close()
	seconds, err := timed(func() error { // the first time compiles
		_, err := run.Features(ctx, texts, nil)
		return err
	})
	if err != nil {
		return 0, err
	}
	tokens, err := s.countTokens(ctx, examples)
	if err == nil && seconds <= 0 {
		err = fmt.Errorf("the machine's speed cannot be measured")
	}
	return tokens / seconds, err
}

// timed runs f twice and returns how long the second time took, in seconds.
func timed(f func() error) (float64, error) {
	if err := f(); err != nil {
		return 0, err
	}
	start := time.Now()
	err := f()
	return time.Since(start).Seconds(), err
}

// PlanKernels is what kernels of some runs and their statistics would take. A kernel's cost is
// about C reverse passes over its rows and as much again for the Gram matrices.
func (s *Session) PlanKernels(ctx context.Context, runs []study.Spec) ([]Planned, error) {
	p := &plan{s: s, seen: map[string]bool{}}
	for _, run := range runs {
		if err := p.pretrained(ctx, run.Task); err != nil {
			return nil, err
		}
		if run.Method.StartsFromLP() {
			step, err := s.probeStep(ctx, run.Task, run.Seed)
			if err := p.add(step, err, 0, 1<<14); err != nil {
				return nil, err
			}
		}
		if err := p.kernel(ctx, run); err != nil {
			return nil, err
		}
		step, err := s.pretrainStatStep(ctx, run.Task, run.Seed)
		if err := p.add(step, err, 0, 1<<20); err != nil {
			return nil, err
		}
		step, err = s.kernelStatStep(ctx, run)
		if err := p.add(step, err, 0, 1<<20); err != nil {
			return nil, err
		}
	}
	return p.steps, nil
}

// kernel adds a run's kernel.
func (p *plan) kernel(ctx context.Context, run study.Spec) error {
	tokens, disk, err := p.s.kernelCost(ctx, run.Task)
	if err != nil {
		return err
	}
	step, err := p.s.kernelStep(ctx, run)
	return p.add(step, err, tokens, disk)
}

// kernelCost is the tokens and bytes of a kernel with its test rows.
func (s *Session) kernelCost(ctx context.Context, id string) (tokens float64, disk int64, err error) {
	d, err := s.Data(ctx, id)
	if err != nil {
		return 0, 0, err
	}
	rows, testRows, err := s.KernelRows(ctx, id)
	if err != nil {
		return 0, 0, err
	}
	all, err := s.countTokens(ctx, d.Test)
	if err != nil {
		return 0, 0, err
	}
	n, classes := float64(rows+testRows), float64(len(d.Task.Classes))
	return n * all / float64(len(d.Test)) * (1 + 2*classes) * 2, int64(n * n * classes * classes * 8 * 20), nil
}
