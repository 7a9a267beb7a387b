package paper

import "fmt"

// Print is a comparison as the paper prints it: one metric of two methods, set by set.
type Print struct {
	Tables       []int
	Kernel       string // of Tables 2 and 9; "" elsewhere
	Metric, A, B string
}

// pairs are the sets for which both numbers are printed.
func (p Print) pairs() (out []Pair) {
	for _, table := range p.Tables {
		for _, a := range Cells(table) {
			if a.Metric != p.Metric || a.Method != p.A || a.Kernel != p.Kernel {
				continue
			}
			b, ok := LookupKernel(table, a.Dataset, p.B, p.Kernel, p.Metric)
			if pair := (Pair{a.Dataset, a.Mean, b.Mean}); ok && pair.valid() {
				out = append(out, pair)
			}
		}
	}
	return out
}

// AsInPrint judges a statement by what the paper's own numbers do: the statistic is the share of pairs for
// which the relation holds, the threshold the share of the printed ones. WSC, say, is a set on which LP scores above FT in
// print, so that one such set in eight breaks nothing.
func AsInPrint(kind Kind, text string, r Relation, pairs []Pair, prints ...Print) Claim {
	var printed []Pair
	for _, p := range prints {
		printed = append(printed, p.pairs()...)
	}
	if len(printed) == 0 {
		panic(fmt.Sprintf("paper: %q: nothing is printed for %+v", text, prints))
	}
	return asPrinted(kind, text, r, pairs, printed)
}

// asPrinted asks for as large a share of pairs as among the printed ones.
func asPrinted(kind Kind, text string, r Relation, pairs, printed []Pair) Claim {
	good, n := 0, len(printed)
	for _, pair := range printed {
		if r(pair) {
			good++
		}
	}
	c := Judged(kind, text, r, pairs)
	c.Threshold = float64(good) / float64(n)
	if c.Outcome != Undecided {
		c.Outcome = Fails
		if c.Statistic >= c.Threshold {
			c.Outcome = Holds
		}
	}
	c.Explanation += fmt.Sprintf("; in print in %d of %d", good, n)
	return c
}

// The comparisons that the tables' statements rest on.
var (
	CSOfFT        = Print{Tables: []int{1, 11}, Metric: "cs_f", A: "ft", B: "lpft"}
	CSOfLoRA      = Print{Tables: []int{1, 11}, Metric: "cs_f", A: "lora", B: "lplora"}
	FDROfFT       = Print{Tables: []int{1}, Metric: "fdr_f", A: "lpft", B: "ft"}
	DiffOfLoRA    = Print{Tables: []int{1, 11, 12}, Metric: "diff_f", A: "lplora", B: "lora"}
	NormOfLoRA    = Print{Tables: []int{13}, Metric: "norm_c", A: "pretrained", B: "lora"}
	KernelOfFT    = Print{Tables: []int{2, 9}, Kernel: "ft_e", Metric: "fn", A: "ft", B: "lpft"}
	KernelOfLoRA  = Print{Tables: []int{2, 9}, Kernel: "ft_e", Metric: "fn", A: "lora", B: "lplora"}
	GainOfECE     = Print{Tables: []int{14, 15}, Metric: "ece_imp", A: "ft", B: "lpft"}
	AccuracyOfLP  = Print{Tables: []int{8}, Metric: "accuracy", A: "lp", B: "ft"}
	MatthewsOfLP  = Print{Tables: []int{8}, Metric: "matthews", A: "lp", B: "ft"}
	CSOfFTShifted = Print{Tables: []int{11}, Metric: "cs_f", A: "ft", B: "lpft"}
)
