package lpftlib

import (
	"lpft/kernels"
	"lpft/lpftlib/head"
	"lpft/lpftlib/worker"
)

// Small is a generated two-layer Transformer with a few rows of the built-in task, in float64: small enough for
// kernels that take as many reverse passes as there are features.
type Small struct {
	Labels  []int // of the training rows
	Classes int   // C
	Hidden  int   // h

	study       *Study
	train, test int
}

// Small takes so many training and test rows of the small model's task.
func (s *Study) Small(train, test int) *Small {
	m := ask(s, worker.OpenSmall, worker.SmallArgs{Train: train, Test: test})
	return &Small{Labels: m.Labels, Classes: m.Classes, Hidden: m.Hidden, study: s, train: train, test: test}
}

func (m *Small) args(h *head.Head, rate float64) worker.SmallArgs {
	return worker.SmallArgs{Train: m.train, Test: m.test, Head: h, Rate: rate}
}

// Kernel is the NTK of the model with a head.
func (m *Small) Kernel(h *head.Head) *kernels.NTK {
	return kernel(ask(m.study, worker.SmallKernel, m.args(h, 0)))
}

// FeatureKernel is Θ^φ of the training rows [N, h, N, h], which knows no head.
func (m *Small) FeatureKernel() *kernels.Kernel {
	f := ask(m.study, worker.SmallFeatures, m.args(nil, 0))
	defer done(f)
	return Must(kernels.Read(f.Path, worker.FeatureKernelName))
}

// Linearised are the logits of the test rows, row by row, before and after a step of gradient descent on the training rows
// with rate η, by equation (4).
func (m *Small) Linearised(h *head.Head, eta float64) (before, after []float64) {
	taken := ask(m.study, worker.SmallStep, m.args(h, eta))
	return taken.Before, taken.After
}
