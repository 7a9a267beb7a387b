package items

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"lpft/kernels/linear"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
)

// proposition2 shows (9) and (10): LoRA's kernel is close to a multiple of FT's.
func proposition2() Item {
	return recipe[loraNumbers]{needs: noSteps, data: readProposition2, view: proposition2View, judge: proposition2Claims}.item(Item{
		ID: "proposition2", Covers: []string{"proposition2"}, Title: "Proposition 2: LoRA's kernel is nearly a multiple of FT's",
		Claim:    "With a Gaussian A, LoRA's P is FT's, and its F is close to σ²r times FT's with high probability.",
		Notebook: "theory_proposition2.ipynb",
	})
}

// loraNumbers compare LoRA's kernel on the linear model with FT's.
type loraNumbers struct {
	off   float64 // (9): largest difference of an entry of P
	fails []linear.Exceedance
}

func readProposition2(_ context.Context, s *session.Session) (loraNumbers, error) {
	const classes, h, d, draws = 2, 8, 16, 2000
	seed := s.Profile.Seeds[0]
	m := linear.Random(classes, h, d, seed)
	x, _ := toyInputs(2, d, 0, classes, seed)
	lora := linear.NewLoRA(m, 8, 1, rand.New(rand.NewPCG(seed, 2)))
	out := loraNumbers{}
	for i, v := range m.PretrainEffective(x, x).Data {
		out.off = max(out.off, math.Abs(v-lora.PretrainEffective(x, x).Data[i]))
	}
	var err error
	out.fails, err = linear.Exceedances(m, x.RawRowView(0), x.RawRowView(1), []int{8, 64, 256, 1024}, []float64{0.2, 0.4, 0.6}, 1, draws, seed)
	return out, err
}

func proposition2View(_ *Facts, n loraNumbers) (View, error) {
	t := report.Table{Caption: fmt.Sprintf("How often (10) fails over %d draws of A, beside the bound 4·exp(−(ε² − ε³)r/4). The bound is 1 or more, and says nothing, for every ε when r ≤ 37: r = 8, the paper's rank, is shown as a spread only.", n.fails[0].Draws),
		Columns: []string{"r", "ε", "fails, share of draws", "bound"}}
	for _, e := range n.fails {
		t.Rows = append(t.Rows, report.Row{Cells: cellsOf(float64(e.Rank), e.Epsilon, e.Frequency, e.Bound)})
	}
	return View{Tables: []report.Table{t}}, nil
}

func proposition2Claims(n loraNumbers) []paper.Claim {
	tightest, cases := linear.Tightest(n.fails)
	return []paper.Claim{
		paper.Below("equation (9): P of LoRA is P of FT", n.off, 0, 1, "largest difference of two entries"),
		paper.Below("Proposition 2 (10): it fails no oftener than the bound says", tightest.Frequency/tightest.Bound, 1, cases,
			"frequency over bound in the tightest case of those that so many draws can test; "+tightest.String()),
	}
}
