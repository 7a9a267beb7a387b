package items

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
)

// Tables 2 and 9 of the toy task: a row for P and two for every method, shares that add up to 100
// per cent, and the claims that the kernels decide.
func TestKernelTable(t *testing.T) {
	s := toy(t, 1001)
	b, err := table2().Build(t.Context(), s, nil)
	require.NoError(t, err)
	require.Len(t, b.Tables[0].Rows, 1+2*len(kernelMethods))
	require.Len(t, b.Tables[1].Rows, len(kernelMethods))
	ids := map[string]paper.Outcome{}
	for _, c := range b.Claims {
		ids[c.ID] = c.Outcome
	}
	for _, id := range []string{"C4", "C5", "C6", "C9"} {
		require.Contains(t, ids, id)
		require.NotEqual(t, paper.Undecided, ids[id], id)
	}
	stats, err := kernelStats(t.Context(), s)
	require.NoError(t, err)
	for _, k := range stats {
		sum := 0.0
		for _, share := range k.Shares {
			sum += share
		}
		require.InDelta(t, 1, sum, 1e-9)
		require.Len(t, k.SpectrumF, k.Rows*3)
	}
	for _, build := range []string{"figure2", "figure8"} {
		item, err := ByID(build)
		require.NoError(t, err)
		f, err := item.Build(t.Context(), s, nil)
		require.NoError(t, err)
		require.NotEmpty(t, f.Figures)
	}
	plan, err := kernelPlan(t.Context(), s)
	require.NoError(t, err)
	for _, step := range plan {
		require.True(t, step.Cached, step.Step.Label)
	}
}
