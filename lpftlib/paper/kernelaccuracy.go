package paper

import "math"

// KernelScore is the test accuracy of kernel regression with a method's P, F and Θ, in per cent of (sample, class) pairs as
// Tables 2 and 9 print it; NaN where there is no test kernel.
type KernelScore struct {
	Dataset, Method string // as in print: "cb", "lpft"
	P, F, Theta     float64
}

// KernelAccuracy judges the main statement on Table 2 (section 5.3): after LP the FT-effective component has the greater
// kernel regression accuracy, and the whole kernel lies between. Scores of methods that do not start from LP are passed over.
// The sets of Table 9 are judged apart, as further orderings: most of that table's accuracies are near chance, and F is not
// above P in all of them. Thresholds are the printed shares of the table: all of Table 2.
func KernelAccuracy(scores []KernelScore) []Claim {
	main, further := split(scores)
	claims := []Claim{above(Empirical, "kernel regression with F after LP tests better than with P", main, 2),
		between(Empirical, "kernel regression with Θ after LP tests between P and F", main, 2)}
	if len(further) > 0 {
		claims = append(claims, above(Ordering, "kernel regression with F after LP tests better than with P, sets of Table 9", further, 9),
			between(Ordering, "kernel regression with Θ after LP tests between P and F, sets of Table 9", further, 9))
	}
	return claims
}

// split keeps what starts from LP, and separates the sets of Table 9.
func split(scores []KernelScore) (main, further []KernelScore) {
	for _, s := range scores {
		if !fromLP(s.Method) {
			continue
		}
		if _, ok := LookupKernel(9, s.Dataset, s.Method, "ft_e", "acc_test"); ok {
			further = append(further, s)
		} else {
			main = append(main, s)
		}
	}
	return main, further
}

func above(kind Kind, text string, scores []KernelScore, table int) Claim {
	return asPrinted(kind, text, Less, pairsOf(scores, KernelScore.gain), pairsOf(printedScores(table), KernelScore.gain))
}

func between(kind Kind, text string, scores []KernelScore, table int) Claim {
	return asPrinted(kind, text, AtMost, pairsOf(scores, KernelScore.outside), pairsOf(printedScores(table), KernelScore.outside))
}

func pairsOf(scores []KernelScore, pair func(KernelScore) Pair) (out []Pair) {
	for _, s := range scores {
		out = append(out, pair(s))
	}
	return out
}

func (s KernelScore) name() string { return s.Dataset + " " + methodNames[s.Method] }

// gain is P's accuracy and F's.
func (s KernelScore) gain() Pair { return Pair{s.name(), s.P, s.F} }

// outside is how many points Θ's accuracy lies outside of those of P and F, to be compared with 0.
func (s KernelScore) outside() Pair {
	low, high := math.Min(s.P, s.F), math.Max(s.P, s.F)
	return Pair{s.name() + ", points outside", math.Max(0, math.Max(low-s.Theta, s.Theta-high)), 0}
}

// printedScores are a table's cells of methods that start from LP.
func printedScores(table int) (out []KernelScore) {
	for _, f := range Cells(table) {
		if f.Metric != "acc_test" || f.Kernel != "ft_e" || !fromLP(f.Method) {
			continue
		}
		p, _ := LookupKernel(table, f.Dataset, f.Method, "pretrain_e", "acc_test")
		theta, _ := LookupKernel(table, f.Dataset, f.Method, "ntk", "acc_test")
		out = append(out, KernelScore{f.Dataset, f.Method, p.Mean, f.Mean, theta.Mean})
	}
	return out
}
