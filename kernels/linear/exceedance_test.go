package linear

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// Proposition 2: the frequency with which (10) fails stays under the bound wherever the bound says something.
func TestExceedance(t *testing.T) {
	m, x, _, _ := setting(9)
	epsilons := []float64{0.1, 0.3, 0.5, 2. / 3}
	const draws = 2000
	table, err := Exceedances(m, x.RawRowView(0), x.RawRowView(1), []int{8, 64, 256, 1024}, epsilons, 0.3, draws, 1)
	require.NoError(t, err)
	require.Len(t, table, 16)
	informative := 0
	for i, e := range table {
		require.Equal(t, epsilons[i%4], e.Epsilon)
		require.InEpsilon(t, 4*math.Exp(-(e.Epsilon*e.Epsilon-math.Pow(e.Epsilon, 3))*float64(e.Rank)/4), e.Bound, 1e-12)
		if e.Informative() {
			informative++
			require.LessOrEqual(t, e.Frequency, e.Bound, "r = %d, ε = %g", e.Rank, e.Epsilon)
		}
		if e.Rank == 8 { // what the bound says nothing about: there (10) does fail
			require.False(t, e.Informative())
		}
		if i%4 > 0 {
			require.LessOrEqual(t, e.Frequency, table[i-1].Frequency)
		}
	}
	require.Equal(t, 9, informative) // r = 64: ε ≥ 0.5, r = 256: ε ≥ 0.3, r = 1024: all
	require.Greater(t, table[0].Frequency, 0.5)
	require.Greater(t, table[1].Frequency, table[5].Frequency)
}

// The deviation is |⟨Ax, Ay⟩/(σ²r) − ⟨x, y⟩|/c²: mean square ((⟨x, x⟩⟨y, y⟩ + ⟨x, y⟩²)/r)/c⁴, whatever V and σ.
func TestDeviationsFallWithRank(t *testing.T) {
	m, rows, _, _ := setting(10)
	x, y := rows.RawRowView(0), rows.RawRowView(1)
	c := math.Max(floats.Norm(x, 2), floats.Norm(y, 2))
	xy := floats.Dot(x, y)
	for _, r := range []int{8, 64} {
		deviations, err := Deviations(m, x, y, r, 0.7, 4000, rand.New(rand.NewPCG(3, 0)))
		require.NoError(t, err)
		square := floats.Dot(deviations, deviations) / 4000
		want := (floats.Dot(x, x)*floats.Dot(y, y) + xy*xy) / float64(r) / math.Pow(c, 4)
		require.InEpsilon(t, want, square, 0.1)
		require.Less(t, stat.Quantile(0.5, stat.Empirical, deviations, nil), math.Sqrt(want))
		m.V.Scale(100, m.V)
		again, err := Deviations(m, x, y, r, 0.01, 4000, rand.New(rand.NewPCG(3, 0)))
		require.NoError(t, err)
		require.InEpsilonSlice(t, deviations[1000:], again[1000:], 1e-9)
	}
	_, err := Deviations(m, make([]float64, d), make([]float64, d), 8, 1, 10, rand.New(rand.NewPCG(3, 0)))
	require.ErrorContains(t, err, "expected positive numbers")
}

// The bound says nothing for r ≤ 37: its smallest value over ε, at 2/3, is then 1 or more.
func TestBoundIsEmptyForSmallRanks(t *testing.T) {
	for epsilon := 0.01; epsilon < 1; epsilon += 0.01 {
		require.GreaterOrEqual(t, Bound(epsilon, 37), 1.0)
		require.GreaterOrEqual(t, Bound(epsilon, 8), Bound(2./3, 8))
	}
	require.Less(t, Bound(2./3, 38), 1.0)
}

// What no number of draws can show is no test: a bound of 4e-16 is met by whatever happens.
func TestTightest(t *testing.T) {
	hopeless := Exceedance{Rank: 1024, Epsilon: 0.6, Bound: 3.9e-16, Draws: 2000}
	refuted := Exceedance{Rank: 1024, Epsilon: 0.6, Frequency: 1.0 / 2000, Bound: 3.9e-16, Draws: 2000}
	empty := Exceedance{Rank: 8, Epsilon: 0.2, Frequency: 0.7, Bound: 3.7, Draws: 2000}
	loose := Exceedance{Rank: 64, Epsilon: 0.4, Frequency: 0.01, Bound: 0.86, Draws: 2000}
	tight := Exceedance{Rank: 256, Epsilon: 0.4, Frequency: 0.001, Bound: 0.0086, Draws: 2000}
	broken := Exceedance{Rank: 256, Epsilon: 0.2, Frequency: 0.6, Bound: 0.516, Draws: 2000}
	quiet := Exceedance{Rank: 1024, Epsilon: 0.2, Bound: 1.1e-3, Draws: 2000}
	for _, c := range []struct {
		table []Exceedance
		want  Exceedance
		n     int
	}{
		{[]Exceedance{hopeless, empty, loose, tight, quiet}, tight, 3},
		{[]Exceedance{tight, broken, loose}, broken, 3},
		{[]Exceedance{{Bound: 0.5, Draws: 2000}, quiet}, quiet, 2},
		{[]Exceedance{hopeless, empty}, Exceedance{}, 0},
		{[]Exceedance{tight, refuted}, refuted, 2},
	} {
		got, n := Tightest(c.table)
		require.Equal(t, c.want, got)
		require.Equal(t, c.n, n)
	}
	require.Equal(t, "r = 256, ε = 0.4: 2 of 2000 draws fail, the bound is 0.0086 of them", tight.String())
}
