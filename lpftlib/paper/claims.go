package paper

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"
)

// Outcome says whether a claim holds in the numbers at hand.
type Outcome string

const (
	Holds     Outcome = "holds"
	Fails     Outcome = "fails"
	Undecided Outcome = "undecided" // too few numbers, or a tie
)

// Claim is one of the paper's statements, judged.
type Claim struct {
	Kind        Kind
	ID          string   // "C1" … "C9", or "" for what has no number in docs/protocol.md
	Text        string   // the statement in the paper's words, short
	Statistic   float64  // what was computed; NaN where there was nothing to compute
	Threshold   float64  // what it is compared with
	N           int      // number of comparisons behind it (data sets, curves, …)
	Good        int      // those among them that satisfy the statement
	Interval    Interval // of their share; zero for a check and where N is 0
	Outcome     Outcome
	Explanation string // one line: what the statistic is and which cases, if any, break the claim
}

// Pair is one comparison: two numbers of the same data set or curve.
type Pair struct {
	Name string // data set
	A, B float64
}

func (p Pair) valid() bool { return !bad(p.A) && !bad(p.B) }

func bad(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }

// shareOf judges a claim by the share of pairs that satisfy it; threshold 1 asks for all of them, 0.5 for
// more than half.
func shareOf(kind Kind, id, text, relation string, pairs []Pair, ok Relation, threshold float64) Claim {
	c := Claim{Kind: kind, ID: id, Text: text, Threshold: threshold, Statistic: math.NaN(), Outcome: Undecided}
	var broken []string
	for _, p := range pairs {
		if !p.valid() {
			continue
		}
		c.N++
		if !ok(p) {
			broken = append(broken, fmt.Sprintf("%s (%s against %s)", p.Name, number(p.A), number(p.B)))
		}
	}
	if c.N == 0 {
		c.Explanation = "no data set has both numbers"
		return c
	}
	good := c.N - len(broken)
	c.Statistic = float64(good) / float64(c.N)
	switch {
	case threshold == 1 && good == c.N, threshold < 1 && c.Statistic > threshold:
		c.Outcome = Holds
	case threshold < 1 && c.Statistic == threshold:
		c.Outcome = Undecided
	default:
		c.Outcome = Fails
	}
	c.count(relation, good)
	if len(broken) > 0 {
		c.Explanation += "; not in " + strings.Join(broken, ", ")
	}
	return c
}

func number(v float64) string { return fmt.Sprintf("%.3g", v) }

// without drops a data set that the paper's own table excepts, also where the name goes on ("wsc seed 1001").
func without(pairs []Pair, name string) []Pair {
	return slices.DeleteFunc(slices.Clone(pairs), func(p Pair) bool { return p.Name == name || strings.HasPrefix(p.Name, name+" ") })
}

// C1 judges: fine-tuning from the LP head changes the features less. A is Diff(F) of LP-FT, B that of FT
// (Tables 1, 11, 12).
func C1(pairs []Pair) Claim {
	return shareOf(Empirical, "C1", "LP-FT changes features less than FT", "Diff(F) of LP-FT < FT", pairs, Less, 1)
}

// farAbove is how many times larger "far larger" is: the paper speaks of one to two orders of magnitude, and
// its smallest printed ratio, MRPC's, is 14.
const farAbove = 10

// C2 judges: LP's classifier norm is far larger than FT's (Table 13, Figures 1 and 4). A is ‖V‖_F after LP, B after
// FT. WSC is left out, as in the paper LP shrinks the head there. The statistic is the smallest ratio.
func C2(pairs []Pair) Claim {
	c := Claim{Kind: Empirical, ID: "C2", Text: "‖V‖ after LP is far larger than after FT", Threshold: farAbove, Statistic: math.NaN(), Outcome: Undecided}
	smallest, good := "", 0
	for _, p := range without(pairs, "wsc") {
		if !p.valid() || p.B <= 0 {
			continue
		}
		c.N++
		ratio := p.A / p.B
		if ratio >= farAbove {
			good++
		}
		if math.IsNaN(c.Statistic) || ratio < c.Statistic {
			c.Statistic, smallest = ratio, p.Name
		}
	}
	if c.N == 0 {
		c.Explanation = "no data set besides WSC has both norms"
		return c
	}
	c.Outcome = Fails
	if c.Statistic >= farAbove {
		c.Outcome = Holds
	}
	c.Explanation = fmt.Sprintf("smallest ratio LP / FT is %s (%s); ", number(c.Statistic), smallest)
	c.count(fmt.Sprintf("far larger, at least %d-fold,", farAbove), good)
	return c
}

// Curve is Diff(F) over classifier norms for one method and data set.
type Curve struct {
	Name        string
	Norms, Diff []float64 // same length
}

// significant is the probability under chance from which a statistic decides.
const significant = 0.05

// fewestPoints is the length from which a rank correlation is worth naming.
const fewestPoints = 4

// C3 judges: the larger the classifier norm at the start, the smaller the change of features (Figures 3, 10, 11). The
// statistic is the largest Spearman rank correlation of the curves; the claim holds if it is negative and random order
// would make all of them so small with a probability of 0.05 at most. Short curves alone decide nothing.
func C3(curves []Curve) Claim {
	c := Claim{Kind: Empirical, ID: "C3", Text: "a larger initial ‖V‖ gives a smaller Diff(F)", Statistic: math.NaN(), Outcome: Undecided}
	var rising []string
	var judged []Curve
	for _, k := range curves {
		if len(k.Norms) != len(k.Diff) || len(k.Norms) < fewestPoints {
			continue
		}
		r := spearman(k.Norms, k.Diff)
		if bad(r) {
			continue
		}
		c.N++
		judged = append(judged, k)
		if math.IsNaN(c.Statistic) || r > c.Statistic {
			c.Statistic = r
		}
		if r >= 0 {
			rising = append(rising, fmt.Sprintf("%s (%.2f)", k.Name, r))
		}
	}
	if c.N == 0 {
		c.Explanation = fmt.Sprintf("no curve has %d points or more", fewestPoints)
		return c
	}
	chance := 1.0
	for _, k := range judged {
		chance *= chanceOf(k, c.Statistic)
	}
	c.Outcome = Holds
	c.Explanation = fmt.Sprintf("largest rank correlation is %.2f, p = %.2g in random order; ", c.Statistic, chance)
	c.count("falling", c.N-len(rising))
	if chance > significant {
		c.Outcome = Undecided
		c.Explanation += fmt.Sprintf(": more curves or more norms are needed for %g", significant)
	}
	if len(rising) > 0 {
		c.Outcome = Fails
		c.Explanation += "; not falling: " + strings.Join(rising, ", ")
	}
	return c
}

// spearman is the rank correlation, ties given their mean rank; NaN for a constant or a missing number.
func spearman(x, y []float64) float64 { return correlation(ranks(x), ranks(y)) }

func correlation(x, y []float64) float64 { return stat.Correlation(x, y, nil) }

func ranks(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, a := range v {
		if bad(a) {
			out[i] = math.NaN()
			continue
		}
		below, same := 0, 0
		for _, b := range v {
			if b < a {
				below++
			}
			if b == a {
				same++
			}
		}
		out[i] = float64(below) + float64(same+1)/2
	}
	return out
}

// C4 judges: the FT-effective component has the higher rank. A is rank(P), B rank(F) (Tables 2, 9).
func C4(pairs []Pair) Claim {
	return shareOf(Empirical, "C4", "rank(F) exceeds rank(P)", "rank(P) < rank(F)", pairs, Less, 1)
}

// C5 judges: after LP the FT-effective component dominates. A is the FT Ratio of FT (or LoRA), B that of LP-FT (or
// LP-LoRA) on the same set (Tables 2, 9).
func C5(pairs []Pair) Claim {
	return shareOf(Empirical, "C5", "FT Ratio is larger after LP: LP-FT > FT, LP-LoRA > LoRA", "FT Ratio without LP < with LP", pairs, Less, 1)
}

// Spectra are normalised singular values (sorted, the first is 1) of one data set's kernels, all of one length.
type Spectra struct {
	Name        string
	FT, LoRA, P []float64 // F of FT, F of LoRA, and P
}

// spectrumFloor is the relative size of rounding noise in kernels made from float32 features.
const spectrumFloor = 1e-8

// C6 judges: the spectra of F of FT and LoRA are alike (Figures 2, 7). The distance of two spectra is the mean absolute
// difference of log10, values below 1e-8 raised to it. The statistic is the largest ratio of the
// distances (FT, LoRA) / (FT, P); the claim holds if it is below 1.
func C6(spectra []Spectra) Claim {
	c := Claim{Kind: Empirical, ID: "C6", Text: "the spectrum of F under LoRA is closer to FT's than P's is", Threshold: 1, Statistic: math.NaN(), Outcome: Undecided}
	worst, good := "", 0
	for _, s := range spectra {
		n := len(s.FT)
		if n == 0 || len(s.LoRA) != n || len(s.P) != n {
			continue
		}
		near, far := spectralDistance(s.FT, s.LoRA), spectralDistance(s.FT, s.P)
		if bad(near) || bad(far) || far == 0 {
			continue
		}
		c.N++
		r := near / far
		if r < 1 {
			good++
		}
		if math.IsNaN(c.Statistic) || r > c.Statistic {
			c.Statistic, worst = r, s.Name
		}
	}
	if c.N == 0 {
		c.Explanation = "no data set has all three spectra"
		return c
	}
	c.Outcome = Fails
	if c.Statistic < 1 {
		c.Outcome = Holds
	}
	c.Explanation = fmt.Sprintf("largest ratio of log-distances (FT, LoRA) / (FT, P) is %s (%s); ", number(c.Statistic), worst)
	c.count("below 1", good)
	return c
}

func spectralDistance(a, b []float64) float64 {
	var sum float64
	for i := range a {
		sum += math.Abs(math.Log10(math.Max(a[i], spectrumFloor)) - math.Log10(math.Max(b[i], spectrumFloor)))
	}
	return sum / float64(len(a))
}

// C7 judges: temperature scaling reduces the calibration error of LP-FT. A is ECE with, B without temperature scaling
// (Tables 3, 14, 15). WSC is left out, where the printed model predicts one class.
func C7(pairs []Pair) Claim {
	return shareOf(Empirical, "C7", "temperature scaling reduces the ECE of LP-FT", "ECE with TS < without", without(pairs, "wsc"), Less, 1)
}

// C8 judges: LP-FT is at least as accurate as FT on most sets. A is the accuracy of FT, B that of LP-FT (Tables 8, 10).
// The threshold is one half: in print it holds on 6 of 8 sets (5 strictly, WSC is equal) and 3 of 4 of BOSS.
func C8(pairs []Pair) Claim {
	return shareOf(Empirical, "C8", "LP-FT is at least as accurate as FT on most sets", "FT ≤ LP-FT", pairs, AtMost, 0.5)
}

// Fit is the best scalar multiple c of FT's kernel F for LoRA's, and what it leaves of the centred kernels:
// Residual = ‖F_LoRA − c·F_FT‖ / ‖F_LoRA‖ in [0, 1]. Package kernels computes both (FitScalar, Centred). OfP is the same
// residual with P for F_LoRA, Permuted the smallest with F_LoRA's rows in other orders: what proportionality is
// worth that has nothing to do with LoRA.
type Fit struct {
	Name                            string
	Scalar, Residual, OfP, Permuted float64
}

// nearlyConstant is the relative residual up to which we call two kernels equal up to a scalar: then the
// scalar explains three quarters of the squared norm. The paper states no number.
const nearlyConstant = 0.5

// C9 judges: LoRA's kernel is close to a constant times FT's (section 4.5, Proposition 2). The statistic is the largest
// relative residual of the best fit of centred kernels; besides, on every set it must be below both baselines, or it
// says nothing about LoRA. The paper shows spectra only, so that a high residual is a finding and not a failed
// reproduction.
func C9(fits []Fit) Claim {
	c := Claim{Kind: Empirical, ID: "C9", Text: "LoRA's kernel is close to a constant times FT's", Threshold: nearlyConstant, Statistic: math.NaN(), Outcome: Undecided}
	var each []string
	good := 0
	for _, f := range fits {
		if bad(f.Scalar) || bad(f.Residual) {
			continue
		}
		c.N++
		if math.IsNaN(c.Statistic) || f.Residual > c.Statistic {
			c.Statistic = f.Residual
		}
		if f.Residual <= nearlyConstant && f.Residual < f.OfP && f.Residual < f.Permuted {
			good++
		}
		each = append(each, fmt.Sprintf("%s: residual %.2f against %.2f of P and %.2f of permuted rows, scalar %s", f.Name, f.Residual, f.OfP, f.Permuted, number(f.Scalar)))
	}
	if c.N == 0 {
		c.Explanation = "no data set has both kernels"
		return c
	}
	c.Outcome = Fails
	if good == c.N {
		c.Outcome = Holds
	}
	c.Explanation = "centred kernels; " + strings.Join(each, "; ") + "; "
	c.count("close, and closer than either,", good)
	c.Explanation += "; our threshold, the paper shows spectra only"
	return c
}

// Below checks that a statistic over n cases stays at or below a threshold; NaN leaves it undecided.
func Below(text string, statistic, threshold float64, n int, explanation string) Claim {
	c := Claim{Kind: Check, Text: text, Statistic: statistic, Threshold: threshold, N: n, Outcome: Fails, Explanation: explanation}
	switch {
	case bad(statistic) || n == 0:
		c.Outcome = Undecided
	case statistic <= threshold:
		c.Outcome = Holds
	}
	return c
}
