package session

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
)

// The shares of the kernel's parts sum to 1, the last layer's features are those that the study trains on, and all that is
// computed was planned.
func TestPlaces(t *testing.T) {
	ctx := t.Context()
	s := open(t, t.TempDir(), 1001)
	run := kernelRun(study.LPFT, stage.Adam, 1)
	planned, err := s.PlanPlaces(ctx, []study.KernelRun{run})
	require.NoError(t, err)
	p, err := s.Places(ctx, run)
	require.NoError(t, err)
	require.Len(t, planned, computed(t, s))
	var trace, step float64
	for _, g := range p.Groups {
		trace, step = trace+g.Trace, step+g.Step
	}
	require.InEpsilon(t, 1, trace, 1e-9)
	require.InEpsilon(t, 1, step, 1e-9)
	require.Equal(t, study.HeadGroup, p.Groups[0].Name)

	m, err := s.Model(ctx)
	require.NoError(t, err)
	require.Len(t, p.Layers, m.Config.Layers+1)
	require.InEpsilon(t, 1, p.Layers[0].CSStart, 1e-6, "all texts begin with the same token")
	for i, l := range p.Layers {
		require.Equal(t, i, l.Blocks)
		require.Positive(t, l.Diff)
		require.Positive(t, l.Size)
	}
}

// At small rates the kernel knows what freezing changes; the training without a frozen part is that of the following item.
func TestFreezing(t *testing.T) {
	ctx := t.Context()
	s := open(t, t.TempDir(), 1001)
	run := kernelRun(study.FT, stage.SGD, 2)
	planned, err := s.PlanFreezing(ctx, []study.KernelRun{run})
	require.NoError(t, err)
	f, err := s.Freezing(ctx, run)
	require.NoError(t, err)
	require.Len(t, planned, computed(t, s))
	require.Len(t, f.Parts, 3)
	for _, p := range f.Parts {
		require.Less(t, p.Error, 0.2, p.Part)
		require.InEpsilon(t, p.Effect, p.Predicted, 0.2, p.Part)
	}
	before := computed(t, s)
	_, err = s.Following(ctx, run)
	require.NoError(t, err)
	require.Equal(t, before+1, computed(t, s), "the prediction alone")
}

func TestFreezingRefuses(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	_, err := s.Freezing(t.Context(), kernelRun(study.FT, stage.Adam, 1))
	require.ErrorContains(t, err, "plain gradient descent")
	_, err = s.Freezing(t.Context(), kernelRun(study.LoRA, stage.SGD, 1))
	require.ErrorContains(t, err, "expected FT or LP-FT")
	_, err = s.Trajectory(t.Context(), frozen(kernelRun(study.FT, stage.SGD, 1), "heads"))
	require.ErrorContains(t, err, strings.Join(study.Parts(), ", "))
	_, err = s.Following(t.Context(), frozen(kernelRun(study.FT, stage.SGD, 1), "ffn"))
	require.ErrorContains(t, err, "frozen part")
}
