package session

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/kernels/ntk"
	"lpft/lpftlib/study"
)

// A LoRA rank beyond a layer's width is refused in one line wherever it enters, before anything is computed.
func TestRankBeyondTheWidth(t *testing.T) {
	ctx, s := t.Context(), open(t, t.TempDir(), 1001)
	s.Profile.LoRARank = 100_000
	run := study.Spec{Task: "toy", Method: study.LPLoRA, Seed: 1001}
	for name, start := range map[string]func() error{
		"run":    func() error { _, err := s.Measure(ctx, run); return err },
		"kernel": func() error { _, err := s.Kernel(ctx, run); return err },
		"statistics": func() error {
			_, err := s.KernelStats(ctx, run)
			return err
		},
		"ntk": func() error {
			_, err := s.ComputeKernel(ctx, KernelSpec{Run: run, LowRank: true, Rows: 4}, ntk.Options{})
			return err
		},
		"tune": func() error {
			_, err := s.Tune(ctx, "toy", study.LPLoRA, &Grid{LearningRate: []float64{1e-3}}, []uint64{5})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := start()
			require.ErrorContains(t, err, `LoRA rank 100000 on "encoder.layer.0.attention.self.query": the layer's width is 32, so give a rank from 1 to 32`)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	require.Empty(t, events(t, s, 0))
}
