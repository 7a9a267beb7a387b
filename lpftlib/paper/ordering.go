package paper

import (
	"fmt"
	"math"
	"strings"
)

// duel is two names that the paper compares: of methods, of quantities, or of kernels.
type duel struct{ a, b string }

// methodDuels are the comparisons between methods that the paper's text rests on, by quantity.
var methodDuels = map[string][]duel{
	"diff_f":    {{"ft", "lpft"}, {"lora", "lplora"}},
	"fdr_f":     {{"ft", "lpft"}, {"lora", "lplora"}},
	"cs_f":      {{"ft", "lpft"}, {"lora", "lplora"}, {"ft", "pretrained"}, {"ft", "lp"}},
	"norm_c":    {{"ft", "lp"}, {"ft", "lpft"}, {"lora", "lplora"}, {"pretrained", "lora"}},
	"accuracy":  {{"ft", "lp"}, {"ft", "lpft"}, {"lora", "lplora"}},
	"matthews":  {{"ft", "lp"}, {"ft", "lpft"}, {"lora", "lplora"}},
	"ece_wo_ts": {{"ft", "lpft"}, {"lora", "lplora"}},
	"mce_wo_ts": {{"ft", "lpft"}, {"lora", "lplora"}},
	"ece_imp":   {{"ft", "lpft"}, {"lora", "lplora"}},
	"mce_imp":   {{"ft", "lpft"}, {"lora", "lplora"}},
	"ft_ratio":  {{"ft", "lpft"}, {"lora", "lplora"}, {"lora", "ft"}},
	"fn":        {{"ft", "lpft"}, {"lora", "lplora"}, {"lora", "ft"}},
}

// metricDuels compare two quantities of one method: what temperature scaling does.
var metricDuels = []duel{{"ece_wo_ts", "ece_w_ts"}, {"mce_wo_ts", "mce_w_ts"}}

// kernelDuels compare two kernels of one method in rank and accuracy, that on test rows after LP only.
var kernelDuels = map[string][]duel{
	"rank":      {{"pretrain_e", "ft_e"}, {"pretrain_e", "ntk"}},
	"acc_train": {{"pretrain_e", "ft_e"}},
	"acc_test":  {{"pretrain_e", "ft_e"}},
}

// Peers are the cells that the paper orders a cell against: LP-FT's Diff(F) against FT's, an ECE with temperature
// scaling against that without, the rank of F against that of P (docs/protocol.md, Orderings). Cells that print a dash, that
// print alike within their deviations, or whose run is known to have collapsed, are ordered against none.
func Peers(p Printed) []Printed {
	var out []Printed
	add := func(q Printed, ok bool) {
		if ok && ordered(p, q) {
			out = append(out, q)
		}
	}
	for _, other := range opponents(methodDuels[p.Metric], p.Method) {
		if p.Kernel != "pretrain_e" { // one P for all methods
			add(LookupKernel(p.Table, p.Dataset, other, p.Kernel, p.Metric))
		}
	}
	for _, other := range opponents(metricDuels, p.Metric) {
		add(Lookup(p.Table, p.Dataset, p.Method, other))
	}
	for _, other := range opponents(kernelDuels[p.Metric], p.Kernel) {
		for _, method := range kernelOwners(p, other) {
			add(LookupKernel(p.Table, p.Dataset, method, other, p.Metric))
		}
	}
	return out
}

// kernelOwners are the methods whose kernel `other` a cell is compared with: its own, or for P, which is printed
// once, everybody's.
func kernelOwners(p Printed, other string) []string {
	if p.Kernel != "pretrain_e" || other == "pretrain_e" {
		return []string{p.Method}
	}
	return []string{"ft", "lora", "lpft", "lplora"}
}

func opponents(duels []duel, name string) []string {
	var out []string
	for _, d := range duels {
		switch name {
		case d.a:
			out = append(out, d.b)
		case d.b:
			out = append(out, d.a)
		}
	}
	return out
}

// ordered tells whether print says which of two cells is the larger.
func ordered(p, q Printed) bool {
	if p.Dash() || q.Dash() || collapsed(p) || collapsed(q) || nearChance(p) || nearChance(q) {
		return false
	}
	if p.Metric == "acc_test" && !fromLP(p.Method) && !fromLP(q.Method) {
		return false // the paper says nothing of kernel regression without LP
	}
	gap, noise := math.Abs(p.Mean-q.Mean), p.Rounding()+q.Rounding()
	a, okA := printedStd(p)
	b, okB := printedStd(q)
	if okA && okB {
		noise = max(noise, math.Sqrt((a*a+b*b)/2))
	}
	return gap > noise
}

// TrendOf compares a cell's printed orderings with ours. The number of a peer is asked for by its printed cell; ok
// is false where there is none. The text says which orderings were compared: "Diff(F) …: above LP-FT as in print".
func TrendOf(p Printed, ours float64, number func(Printed) (value float64, ok bool)) (Trend, string) {
	var holds, fails []string
	for _, q := range Peers(p) {
		other, ok := number(q)
		if !ok || math.IsNaN(other) || math.IsNaN(ours) {
			continue
		}
		side := "below"
		if p.Mean > q.Mean {
			side = "above"
		}
		if (p.Mean > q.Mean && ours > other) || (p.Mean < q.Mean && ours < other) {
			holds = append(holds, side+" "+peerName(p, q))
		} else {
			fails = append(fails, side+" "+peerName(p, q))
		}
	}
	switch {
	case len(fails) > 0:
		return TrendFails, "in print " + strings.Join(fails, " and ") + ", not here"
	case len(holds) > 0:
		return TrendHolds, strings.Join(holds, " and ") + " as in print"
	default:
		return TrendUnknown, ""
	}
}

// methodNames are the paper's names of methods; kernelNames those of kernels.
var (
	methodNames = map[string]string{"pretrained": "the pre-trained model", "lp": "LP", "ft": "FT", "lora": "LoRA", "lpft": "LP-FT", "lplora": "LP-LoRA"}
	kernelNames = map[string]string{"pretrain_e": "P", "ft_e": "F", "ntk": "Θ"}
)

// peerName is how a reader of cell p calls cell q.
func peerName(p, q Printed) string {
	switch {
	case p.Metric != q.Metric && strings.HasSuffix(q.Metric, "_w_ts"):
		return "the one with temperature scaling"
	case p.Metric != q.Metric:
		return "the one without temperature scaling"
	case p.Kernel != q.Kernel && q.Kernel != "pretrain_e":
		return fmt.Sprintf("%s of %s", kernelNames[q.Kernel], methodNames[q.Method])
	case p.Kernel != q.Kernel:
		return kernelNames[q.Kernel]
	default:
		return methodNames[q.Method]
	}
}
