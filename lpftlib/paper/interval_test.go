package paper

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"
)

// At either end of the interval the count seen, or one farther out, has the tail's probability; R's binom.test(8, 10) gives
// 0.4439 and 0.9748.
func TestBinomial(t *testing.T) {
	i := Binomial(8, 10)
	require.InDelta(t, 0.4439045, i.Low, 1e-6)
	require.InDelta(t, 0.9747893, i.High, 1e-6)
	for n := 1; n <= 12; n++ {
		for good := 0; good <= n; good++ {
			i := Binomial(good, n)
			if good == 0 {
				require.Zero(t, i.Low)
			} else {
				require.InDelta(t, tail, 1-distuv.Binomial{N: float64(n), P: i.Low}.CDF(float64(good-1)), 1e-9)
			}
			if good == n {
				require.Equal(t, 1.0, i.High)
			} else {
				require.InDelta(t, tail, distuv.Binomial{N: float64(n), P: i.High}.CDF(float64(good)), 1e-9)
			}
		}
	}
	require.Equal(t, "95 %: 0.03 to 1.00", Binomial(1, 1).String(), "one case says next to nothing")
}

// Every claim about the paper says of how many cases it speaks and how sure their share is; checks of the code do not.
func TestClaimsHaveIntervals(t *testing.T) {
	pairs := []Pair{{"cb", 1, 20}, {"rte", 1, 20}, {"sst2", 20, 1}}
	turned := []Pair{{"cb", 20, 1}, {"rte", 20, 1}, {"sst2", 1, 20}}
	curve := Curve{"cb", []float64{1, 2, 3, 4}, []float64{4, 3, 2, 1}}
	rising := Curve{"rte", curve.Norms, []float64{1, 2, 3, 4}}
	spectra := Spectra{"cb", []float64{1, 0.1}, []float64{1, 0.2}, []float64{1, 1e-6}}
	other := Spectra{"rte", spectra.FT, spectra.P, spectra.LoRA}
	fits := []Fit{{"cb", 1, 0.2, 0.8, 0.8}, {"rte", 1, 0.9, 0.8, 0.8}}
	for name, c := range map[string]Claim{
		"C1": C1(pairs), "C2": C2(turned), "C4": C4(pairs), "C5": C5(pairs), "C7": C7(pairs), "C8": C8(pairs),
		"ordering": Judged(Ordering, "x", Less, pairs), "in print": AsInPrint(Empirical, "x", Less, pairs, CSOfFT),
	} {
		require.Equal(t, [2]int{2, 3}, [2]int{c.Good, c.N}, name)
		require.Equal(t, Binomial(2, 3), c.Interval, name)
		require.Contains(t, c.Explanation, "in 2 of 3 (95 %: 0.09 to 0.99)", name)
	}
	for name, c := range map[string]Claim{"C3": C3([]Curve{curve, rising}), "C6": C6([]Spectra{spectra, other}), "C9": C9(fits)} {
		require.Equal(t, [2]int{1, 2}, [2]int{c.Good, c.N}, name)
		require.Contains(t, c.Explanation, "in 1 of 2 (95 %: 0.01 to 0.99)", name)
	}
	check := Judged(Check, "x", Less, pairs)
	require.Zero(t, check.Interval)
	require.NotContains(t, check.Explanation, "95 %")
}
