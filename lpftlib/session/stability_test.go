package session

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/probe"
	"lpft/lpftlib/study"
)

// A fit of the table with the profile's own rule and five folds is the probe that the study trains from; all that is
// computed was planned; and the head of κ* does not depend on the order that chose it.
func TestStability(t *testing.T) {
	ctx := t.Context()
	s := open(t, t.TempDir(), 1001)
	orders := s.Profile.Beyond.Orders
	planned, err := s.PlanStability(ctx, []string{"toy"}, orders)
	require.NoError(t, err)
	strengths, err := s.Strengths(ctx, "toy")
	require.NoError(t, err)
	for i := range strengths[1:] {
		require.Less(t, strengths[i].Norm, strengths[i+1].Norm, "a weaker penalty lets the head grow")
	}
	norms := map[float64]float64{}
	for _, one := range strengths {
		norms[one.Kappa] = one.Norm
	}
	for _, order := range orders {
		stable, err := s.Stability(ctx, "toy", order)
		require.NoError(t, err)
		require.Len(t, stable.Fits, 2*len(s.Profile.Beyond.Folds))
		for _, f := range stable.Fits {
			require.Len(t, f.Scores, len(f.Kappas))
			require.Positive(t, f.Near)
			if f.Stop == string(probe.StopExact) {
				require.InEpsilon(t, norms[f.Kappa], f.Norm, 1e-6, "%d folds", f.Folds)
			}
		}
		head, err := s.StartHead(ctx, study.Spec{Task: "toy", Method: study.FT, Seed: order})
		require.NoError(t, err)
		require.Equal(t, head.Norm(), stable.Random)
	}
	require.Len(t, planned, computed(t, s))

	own, err := s.Probe(ctx, "toy", orders[0])
	require.NoError(t, err)
	stable, err := s.Stability(ctx, "toy", orders[0])
	require.NoError(t, err)
	fit := stable.Fit(study.PaperFolds, string(probe.StopExact))
	require.Equal(t, own.Kappa, fit.Kappa)
	require.Equal(t, own.Head.Norm(), fit.Norm)
	require.Equal(t, own.Scores, fit.Scores)

	s.Profile.Beyond = nil
	_, err = s.Stability(ctx, "toy", 1)
	require.ErrorContains(t, err, `give it a key "beyond"`)
}
