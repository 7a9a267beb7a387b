package finetune

import (
	"context"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// Watch trains by the recipe as [Run] does, to its last step, and shows the model before the first step and after each. It
// evaluates nothing by itself and chooses no epoch: the validation rows are those that [Moment.ValLogits] is asked for.
// Nothing is left on disk, for a run that went on from there would not show again what was seen before.
func Watch(ctx context.Context, be *backend.Backend, start Start, data Data, recipe Recipe, see func(context.Context, *Moment) error) error {
	t, err := newTrainer(be, start, data, recipe, Hooks{})
	if err != nil {
		return err
	}
	m := &Moment{Steps: t.steps, StepsPerEpoch: recipe.StepsPerEpoch(len(data.Train.Texts)), t: t}
	if err := see(ctx, m); err != nil {
		return err
	}
	for t.state.step < t.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		step, _, err := t.optimise()
		if err != nil {
			return err
		}
		m.Step, m.Loss = step.Step, step.Loss
		if err := see(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// Moment is a run between two steps, as [Watch] shows it. What it is not asked for costs nothing.
type Moment struct {
	Step, Steps   int // taken, and of the whole run
	StepsPerEpoch int
	Loss          float64 // of the mini-batch of the step before; 0 before the first
	t             *trainer
}

// TrainLogits are f(x) of the training rows as the model stands, without dropout [n, C].
func (m *Moment) TrainLogits(ctx context.Context) (*mat.Dense, error) {
	return m.logits(ctx, m.t.data.Train.Texts)
}

// ValLogits are those of the validation rows.
func (m *Moment) ValLogits(ctx context.Context) (*mat.Dense, error) {
	return m.logits(ctx, m.t.data.Val.Texts)
}

func (m *Moment) logits(ctx context.Context, texts []encoder.Encoding) (*mat.Dense, error) {
	if err := m.t.refresh(); err != nil {
		return nil, err
	}
	h, err := m.t.state.head()
	if err != nil {
		return nil, err
	}
	features, err := m.t.runner.Features(ctx, texts, nil)
	if err != nil {
		return nil, err
	}
	phi := make([]float64, len(features))
	for i, v := range features {
		phi[i] = float64(v)
	}
	return h.Logits(mat.NewDense(len(texts), h.Hidden(), phi)), nil
}

// Model is the model as it stands; lora is nil where all parameters are trained, and else the run's own, which its next
// steps change.
func (m *Moment) Model() (weights *encoder.Weights, lora *encoder.LoRAWeights, h *head.Head, err error) {
	return m.t.model()
}

// model reads the model from the device.
func (t *trainer) model() (weights *encoder.Weights, lora *encoder.LoRAWeights, h *head.Head, err error) {
	if h, err = t.state.head(); err != nil {
		return nil, nil, nil, err
	}
	if weights, err = t.state.weights(t.vocab, t.start.Weights); err != nil {
		return nil, nil, nil, err
	}
	if t.lora != nil {
		err = t.state.readLoRA(t.vocab.cfg, t.lora)
	}
	return weights, t.lora, h, err
}
