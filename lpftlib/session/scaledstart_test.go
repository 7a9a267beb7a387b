package session

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/kernels/ntk"
	"lpft/lpftlib/head"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
)

// scaledRun is a training from a head of a norm.
func scaledRun(m study.Method, norm float64) study.KernelRun {
	run := kernelRun(m, stage.Adam, 1)
	run.Scaling = study.Scaling{Norm: norm, Reading: "A"}
	return run
}

// All that is computed was planned, one kernel serves all norms, and a training that began as the kernel says it would ends
// where the validation rows say.
func TestScaledStart(t *testing.T) {
	ctx := t.Context()
	s := open(t, t.TempDir(), 1001)
	runs := []study.KernelRun{scaledRun(study.FT, 0.5), scaledRun(study.FT, 10)}
	planned, err := s.PlanScaledStarts(ctx, runs)
	require.NoError(t, err)
	var all []*study.ScaledStart
	for _, run := range runs {
		n, err := s.ScaledStart(ctx, run)
		require.NoError(t, err)
		require.Equal(t, run.Scaling.Norm, n.Norm())
		for _, v := range []float64{n.Diff, n.Step, n.Trained.NLL, n.Test.NLL, n.Foretold.NLL} {
			require.Positive(t, v)
		}
		all = append(all, n)
	}
	require.Len(t, planned, computed(t, s))
	require.Equal(t, 1, events(t, s, 0)["kernel computed"], "the head's multiples share its kernel")
	require.NotEqual(t, all[0].Diff, all[1].Diff)

	_, err = s.ScaledStart(ctx, kernelRun(study.FT, stage.Adam, 1))
	require.ErrorContains(t, err, "reading A")
}

// A scaled head's kernel and logits follow from those of the head as it is: beside a kernel computed anew.
func TestHeadMultiple(t *testing.T) {
	ctx := t.Context()
	s := open(t, t.TempDir(), 1001)
	small, err := s.Small(ctx, 4, 3)
	require.NoError(t, err)
	be, err := s.Backend()
	require.NoError(t, err)
	model, opt := &ntk.Model{Weights: small.Weights}, ntk.Options{Backend: be, Float64: true}
	compute := func(h *head.Head) *kernels.NTK {
		k, err := ntk.Compute(ctx, model, h, small.Train, small.Test, opt)
		require.NoError(t, err)
		k.Labels = small.Labels
		return &k.NTK
	}
	h := head.Random(small.Classes, small.Weights.Config.Hidden, 0.3, 1)
	h.B[0] = 0.7
	start, scaled := headMultiple{compute(h), h, 3}, compute(h.ScaleBy(3))
	p := start.problem()
	require.InDeltaSlice(t, scaled.Theta.Data, p.Train.Data, 1e-9*scaled.Theta.MaxAbs())
	require.InDeltaSlice(t, scaled.ThetaTest.Data, p.Test.Data, 1e-9*scaled.Theta.MaxAbs())
	require.True(t, mat.EqualApprox(scaled.LogitsTest, p.LogitsTest, 1e-9))
}

func TestHalfScores(t *testing.T) {
	f := mat.NewDense(3, 2, []float64{5, 0, 0, 5, 0, 5})
	validation, test, err := halfScores(f, []int{0, 0, 0})
	require.NoError(t, err)
	require.Equal(t, 0.5, validation.Accuracy)
	require.Equal(t, 0.0, test.Accuracy)
	require.Greater(t, test.NLL, validation.NLL)
	_, _, err = halfScores(f.Slice(0, 1, 0, 2).(*mat.Dense), []int{0})
	require.ErrorContains(t, err, "at least 2")
}
