package items

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
)

// scaledStart is a training from a scaled head with these numbers.
func scaledStart(m study.Method, seed uint64, norm, diff, step, trained, foretold, test float64) *study.ScaledStart {
	n := &study.ScaledStart{Diff: diff, Step: step, Trained: study.RowScore{NLL: trained}, Foretold: study.RowScore{NLL: foretold}, Test: study.RowScore{NLL: test}}
	n.Spec = study.Spec{Task: "cb", Method: m, Seed: seed, Scaling: study.Scaling{Norm: norm, Reading: "A"}}
	return n
}

// Each statement can hold and fail, and decides nothing on two seeds.
func TestNormsClaims(t *testing.T) {
	var good, bad []*study.ScaledStart
	for seed := range uint64(3) {
		for i, m := range []study.Method{study.FT, study.LPFT} {
			d := 1 + 0.1*float64(i)
			good = append(good, scaledStart(m, seed, 1, 4*d, 4, 0.9, 0.8, 0.9), scaledStart(m, seed, 10, 1*d, 1, 0.5, 0.6, 0.4))
			d = 1 + 9*float64(i)
			bad = append(bad, scaledStart(m, seed, 1, 1*d, 4, 0.9, 0.5, 0.9), scaledStart(m, seed, 10, 1.1*d, 1, 0.5, 0.6, 0.4))
		}
	}
	h, f := paper.Holds, paper.Fails
	require.Equal(t, []paper.Outcome{h, h, h, h, h}, outcomes(normsClaims(good)))
	require.Equal(t, []paper.Outcome{f, f, f, f, f}, outcomes(normsClaims(bad)))
	for _, c := range normsClaims(good[:8]) {
		require.Equal(t, paper.Undecided, c.Outcome, c.Text)
		require.Equal(t, paper.Beyond, c.Kind)
	}
}

// ln Diff that is a sum of a norm's part and a direction's leaves nothing to both together, and the squares add up.
func TestSharesOfVariance(t *testing.T) {
	var all []*study.ScaledStart
	for i, m := range []study.Method{study.FT, study.LPFT} {
		for j, norm := range []float64{1, 10} {
			all = append(all, scaledStart(m, 1, norm, math.Exp(float64(i)+2*float64(j)), 1, 1, 1, 1))
		}
	}
	shares := sharesOfVariance(all)
	require.InDeltaSlice(t, []float64{0.8, 0.2, 0, 0}, shares[:], 1e-12)
	all[0].Diff *= 2 // and now it is not
	shares = sharesOfVariance(all)
	require.InEpsilon(t, 1, shares[0]+shares[1]+shares[2]+shares[3], 1e-12)
	require.Greater(t, shares[2], 0.01)
	same := []*study.ScaledStart{all[1], all[1]}
	require.Zero(t, sharesOfVariance(same))
	require.True(t, math.IsNaN(correlation(same)))
}

func TestNormsRows(t *testing.T) {
	var table report.Table
	all := []*study.ScaledStart{scaledStart(study.FT, 1, 0.5, 3, 1, 1, 1, 1), scaledStart(study.FT, 1, 10, 2, 1, 0.5, 2, 0.6), scaledStart(study.FT, 2, 0.5, 5, 1, 1, 1, 1)}
	require.NoError(t, addNorms(&table, all))
	require.Len(t, table.Rows, 2)
	require.Equal(t, "0.5", table.Rows[0].Cells[0].Ours)
	require.Equal(t, "4.00 ± 1.41", table.Rows[0].Cells[1].Ours)
	row := ruleRow(all[:2])
	require.Equal(t, []string{"10", "0.5", "0.6", "1", "0.8"}, []string{row.Cells[1].Ours, row.Cells[2].Ours, row.Cells[3].Ours, row.Cells[4].Ours, row.Cells[5].Ours})
}

// Three digits that say something, the deviation as the mean, over orders of magnitude in one column.
func TestOverSeeds(t *testing.T) {
	for want, values := range map[string][]float64{"3590 ± 1414": {2590, 4590}, "0.00583 ± 0.00141": {0.00483, 0.00683}, "0.732": {0.732}, "0.00 ± 0.00": {0, 0}, "1.00 ± 0.00": {1, 1 + 1e-9}, "-": nil} {
		cell, err := overSeeds(values)
		require.NoError(t, err)
		require.Equal(t, want, cell.Ours)
	}
}
