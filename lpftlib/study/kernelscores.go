package study

import (
	"math"
	"strings"

	"lpft/lpftlib/paper"
)

// KernelScores are the test accuracies of kernel regression for [paper.KernelAccuracy], of every kernel that has test rows. A
// stand-in is judged as the set that it stands in for.
func KernelScores(all []*KernelStats) []paper.KernelScore {
	var out []paper.KernelScore
	for _, k := range all {
		out = append(out, paper.KernelScore{Dataset: strings.TrimSuffix(k.Task, "-standin"), Method: string(k.Method),
			P: k.P.testPairs(), F: k.F.testPairs(), Theta: k.Theta.testPairs()})
	}
	return out
}

// testPairs is Acc on test rows in per cent, NaN without any.
func (k *KernelSummary) testPairs() float64 {
	if k.Regression.Test == nil {
		return math.NaN()
	}
	return 100 * k.Regression.Test.Pairs
}
