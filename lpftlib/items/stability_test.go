package items

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/study"
)

// probedTask is a task whose row orders gave these κ*, by five folds and by ten; ‖V‖ is κ, and half of it by early stopping.
func probedTask(random, half float64, five, ten []float64) stabilityOfTask {
	kappas := []float64{1, 10, 100}
	t := stabilityOfTask{task: "cb"}
	for _, k := range kappas {
		t.strengths = append(t.strengths, study.ProbeStrength{Kappa: k, Norm: k, Train: 1, Accuracy: 0.5})
	}
	for i := range five {
		o := &study.Stability{Task: "cb", Order: uint64(i), Random: random}
		for _, w := range []struct {
			folds       int
			stop        string
			kappa, norm float64
		}{{5, "exact", five[i], five[i]}, {10, "exact", ten[i], ten[i]}, {5, "early", five[i], half * five[i]}} {
			scores := make([]float64, len(kappas))
			for j, k := range kappas {
				if k == w.kappa {
					scores[j] = 0.9
				}
			}
			o.Fits = append(o.Fits, study.ProbeFit{Folds: w.folds, Stop: w.stop, Kappa: w.kappa, Norm: w.norm, Kappas: kappas, Scores: scores, Near: 1})
		}
		t.orders = append(t.orders, o)
	}
	return t
}

// Each statement can hold and fail, and three row orders are the least that decides.
func TestStabilityClaims(t *testing.T) {
	good := probedTask(0.1, 0.9, []float64{1, 1, 10, 10, 1, 1}, []float64{1, 1, 1, 1, 1, 1})
	require.Equal(t, []paper.Outcome{paper.Holds, paper.Holds, paper.Holds, paper.Holds}, outcomes(stabilityClaims([]stabilityOfTask{good})))
	bad := probedTask(5, 0.01, []float64{1, 10, 1, 10, 1, 10}, []float64{1, 100, 1, 100, 1, 100})
	require.Equal(t, []paper.Outcome{paper.Fails, paper.Fails, paper.Fails, paper.Fails}, outcomes(stabilityClaims([]stabilityOfTask{bad})))
	few := probedTask(0.1, 0.9, []float64{1, 10}, []float64{1, 1})
	for _, c := range stabilityClaims([]stabilityOfTask{few}) {
		require.Equal(t, paper.Undecided, c.Outcome, c.Text)
		require.Equal(t, paper.Beyond, c.Kind)
	}
}

// Where row orders agree there is nothing that folds or averages could improve on: the other statements stand.
func TestStabilityWithoutSpread(t *testing.T) {
	same := []float64{10, 10, 10}
	require.Equal(t, []paper.Outcome{paper.Holds, paper.Fails, paper.Undecided, paper.Undecided}, outcomes(stabilityClaims([]stabilityOfTask{probedTask(0.1, 0.9, same, same)})))
}

func TestStabilityRows(t *testing.T) {
	task := probedTask(0.1, 0.5, []float64{10, 1, 10}, []float64{1, 1, 1})
	require.Equal(t, "1 × 1, 10 × 2", chosen(task.fits(way{5, "exact"})))
	row, err := task.spreadRow(way{5, "early"})
	require.NoError(t, err)
	require.Equal(t, []string{"0.5", "5", "10"}, []string{row.Cells[3].Ours, row.Cells[4].Ours, row.Cells[5].Ours})
	averaged := task.averagedRow(way{5, "exact"})
	require.Equal(t, []string{"10", "10", "1", "10"}, []string{averaged.Cells[2].Ours, averaged.Cells[3].Ours, averaged.Cells[4].Ours, averaged.Cells[5].Ours})
}
