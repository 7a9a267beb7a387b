package finetune

import (
	"context"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// Moment is a run between two steps, as [Hooks.Watch] sees it. What it does not ask for costs nothing.
type Moment struct {
	Step, Steps   int // taken, and of the whole run
	StepsPerEpoch int
	t             *trainer
}

// watch shows the run as it stands.
func (t *trainer) watch(ctx context.Context) error {
	if t.hooks.Watch == nil {
		return nil
	}
	return t.hooks.Watch(ctx, &Moment{Step: t.state.step, Steps: t.steps, StepsPerEpoch: t.recipe.StepsPerEpoch(len(t.data.Train.Texts)), t: t})
}

// Logits are f(x) of the training and of the validation rows as the model stands, without dropout: [n, C] each.
func (m *Moment) Logits(ctx context.Context) (train, val *mat.Dense, err error) {
	if err := m.t.refresh(); err != nil {
		return nil, nil, err
	}
	h, err := m.t.state.head()
	if err != nil {
		return nil, nil, err
	}
	if train, err = m.logits(ctx, h, m.t.data.Train.Texts); err != nil {
		return nil, nil, err
	}
	val, err = m.logits(ctx, h, m.t.data.Val.Texts)
	return train, val, err
}

func (m *Moment) logits(ctx context.Context, h *head.Head, texts []encoder.Encoding) (*mat.Dense, error) {
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
