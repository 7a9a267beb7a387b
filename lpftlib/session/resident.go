package session

import (
	"context"

	"lpft/kernels/ntk"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/study"
)

// What steps share beside their results lies with the backend, which sessions of one process share in turn
// ([backend.Backend.Once]): the pre-trained weights on its device, the graphs of features and of training steps, and here
// those of kernels.

// resident is the pre-trained model on the device, read at the first call of any session with this backend.
func (s *Session) resident(ctx context.Context) (*encoder.Resident, error) {
	m, err := s.Model(ctx)
	if err != nil {
		return nil, err
	}
	be, err := s.Backend()
	if err != nil {
		return nil, err
	}
	return encoder.Load(be, m.Checkpoint.Dir, m.Config, m.Digest)
}

// Weights are the pre-trained model's numbers, a copy for the caller.
func (s *Session) Weights(ctx context.Context) (*encoder.Weights, error) {
	r, err := s.resident(ctx)
	if err != nil {
		return nil, err
	}
	return r.Weights()
}

// trainedModel is the model that a run leaves: with LoRA the pre-trained one and the run's adapter.
func (s *Session) trainedModel(ctx context.Context, t *study.Trained) (*encoder.Resident, *encoder.LoRAWeights, error) {
	pretrained, err := s.Model(ctx)
	if err != nil {
		return nil, nil, err
	}
	if t.Method.LowRank() {
		r, err := s.resident(ctx)
		if err != nil {
			return nil, nil, err
		}
		lora, err := encoder.LoadPEFT(t.Dir, pretrained.Config)
		return r, lora, err
	}
	be, err := s.Backend()
	if err != nil {
		return nil, nil, err
	}
	w, err := encoder.LoadWeights(t.Dir, pretrained.Config)
	if err != nil {
		return nil, nil, err
	}
	r, err := w.Place(be)
	return r, nil, err
}

// kernelPrograms are the compiled graphs of kernels: FT and LP-FT, LoRA and LP-LoRA differ in numbers, not in shapes.
func (s *Session) kernelPrograms() (*ntk.Programs, error) {
	be, err := s.Backend()
	if err != nil {
		return nil, err
	}
	made, err := be.Once(backend.Graphs, "kernels", func() (any, error) { return ntk.NewPrograms(be), nil })
	if err != nil {
		return nil, err
	}
	return made.(*ntk.Programs), nil
}
