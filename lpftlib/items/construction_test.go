package items

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/study"
)

// nothing is what runs would measure if the method made no difference: numbers that do not know whose they are.
func nothing(rng *rand.Rand) []study.Measures {
	var rows []study.Measures
	number := func() float64 { return 0.1 + 10*rng.ExpFloat64() }
	calibration := func() study.Calibration { return study.Calibration{ECE: number(), MCE: number(), NLL: number()} }
	for _, id := range []string{"cb", "rte"} {
		for _, m := range []study.Method{study.Pretrained, study.LP, study.FT, study.LoRA, study.LPFT, study.LPLoRA} {
			fdr := number()
			r := study.Measures{Spec: study.Spec{Task: id, Method: m, Seed: 1}, TestSet: id, Split: "test", Score: number(), CS: rng.Float64(), Diff: number(), FDR: &fdr,
				NormC: number() * number(), Calibration: calibration(), Published: &study.Scaled{Calibration: calibration()}}
			rows = append(rows, r)
			if id != "cb" || m != study.LPFT {
				continue // one curve over norms is enough for C3
			}
			for i := range 4 {
				scaled := r
				scaled.Scaling, scaled.Diff = study.Scaling{Norm: float64(int(1) << i), Reading: "A"}, number()
				rows = append(rows, scaled)
			}
		}
	}
	return rows
}

// controls are cells of one task at two rates where neither method nor rate makes a difference.
func controls(rng *rand.Rand) []study.Control {
	var cells []study.Control
	for _, m := range []study.Method{study.FT, study.LPFT, study.LoRA, study.LPLoRA} {
		for _, rate := range []float64{1e-5, 1e-4} {
			cells = append(cells, study.Control{Measures: study.Measures{Spec: study.Spec{Task: "cb", Method: m, Seed: 1}, TestSet: "cb", Diff: rng.ExpFloat64()}, Rates: study.Rates{Batch: 8, LearningRate: rate}})
		}
	}
	return cells
}

// No empirical claim holds by construction, or fails by it: where methods make no difference, each comes out both ways.
func TestEmpiricalClaimsCanComeOutEitherWay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	seen := map[string]map[paper.Outcome]int{}
	for range 2000 {
		rows := nothing(rng)
		var unscaled []study.Measures
		for _, r := range rows {
			if r.Scaling == (study.Scaling{}) {
				unscaled = append(unscaled, r)
			}
		}
		pair := func() []paper.Pair { return []paper.Pair{{Name: "cb", A: rng.Float64(), B: rng.Float64()}} }
		claims := append(Claims(rows), table1Claims(unscaled)...)
		claims = append(claims, table3Claims(unscaled)...)
		claims = append(claims, paper.C4(pair()), paper.C5(pair()), paper.C9([]paper.Fit{{Name: "cb", Scalar: 1, Residual: rng.Float64(), OfP: rng.Float64(), Permuted: rng.Float64()}}))
		claims = append(claims, controlClaims(controls(rng))...)
		claims = append(claims, paper.KernelAccuracy([]paper.KernelScore{{Dataset: "cb", Method: "lpft", P: rng.Float64(), F: rng.Float64(), Theta: rng.Float64()}})...)
		for _, c := range paper.OfKind(paper.Empirical, claims) {
			name := c.ID + c.Text
			if seen[name] == nil {
				seen[name] = map[paper.Outcome]int{}
			}
			seen[name][c.Outcome]++
		}
	}
	require.GreaterOrEqual(t, len(seen), 17)
	for name, outcomes := range seen {
		require.Positive(t, outcomes[paper.Holds], name)
		require.Positive(t, outcomes[paper.Fails], name)
	}
}
