package linear

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Deviations draws A [r, d] ~ N(0, sigma²) the given number of times and returns, ascending, how far LoRA's kernel is
// from a multiple of FT's for the pair x, y [d], in the units of (10):
//
//	‖F_LoRA(x, y) − σ² r F_FT(x, y)‖ / (c² σ² r ‖V Vᵀ‖),    c = max(‖x‖, ‖y‖).
//
// It depends on r alone, not on sigma nor V, and falls as 1/√r.
func Deviations(m *Model, x, y []float64, r int, sigma float64, draws int, random *rand.Rand) ([]float64, error) {
	c := math.Max(floats.Norm(x, 2), floats.Norm(y, 2))
	unit := c * c * sigma * sigma * float64(r) * mat.Norm(times(m.V, m.V.T()), 2)
	if !(unit > 0) || draws < 1 {
		return nil, fmt.Errorf("linear: c²σ²r‖VVᵀ‖ = %g and %d draws: expected positive numbers", unit, draws)
	}
	left, right := mat.NewDense(1, len(x), x), mat.NewDense(1, len(y), y)
	ft := m.FTEffective(left, right).Data
	out := make([]float64, draws)
	for i := range out {
		difference := NewLoRA(m, r, sigma, random).FTEffective(left, right).Data
		floats.AddScaled(difference, -sigma*sigma*float64(r), ft)
		out[i] = floats.Norm(difference, 2) / unit
	}
	slices.Sort(out)
	return out, nil
}

// Bound is the right side of Proposition 2, 4·exp(−(ε² − ε³) r/4): the probability with which (10) may fail is at most
// that. It is 1 or more, and says nothing, for every ε in (0, 1) when r ≤ 37.
func Bound(epsilon float64, r int) float64 {
	return 4 * math.Exp(-(epsilon*epsilon-epsilon*epsilon*epsilon)*float64(r)/4)
}

// Exceedance is how often (10) fails for one rank and one ε.
type Exceedance struct {
	Rank      int     `json:"rank"`
	Epsilon   float64 `json:"epsilon"`
	Frequency float64 `json:"frequency"` // share of the draws of A for which (10) does not hold
	Bound     float64 `json:"bound"`     // 4·exp(−(ε² − ε³) r/4)
	Draws     int     `json:"draws"`
}

// Informative says that the bound is below 1.
func (e Exceedance) Informative() bool { return e.Bound < 1 }

// Testable says that the draws speak for or against the bound: it is below 1, and at it at least one draw would be expected to
// fail. Of a smaller bound no failure is what to expect, and proves nothing; but one failure where one in twenty such tables would
// have any speaks against it.
func (e Exceedance) Testable() bool {
	expected := e.Bound * float64(e.Draws)
	return e.Informative() && (expected >= 1 || (e.Frequency > 0 && expected < 0.05))
}

// String is one case in words.
func (e Exceedance) String() string {
	return fmt.Sprintf("r = %d, ε = %g: %.0f of %d draws fail, the bound is %.2g of them", e.Rank, e.Epsilon, e.Frequency*float64(e.Draws), e.Draws, e.Bound)
}

// Tightest is the case, of those that the draws can test, whose frequency comes nearest to its bound or exceeds it most, as a
// ratio; of equals that with the smallest bound. testable counts the cases; with none of them it is 0.
func Tightest(table []Exceedance) (tightest Exceedance, testable int) {
	for _, e := range table {
		if !e.Testable() {
			continue
		}
		testable++
		ratio, best := e.Frequency*tightest.Bound, tightest.Frequency*e.Bound // frequency over bound of either, without the division
		if testable == 1 || ratio > best || (ratio == best && e.Bound < tightest.Bound) {
			tightest = e
		}
	}
	return tightest, testable
}

// Exceedances counts for every rank and every ε how often (10) fails over many draws of A ~ N(0, sigma²), for the pair
// x, y [d]; rank by rank, and within a rank in the order of the ε.
func Exceedances(m *Model, x, y []float64, ranks []int, epsilons []float64, sigma float64, draws int, seed uint64) ([]Exceedance, error) {
	var table []Exceedance
	for _, r := range ranks {
		deviations, err := Deviations(m, x, y, r, sigma, draws, rand.New(rand.NewPCG(seed, uint64(r))))
		if err != nil {
			return nil, err
		}
		for _, epsilon := range epsilons {
			within, _ := slices.BinarySearchFunc(deviations, epsilon, func(d, e float64) int {
				if d <= e {
					return -1
				}
				return 1
			})
			table = append(table, Exceedance{
				Rank: r, Epsilon: epsilon, Bound: Bound(epsilon, r), Draws: draws,
				Frequency: float64(draws-within) / float64(draws),
			})
		}
	}
	return table, nil
}
