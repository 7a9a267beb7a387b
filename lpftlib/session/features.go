package session

import (
	"context"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
)

// Features are φ of one model on one task's splits.
type Features struct {
	Splits map[string]*mat.Dense // "train", "val", "test": [N, h]; a split without rows is absent
	Labels map[string][]int
	Key    string
}

// PretrainedFeatures are the pre-trained model's φ on a task. They do not depend on a seed.
func (s *Session) PretrainedFeatures(ctx context.Context, id string) (*Features, error) {
	a, err := s.pretrained(ctx, id)
	return s.read(ctx, id, a, err)
}

// pretrained computes or finds them.
func (s *Session) pretrained(ctx context.Context, id string) (*store.Artefact, error) {
	step, err := s.pretrainedStep(ctx, id)
	if err != nil {
		return nil, err
	}
	nothing := func(context.Context) error { return nil }
	return s.features(ctx, id, step, nothing, func(ctx context.Context) (*encoder.Resident, *encoder.LoRAWeights, error) {
		r, err := s.resident(ctx)
		return r, nil, err
	})
}

// layer computes or finds the pre-trained model's features after its first so many layers; 0 is the embeddings.
func (s *Session) layer(ctx context.Context, id string, layers int) (*store.Artefact, error) {
	step, err := s.layerStep(ctx, id, layers)
	if err != nil {
		return nil, err
	}
	nothing := func(context.Context) error { return nil }
	return s.features(ctx, id, step, nothing, func(ctx context.Context) (*encoder.Resident, *encoder.LoRAWeights, error) {
		r, err := s.resident(ctx)
		if err != nil {
			return nil, nil, err
		}
		r, err = r.First(layers)
		return r, nil, err
	})
}

// TrainedFeatures are φ of the model that a run leaves, on some splits of a task: of the task it
// was trained on, or of a shifted test set.
func (s *Session) TrainedFeatures(ctx context.Context, run study.Spec, id string, names ...string) (*Features, error) {
	a, err := s.trained(ctx, run, id, names...)
	return s.read(ctx, id, a, err)
}

// trained computes or finds them.
func (s *Session) trained(ctx context.Context, run study.Spec, id string, names ...string) (*store.Artefact, error) {
	step, err := s.trainedFeaturesStep(ctx, run, id, names...)
	if err != nil {
		return nil, err
	}
	var t *study.Trained
	train := func(ctx context.Context) (err error) {
		t, err = s.trainedWhole(ctx, run)
		return err
	}
	return s.features(ctx, id, step, train, func(ctx context.Context) (*encoder.Resident, *encoder.LoRAWeights, error) {
		return s.trainedModel(ctx, t)
	})
}

// features computes or finds φ of a model: before makes the model, place brings it to the device.
func (s *Session) features(ctx context.Context, id string, step store.Step, before func(context.Context) error, place func(context.Context) (*encoder.Resident, *encoder.LoRAWeights, error)) (*store.Artefact, error) {
	d, _, be, err := s.parts(ctx, id)
	if err != nil {
		return nil, err
	}
	step.Whole = true // every array is read
	names := step.Inputs.(featureInputs).Splits
	return s.once(ctx, step, before, func(ctx context.Context, w *store.Work) error {
		prov := s.provenance(be, step, d, nil)
		model, lora, err := place(ctx)
		if err != nil {
			return err
		}
		run, err := model.Runner(lora)
		if err != nil {
			return err
		}
		if err := s.computeFeatures(ctx, w, d, names, run, step.Label); err != nil {
			return err
		}
		w.SetProvenance(prov.Finish())
		return nil
	})
}

// read reads features from their artefact; with err, that of making it, it does nothing.
func (s *Session) read(ctx context.Context, id string, a *store.Artefact, err error) (*Features, error) {
	if err != nil {
		return nil, err
	}
	d, err := s.Data(ctx, id)
	if err != nil {
		return nil, err
	}
	f := &Features{Splits: map[string]*mat.Dense{}, Labels: map[string][]int{}, Key: a.Key}
	for _, name := range splits {
		if !a.Has(name + ".npy") {
			continue
		}
		examples, err := splitOf(d, name)
		if err != nil {
			return nil, err
		}
		array, err := a.ReadNpy(name + ".npy")
		if err != nil {
			return nil, err
		}
		f.Splits[name], f.Labels[name] = dense(array.Float32, array.Shape[0], array.Shape[1]), study.Labels(examples)
	}
	return f, nil
}

// parts opens what every step needs.
func (s *Session) parts(ctx context.Context, id string) (*task.Data, *Model, *backend.Backend, error) {
	d, err := s.Data(ctx, id)
	if err != nil {
		return nil, nil, nil, err
	}
	m, err := s.Model(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	be, err := s.Backend()
	return d, m, be, err
}

// computeFeatures writes φ of some splits.
func (s *Session) computeFeatures(ctx context.Context, w *store.Work, d *task.Data, names []string, run *encoder.Runner, label string) error {
	bar := progress.Start(s.opt.Progress, label, countRows(d, names), "rows")
	defer bar.Done()
	before := 0
	for _, name := range names {
		examples, err := splitOf(d, name)
		if err != nil {
			return err
		}
		if len(examples) == 0 {
			continue
		}
		texts, err := s.Texts(ctx, d.Task.ID, name)
		if err != nil {
			return err
		}
		phi, err := run.Features(ctx, texts, func(done, _ int) { bar.Set(before+done, "") })
		if err != nil {
			return err
		}
		before += len(examples)
		if err := w.WriteNpy(name+".npy", []int{len(examples), len(phi) / len(examples)}, phi); err != nil {
			return err
		}
	}
	return nil
}

// countRows counts the examples of some splits.
func countRows(d *task.Data, names []string) int {
	counts := map[string]int{"train": len(d.Train), "val": len(d.Val), "test": len(d.Test)}
	n := 0
	for _, name := range names {
		n += counts[name]
	}
	return n
}

// dense widens a float32 matrix.
func dense(data []float32, rows, cols int) *mat.Dense {
	wide := make([]float64, len(data))
	for i, v := range data {
		wide[i] = float64(v)
	}
	return mat.NewDense(rows, cols, wide)
}
