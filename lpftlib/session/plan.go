package session

import (
	"context"
	"fmt"
	"slices"
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
	Cached bool     // its result is in the store, with all that steps still to be made will read of it
	Light  bool     // what is in the store lacks files that were dropped
	Tokens float64  // cost in tokens that pass forward through the encoder; a training token counts as 3
	Disk   int64    // bytes of its result, about
	Needs  []string // keys of the steps whose results it reads
	Unit   Unit     // what it is done with
	Do     func(context.Context) error
}

// Unit is what steps are done together: a job, where a plan is shared among machines.
type Unit struct {
	Kind string // one of the constants below
	Of   string // tells units of a kind apart: a task, or the key of a step; "" becomes that of the planned step itself
}

// Kinds of units.
const (
	FeaturesUnit = "features" // of the pre-trained model on a task, with its linear probes and their measures
	TrainingUnit = "training" // an FT stage with its features, measures and layout
	HeadsUnit    = "heads"    // measures of a task's heads without an FT stage on shifted test sets
	KernelsUnit  = "kernels"  // of a task, with their statistics
	TheoryUnit   = "theory"   // a theory page's numbers
	DefectsUnit  = "defects"  // the kernels of the known defects
	BeyondUnit   = "beyond"   // a training on a kernel's rows with what the kernel says of it
)

// trainingToken is the cost of a token in training, in tokens of a forward pass: forward,
// backward (twice forward) and the optimiser's share are about 3 of them.
const trainingToken = 3

// plan collects steps, each once.
type plan struct {
	s     *Session
	seen  map[string]bool
	steps []Planned
}

func (s *Session) newPlan() *plan { return &plan{s: s, seen: map[string]bool{}} }

// Plan is what measuring runs on test sets would take, in the order in which it would be done.
// Nothing is computed.
func (s *Session) Plan(ctx context.Context, runs []study.Spec, testSets func(study.Spec) ([]string, error)) ([]Planned, error) {
	p := s.newPlan()
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
	return Join(p.steps), nil
}

// add appends a step that is not in the plan yet, and returns its key. The rest of what is planned of it is in as.
func (p *plan) add(step store.Step, err error, as Planned) (string, error) {
	key, err := p.s.keyOf(step, err)
	if err != nil || p.seen[key] {
		return key, err
	}
	p.seen[key] = true
	if as.Unit.Of == "" {
		as.Unit.Of = key
	}
	presence := p.s.Store.Look(step.Kind, key)
	as.Step, as.Key, as.Cached, as.Light = step, key, presence != store.Absent, presence == store.Light
	p.steps = append(p.steps, as)
	return key, nil
}

// Join makes one plan of several, each step once, and decides of results that lack dropped files: such a one is as good as
// there unless a step that is still to be made reads it. In every plan, steps come after those that they need.
func Join(plans ...[]Planned) []Planned {
	var out []Planned
	at := map[string]int{}
	for _, step := range slices.Concat(plans...) {
		if i, there := at[step.Key]; there {
			out[i].Cached = out[i].Cached && step.Cached
			continue
		}
		at[step.Key] = len(out)
		out = append(out, step)
	}
	read := map[string]bool{} // by steps to be made
	for i, step := range slices.Backward(out) {
		out[i].Cached = step.Cached && !(step.Light && read[step.Key])
		if out[i].Cached {
			continue
		}
		for _, key := range step.Needs {
			read[key] = true
		}
	}
	return out
}

// measures adds a run's measures on a split of a test set with all that they are made from.
func (p *plan) measures(ctx context.Context, run study.Spec, testSet, split string) error {
	var needs []string
	for _, id := range []string{run.Task, testSet} {
		key, err := p.pretrained(ctx, id)
		if err != nil {
			return err
		}
		needs = append(needs, key)
	}
	unit := Unit{FeaturesUnit, run.Task}
	if testSet != run.Task {
		unit.Kind = HeadsUnit
	}
	if run.Method == study.LP || run.Method.StartsFromLP() {
		key, err := p.probe(ctx, run.Task, run.Seed)
		if err != nil {
			return err
		}
		needs = append(needs, key)
	}
	if run.Method.Trains() {
		t, err := p.trained(ctx, run)
		if err != nil {
			return err
		}
		unit = t.unit
		for _, on := range []featuresOn{{run.Task, measuredSplits(run, run.Task, "test")}, {testSet, measuredSplits(run, testSet, split)}} {
			key, err := p.trainedFeatures(ctx, run, t, on)
			if err != nil {
				return err
			}
			needs = append(needs, key)
		}
	}
	s := p.s
	step, err := s.measuresStep(ctx, run, testSet, split)
	_, err = p.add(step, err, Planned{Disk: 1 << 12, Needs: needs, Unit: unit, Do: func(ctx context.Context) error {
		_, err := s.MeasureOn(ctx, run, testSet, split)
		return err
	}})
	return err
}

// pretrained adds the pre-trained model's features of a task.
func (p *plan) pretrained(ctx context.Context, id string) (string, error) {
	tokens, disk, err := p.s.featureCost(ctx, id, splits)
	if err != nil {
		return "", err
	}
	s := p.s
	step, err := s.pretrainedStep(ctx, id)
	return p.add(step, err, Planned{Tokens: tokens, Disk: disk, Unit: Unit{FeaturesUnit, id}, Do: func(ctx context.Context) error {
		_, err := s.PretrainedFeatures(ctx, id)
		return err
	}})
}

// probe adds linear probing, whose features are in the plan.
func (p *plan) probe(ctx context.Context, id string, seed uint64) (string, error) {
	features, err := p.pretrained(ctx, id)
	if err != nil {
		return "", err
	}
	s := p.s
	step, err := s.probeStep(ctx, id, seed)
	return p.add(step, err, Planned{Disk: 1 << 14, Needs: []string{features}, Unit: Unit{FeaturesUnit, id}, Do: func(ctx context.Context) error {
		_, err := s.Probe(ctx, id, seed)
		return err
	}})
}

// plannedTraining is an FT stage in a plan.
type plannedTraining struct {
	key  string
	unit Unit
}

// trained adds an FT stage.
func (p *plan) trained(ctx context.Context, run study.Spec) (plannedTraining, error) {
	var needs []string
	if run.Method.StartsFromLP() {
		key, err := p.probe(ctx, run.Task, run.Seed)
		if err != nil {
			return plannedTraining{}, err
		}
		needs = append(needs, key)
	}
	tokens, disk, err := p.s.trainingCost(ctx, run)
	if err != nil {
		return plannedTraining{}, err
	}
	s := p.s
	step, err := s.trainStep(ctx, run)
	key, err := s.keyOf(step, err)
	if err != nil {
		return plannedTraining{}, err
	}
	t := plannedTraining{key, Unit{TrainingUnit, key}}
	_, err = p.add(step, nil, Planned{Tokens: tokens, Disk: disk, Needs: needs, Unit: t.unit, Do: func(ctx context.Context) error {
		_, err := s.trainedWhole(ctx, run)
		return err
	}})
	return t, err
}

// featuresOn are some splits of a data set.
type featuresOn struct {
	id     string
	splits []string
}

// trainedFeatures adds a trained model's features.
func (p *plan) trainedFeatures(ctx context.Context, run study.Spec, t plannedTraining, on featuresOn) (string, error) {
	tokens, disk, err := p.s.featureCost(ctx, on.id, on.splits)
	if err != nil {
		return "", err
	}
	s := p.s
	step, err := s.trainedFeaturesStep(ctx, run, on.id, on.splits...)
	return p.add(step, err, Planned{Tokens: tokens, Disk: disk, Needs: []string{t.key}, Unit: t.unit, Do: func(ctx context.Context) error {
		_, err := s.TrainedFeatures(ctx, run, on.id, on.splits...)
		return err
	}})
}

// trainingCost is the tokens and bytes of an FT stage.
func (s *Session) trainingCost(ctx context.Context, run study.Spec) (tokens float64, disk int64, err error) {
	_, m, _, err := s.parts(ctx, run.Task)
	if err != nil {
		return 0, 0, err
	}
	recipe, err := s.Recipe(ctx, run)
	if err != nil {
		return 0, 0, err
	}
	train, err := s.splitTokens(ctx, run.Task, "train")
	if err != nil {
		return 0, 0, err
	}
	val, err := s.splitTokens(ctx, run.Task, "val")
	disk = int64(m.Config.NumParameters()) * 4
	if run.Method.LowRank() { // the adapter alone: A [r, h] and B [h, r] of two layers a block
		disk = int64(m.Config.Layers*4*s.Profile.LoRARank*m.Config.Hidden) * 4
	}
	return float64(recipe.Epochs) * (trainingToken*train + float64(recipe.EvalsPerEpoch)*val), disk, err
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
		n, err := s.splitTokens(ctx, id, name)
		if err != nil {
			return 0, 0, err
		}
		tokens += n
		disk += int64(len(examples)) * int64(m.Config.Hidden) * 4
	}
	return tokens, disk, nil
}

// splitTokens counts a split's padded tokens, once a session: a plan asks for every run.
func (s *Session) splitTokens(ctx context.Context, id, name string) (float64, error) {
	key := [2]string{id, name}
	s.mu.Lock()
	n, known := s.tokens[key]
	s.mu.Unlock()
	if known {
		return n, nil
	}
	examples, err := s.Examples(ctx, id, name)
	if err != nil {
		return 0, err
	}
	if n, err = s.countTokens(ctx, examples); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[key] = n
	return n, nil
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
	d, err := s.Data(ctx, id)
	if err != nil {
		return 0, err
	}
	examples := d.Test[:min(len(d.Test), 48)]
	texts, err := s.encode(ctx, examples)
	if err != nil {
		return 0, err
	}
	model, err := s.resident(ctx)
	if err != nil {
		return 0, err
	}
	run, err := model.Runner(nil)
	if err != nil {
		return 0, err
	}
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
