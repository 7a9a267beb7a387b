package session

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
)

// Every expensive step is known before it is computed: its key follows from its own inputs and
// from the keys of the steps before it. So a finished result is found without looking at what
// it was made from, and a plan can be drawn up without computing anything.

// Versions are raised when the meaning of a step's result changes, so that old artefacts are not
// taken for new ones.
const (
	featuresVersion = 2
	probeVersion    = 3 // the solver's last digits changed
	pathVersion     = 3 // the line search is scipy's own
	finetuneVersion = 5 // LoRA runs hold PEFT adapters, heads are in float64, other dropout masks
	measuresVersion = 2 // also when a metric's definition changes
)

// once finds a step's artefact. Where it is not there, before brings what it is made from, and
// then fn computes it.
func (s *Session) once(ctx context.Context, step store.Step, before func(context.Context) error, fn func(context.Context, *store.Work) error) (*store.Artefact, error) {
	if s.opt.Reads {
		return s.there(ctx, step)
	}
	if _, ok, err := s.Store.Find(ctx, step); err != nil || !ok { // what cannot be trusted is computed anew
		if err := before(ctx); err != nil {
			return nil, err
		}
	}
	return s.do(ctx, step, fn)
}

// do finds a step's artefact or computes it when it is the caller's turn.
func (s *Session) do(ctx context.Context, step store.Step, fn func(context.Context, *store.Work) error) (*store.Artefact, error) {
	if s.opt.Reads {
		return s.there(ctx, step)
	}
	return s.Store.Do(ctx, step, func(ctx context.Context, w *store.Work) error {
		return s.opt.Turn(ctx, func(ctx context.Context) error { return fn(ctx, w) })
	})
}

// made finds or makes a step about a task whose result is one JSON file: bring gets what it is made
// from, compute makes it. With err, the step's own, it does nothing; seed is nil where nothing is random.
func made[T any](ctx context.Context, s *Session, id string, seed *uint64, file string, step store.Step, err error,
	bring func(context.Context) error, compute func(context.Context) (T, error)) (out T, _ error) {
	if err != nil {
		return out, err
	}
	d, _, be, err := s.parts(ctx, id)
	if err != nil {
		return out, err
	}
	a, err := s.once(ctx, step, bring, func(ctx context.Context, w *store.Work) error {
		prov := s.provenance(be, step, d, seed)
		result, err := compute(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", step.Label, err)
		}
		w.SetProvenance(prov.Finish())
		return w.WriteJSON(file, result)
	})
	if err != nil {
		return out, err
	}
	return out, a.ReadJSON(file, &out)
}

// fits shows a step's cross-validation while it runs; the caller ends the bar.
func (s *Session) fits(label string) (bar *progress.Task, report func(done, total int)) {
	bar = progress.Start(s.opt.Progress, label, 1, "fits")
	return bar, func(done, total int) { bar.Resize(total); bar.Set(done, "") }
}

// featureInputs is everything features depend on.
type featureInputs struct {
	Model   string   `json:"model"`             // digest of the pre-trained model
	Trained string   `json:"trained,omitempty"` // key of the FT stage; empty: the pre-trained model itself
	Data    string   `json:"data"`
	Splits  []string `json:"splits"`
	MaxLen  int      `json:"max_len"`
	Engine  string   `json:"engine"`
	Layers  *int     `json:"layers,omitempty"` // so many first layers alone; nil: all
}

// featuresStep is φ of a model on some splits of a task.
func (s *Session) featuresStep(ctx context.Context, id string, names []string, trained, name string) (store.Step, error) {
	d, m, be, err := s.parts(ctx, id)
	if err != nil {
		return store.Step{}, err
	}
	return store.Step{Kind: "features", Version: featuresVersion, Label: fmt.Sprintf("features of %s, %s", id, name),
		Inputs: featureInputs{Model: m.Digest, Trained: trained, Data: d.Digest, Splits: names, MaxLen: s.Profile.MaxLen, Engine: be.Arithmetic()}}, nil
}

// pretrainedStep is φ of the pre-trained model.
func (s *Session) pretrainedStep(ctx context.Context, id string) (store.Step, error) {
	return s.featuresStep(ctx, id, splits, "", "pre-trained model")
}

// layerStep is φ after the pre-trained model's first layers.
func (s *Session) layerStep(ctx context.Context, id string, layers int) (store.Step, error) {
	step, err := s.featuresStep(ctx, id, splits, "", fmt.Sprintf("pre-trained model, layer %d", layers))
	if err != nil {
		return step, err
	}
	in := step.Inputs.(featureInputs)
	in.Layers = &layers
	step.Inputs = in
	return step, nil
}

// trainedFeaturesStep is φ of the model that a run leaves.
func (s *Session) trainedFeaturesStep(ctx context.Context, run study.Spec, id string, names ...string) (store.Step, error) {
	key, err := s.keyOf(s.trainStep(ctx, run))
	if err != nil {
		return store.Step{}, err
	}
	return s.featuresStep(ctx, id, names, key, fmt.Sprintf("%s model of %s, seed %d", run.Method.Title(), run.Task, run.Seed))
}

type probeInputs struct {
	Features        string `json:"features"`
	Seed            uint64 `json:"seed"`
	PaperCompatible bool   `json:"paper_compatible"`
	Stop            string `json:"stop,omitempty"`
}

// probeStep is linear probing.
func (s *Session) probeStep(ctx context.Context, id string, seed uint64) (store.Step, error) {
	key, err := s.keyOf(s.pretrainedStep(ctx, id))
	if err != nil {
		return store.Step{}, err
	}
	return store.Step{Kind: "probe", Version: probeVersion, Label: fmt.Sprintf("LP %s, seed %d", id, seed),
		Inputs: probeInputs{key, seed, s.Profile.PaperCompatible, s.Profile.StopRule()}}, nil
}

// keyOf is the key of a step, if there is one.
func (s *Session) keyOf(step store.Step, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return s.keys.of(step)
}

// keyring makes the key of equal steps once: a plan asks for the same ones again and again.
type keyring struct {
	mu    sync.Mutex
	known map[string]string // by kind, version and inputs
}

func (k *keyring) of(step store.Step) (string, error) {
	inputs, err := json.Marshal(step.Inputs)
	if err != nil {
		return step.Key() // which says what is wrong
	}
	name := fmt.Sprint(step.Kind, " ", step.Version, " ", string(inputs))
	k.mu.Lock()
	defer k.mu.Unlock()
	key, known := k.known[name]
	if known {
		return key, nil
	}
	if key, err = step.Key(); err == nil {
		k.known[name] = key
	}
	return key, err
}

// trainStep is an FT stage.
func (s *Session) trainStep(ctx context.Context, run study.Spec) (store.Step, error) {
	in, err := s.finetuneInputs(ctx, run)
	return store.Step{Kind: "finetune", Version: finetuneVersion, Label: run.String(), Inputs: in}, err
}

// finetuneInputs is everything an FT stage depends on.
func (s *Session) finetuneInputs(ctx context.Context, run study.Spec) (finetuneInputs, error) {
	if !run.Method.Trains() {
		return finetuneInputs{}, fmt.Errorf("%s has no FT stage", run.Method.Title())
	}
	d, model, be, err := s.parts(ctx, run.Task)
	if err != nil {
		return finetuneInputs{}, err
	}
	if len(d.Train) == 0 {
		return finetuneInputs{}, fmt.Errorf("task %s has no training rows: it is evaluated with a model trained on %s", run.Task, d.Task.TrainedOn)
	}
	recipe, err := s.Recipe(ctx, run)
	if err != nil {
		return finetuneInputs{}, err
	}
	in := finetuneInputs{Model: model.Digest, Data: d.Digest, MaxLen: s.Profile.MaxLen, Engine: be.Arithmetic(), Method: run.Method, Recipe: recipe}
	if s.Profile.Select == study.SelectAccuracy && d.Task.Metric != task.Accuracy {
		in.Select = study.SelectAccuracy
	}
	if run.Method.LowRank() {
		if in.LoRA, err = s.factors(model); err != nil {
			return in, err
		}
	}
	if run.Scaling != (study.Scaling{}) {
		in.Scaling = &run.Scaling
	}
	if run.Method.StartsFromLP() {
		in.Probe, err = s.keyOf(s.probeStep(ctx, run.Task, run.Seed))
	}
	return in, err
}

// measuresInputs is everything the measures depend on.
type measuresInputs struct {
	Run      study.Spec    `json:"run"`
	Setting  study.Setting `json:"setting"`
	Features string        `json:"features"` // key of φ on the test set
	Head     string        `json:"head"`     // key of the FT stage or the probe; "" for a random head
	Split    string        `json:"split"`
}

// measuresStep are a run's numbers on a test set.
func (s *Session) measuresStep(ctx context.Context, run study.Spec, testSet, split string) (store.Step, error) {
	setting, err := s.setting(ctx, run, testSet)
	if err != nil {
		return store.Step{}, err
	}
	in := measuresInputs{Run: run, Setting: setting, Split: split}
	switch {
	case run.Method.Trains():
		if in.Head, err = s.keyOf(s.trainStep(ctx, run)); err == nil {
			in.Features, err = s.keyOf(s.trainedFeaturesStep(ctx, run, testSet, measuredSplits(run, testSet, split)...))
		}
	case run.Method == study.LP:
		if in.Head, err = s.keyOf(s.probeStep(ctx, run.Task, run.Seed)); err == nil {
			in.Features, err = s.keyOf(s.pretrainedStep(ctx, testSet))
		}
	default:
		in.Features, err = s.keyOf(s.pretrainedStep(ctx, testSet))
	}
	return store.Step{Kind: s.measuresKind(), Version: measuresVersion, Label: fmt.Sprintf("measures of %s on %s", run, testSet), Inputs: in}, err
}

// measuredSplits are the splits whose features a measurement computes in one go: with the own test
// set come the validation rows, on which the temperature is fitted.
func measuredSplits(run study.Spec, testSet, split string) []string {
	if testSet == run.Task && split == "test" {
		return []string{"val", "test"}
	}
	return []string{split}
}
