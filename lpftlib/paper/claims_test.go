package paper

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// printedPairs takes one metric of two methods from a table.
func printedPairs(table int, metric, a, b string) (pairs []Pair) {
	for _, p := range Cells(table) {
		if p.Metric == metric && p.Method == a && p.Kernel == "" {
			if q, ok := Lookup(table, p.Dataset, b, metric); ok {
				pairs = append(pairs, Pair{p.Dataset, p.Mean, q.Mean})
			}
		}
	}
	return pairs
}

// The paper's own tables satisfy its claims, to the extent known.
func TestClaimsInPrint(t *testing.T) {
	c := C1(printedPairs(12, "diff_f", "lpft", "ft"))
	require.Equal(t, Holds, c.Outcome, c.Explanation)
	require.Equal(t, 12, c.N)
	require.Equal(t, Holds, C1(printedPairs(11, "diff_f", "lpft", "ft")).Outcome)
	require.Equal(t, Holds, C1(printedPairs(1, "diff_f", "lpft", "ft")).Outcome)

	c = C2(printedPairs(13, "norm_c", "lp", "ft"))
	require.Equal(t, Holds, c.Outcome, c.Explanation)
	require.Equal(t, 8, c.N)
	require.InDelta(t, 14.04, c.Statistic, 0.01)
	require.Contains(t, c.Explanation, "mrpc")

	var ranks []Pair
	for _, table := range []int{2, 9} {
		for _, p := range Cells(table) {
			if p.Metric == "rank" && p.Kernel == "ft_e" {
				q, ok := LookupKernel(table, p.Dataset, p.Method, "pretrain_e", "rank")
				require.True(t, ok)
				ranks = append(ranks, Pair{p.Dataset + " " + p.Method, q.Mean, p.Mean})
			}
		}
	}
	c = C4(ranks)
	require.Equal(t, Holds, c.Outcome, c.Explanation)
	require.Equal(t, 16, c.N)

	for _, pair := range [][2]string{{"ft", "lpft"}, {"lora", "lplora"}} {
		require.Equal(t, Holds, C5(printedPairs(9, "ft_ratio", pair[0], pair[1])).Outcome)
		require.Equal(t, Holds, C5(printedPairs(2, "ft_ratio", pair[0], pair[1])).Outcome)
	}

	var ece []Pair
	for _, table := range []int{14, 15} {
		for _, p := range Cells(table) {
			if p.Method == "lpft" && p.Metric == "ece_w_ts" {
				q, _ := Lookup(table, p.Dataset, "lpft", "ece_wo_ts")
				ece = append(ece, Pair{p.Dataset, p.Mean, q.Mean})
			}
		}
	}
	require.Len(t, ece, 8)
	c = C7(ece)
	require.Equal(t, Holds, c.Outcome, c.Explanation)
	require.Equal(t, 7, c.N, "wsc is left out")

	glue := append(printedPairs(8, "accuracy", "ft", "lpft"), printedPairs(8, "matthews", "ft", "lpft")...)
	c = C8(glue)
	require.Equal(t, 8, c.N)
	require.Equal(t, Holds, c.Outcome, c.Explanation)
	require.InDelta(t, 6.0/8, c.Statistic, 1e-12)
	require.InDelta(t, 3.0/4, C8(printedPairs(10, "accuracy", "ft", "lpft")).Statistic, 1e-12)
}

func TestOrder(t *testing.T) {
	c := Judged(Ordering, "CS: FT < LP-FT", Less, []Pair{{"cb", 0.5, 0.9}, {"rte", 0.9, 0.9}, {"wic", math.NaN(), 1}})
	require.Equal(t, Claim{Kind: Ordering, Text: "CS: FT < LP-FT", Statistic: 0.5, Threshold: 1, N: 2, Good: 1, Interval: Binomial(1, 2), Outcome: Fails,
		Explanation: "so in 1 of 2 (95 %: 0.01 to 0.99); not in rte (0.9 against 0.9)"}, c)
	require.Equal(t, Holds, Judged(Ordering, "", Less, []Pair{{"cb", 1, 2}}).Outcome)
	none := Judged(Ordering, "", Less, []Pair{{"cb", math.NaN(), 2}})
	require.Equal(t, Undecided, none.Outcome)
	require.True(t, math.IsNaN(none.Statistic))
}

func TestRelations(t *testing.T) {
	for name, c := range map[string]struct {
		Relation
		want [3]Outcome
	}{"less": {Less, [3]Outcome{Holds, Fails, Fails}}, "at most": {AtMost, [3]Outcome{Holds, Holds, Fails}}, "equal": {Equal, [3]Outcome{Fails, Holds, Fails}}} {
		for i, b := range []float64{2, 1, 0.5} {
			require.Equal(t, c.want[i], Judged(Check, "", c.Relation, []Pair{{"cb", 1, b}}).Outcome, "1 %s with %g", name, b)
		}
	}
}

func TestKindsAreCountedApart(t *testing.T) {
	claims := []Claim{C1([]Pair{{"cb", 1, 2}}), C8(nil), Judged(Ordering, "a", Less, []Pair{{"cb", 2, 1}}), Below("b", 0, 1, 3, "")}
	require.Equal(t, Count{Empirical, 1, 1, 1}, CountOf(Empirical, claims))
	require.Equal(t, Count{Ordering, 0, 1, 0}, CountOf(Ordering, claims))
	require.Equal(t, Count{Check, 1, 1, 0}, CountOf(Check, claims))
}

func TestC2Threshold(t *testing.T) {
	require.Equal(t, Fails, C2([]Pair{{"cb", 9.9, 1}, {"rte", 100, 1}}).Outcome)
	require.Equal(t, Holds, C2([]Pair{{"cb", 10, 1}}).Outcome)
	require.Equal(t, Undecided, C2([]Pair{{"wsc", 1, 10}}).Outcome)
	require.Equal(t, Undecided, C2([]Pair{{"cb", 1, 0}}).Outcome)
}

func TestC3(t *testing.T) {
	norms := []float64{0.1, 1, 10, 100}
	falling := Curve{"CB, FT", norms, []float64{9, 7, 7, 2}}
	rising := Curve{"RTE, FT", norms, []float64{1, 2, 3, 4}}
	short := Curve{"short", norms[:3], []float64{3, 2, 1}}
	c := C3([]Curve{falling, short})
	require.Equal(t, Undecided, c.Outcome, "2 of 24 orders fall as well")
	require.Contains(t, c.Explanation, "p = 0.083")
	require.Equal(t, 1, c.N)
	two := C3([]Curve{falling, falling})
	require.Equal(t, Holds, two.Outcome)
	require.Contains(t, two.Explanation, "p = 0.0069")
	require.InDelta(t, -0.9487, c.Statistic, 1e-4) // ties get their mean rank, as in scipy.stats.spearmanr
	c = C3([]Curve{falling, rising})
	require.Equal(t, Fails, c.Outcome)
	require.Contains(t, c.Explanation, "RTE, FT (1.00)")
	require.Equal(t, Undecided, C3([]Curve{short}).Outcome)
	require.Equal(t, Undecided, C3([]Curve{{"flat", norms, []float64{1, 1, 1, 1}}}).Outcome)
	require.Equal(t, Undecided, C3([]Curve{{"NaN", norms, []float64{1, math.NaN(), 1, 1}}}).Outcome)
}

func TestC6(t *testing.T) {
	ft, lora, p := []float64{1, 0.1, 0.01}, []float64{1, 0.08, 0.009}, []float64{1, 1e-5, 0}
	c := C6([]Spectra{{"cb", ft, lora, p}})
	require.Equal(t, Holds, c.Outcome, c.Explanation)
	// distances by hand: (FT, LoRA) = (0.09691+0.04576)/3, (FT, P) = (4+6)/3, zero raised to 1e-8
	require.InDelta(t, (0.0969100+0.0457575)/10, c.Statistic, 1e-6)
	require.Equal(t, Fails, C6([]Spectra{{"cb", ft, p, lora}}).Outcome)
	require.Equal(t, Undecided, C6([]Spectra{{"cb", ft, lora[:2], p}}).Outcome)
	require.Equal(t, Undecided, C6(nil).Outcome)
}

func TestC8Tie(t *testing.T) {
	require.Equal(t, Undecided, C8([]Pair{{"cb", 1, 2}, {"rte", 2, 1}}).Outcome)
	require.Equal(t, Fails, C8([]Pair{{"rte", 2, 1}}).Outcome)
}

func TestC9(t *testing.T) {
	near, far := Fit{"cb", 0.002, 0.3, 0.8, 0.7}, Fit{"rte", 0.002, 0.6, 0.8, 0.7}
	require.Equal(t, Holds, C9([]Fit{near}).Outcome)
	both := C9([]Fit{near, far})
	require.Equal(t, Fails, both.Outcome)
	require.InDelta(t, 0.6, both.Statistic, 1e-12)
	require.Equal(t, 2, both.N)
	require.Equal(t, Fails, C9([]Fit{{"cb", 0.002, 0.3, 0.29, 0.7}}).Outcome, "P fits as well")
	require.Equal(t, Fails, C9([]Fit{{"cb", 0.002, 0.3, 0.8, 0.25}}).Outcome, "so do permuted rows")
	require.Equal(t, Undecided, C9([]Fit{{"x", math.NaN(), math.NaN(), 1, 1}}).Outcome)
}
