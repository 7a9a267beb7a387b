package paper

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func get(t *testing.T, table int, dataset, method, kernel, metric string) Printed {
	t.Helper()
	p, ok := LookupKernel(table, dataset, method, kernel, metric)
	require.True(t, ok, "table %d: %s %s %s %s", table, dataset, method, kernel, metric)
	return p
}

func TestLookup(t *testing.T) {
	p, ok := Lookup(8, "cb", "lpft", "accuracy")
	require.True(t, ok)
	require.Equal(t, Printed{Table: 8, Dataset: "cb", Method: "lpft", Metric: "accuracy", Mean: 84.64, Std: 2.40, Text: "84.64 ± 2.40", Scale: 1, Unit: "%"}, p)

	fn := get(t, 2, "cb", "lplora", "ft_e", "fn")
	require.Equal(t, 15100.0, fn.Mean)
	require.Equal(t, "15.1", fn.Text)
	require.Equal(t, 1000.0, fn.Scale)
	require.InDelta(t, 50, fn.Rounding(), 1e-9)
	require.NotEmpty(t, fn.Note)

	// P is common to all methods
	require.Equal(t, "pretrained", get(t, 9, "rte", "lplora", "pretrain_e", "rank").Method)
	require.Equal(t, 28.0, get(t, 9, "rte", "ft", "pretrain_e", "rank").Mean)

	dash, ok := Lookup(1, "cb", "lp", "diff_f")
	require.True(t, ok)
	require.True(t, dash.Dash())
	require.False(t, dash.HasStd())

	for _, miss := range [][4]string{{"8", "cb", "lpft", "matthews"}, {"4", "cb", "lp", "accuracy"}, {"8", "", "", ""}} {
		n, _ := strconv.Atoi(miss[0])
		_, ok := Lookup(n, miss[1], miss[2], miss[3])
		require.False(t, ok, miss)
	}
}

// Every cell of the embedded file is complete, and its number is what its digits say.
func TestEmbeddedTables(t *testing.T) {
	cells := map[int]int{1: 48, 2: 41, 3: 24, 6: 84, 7: 52, 8: 40, 9: 123, 10: 20, 11: 78, 12: 48, 13: 54, 14: 120, 15: 72, 16: 5}
	for table := 1; table <= 16; table++ {
		require.Len(t, Cells(table), cells[table], "table %d", table)
		for _, p := range Cells(table) {
			where := fmt.Sprintf("%+v", p)
			if p.Text == "-" {
				require.True(t, p.Dash(), where)
				continue
			}
			digits, deviation, hasStd := strings.Cut(p.Text, " ± ")
			mean, err := strconv.ParseFloat(digits, 64)
			require.NoError(t, err, where)
			require.InEpsilon(t, math.Abs(mean*p.Scale)+1, math.Abs(p.Mean)+1, 1e-12, where)
			require.Equal(t, hasStd, p.HasStd(), where)
			if hasStd {
				std, err := strconv.ParseFloat(deviation, 64)
				require.NoError(t, err, where)
				require.InDelta(t, std, p.Std, 1e-12, where)
			}
		}
	}
}

func TestDamagedTables(t *testing.T) {
	for damage, want := range map[string]string{
		`{"tables":[{"table":1,"metrics":{"m":{}},"cells":[["cb","ft","","m",1,null]]}]}`:                                   "6 columns",
		`{"tables":[{"table":1,"metrics":{},"cells":[["cb","ft","","m",1,null,"1"]]}]}`:                                     "not declared",
		`{"tables":[{"table":1,"metrics":{"m":{}},"cells":[["cb","ft","","m",1,null,"1"],["cb","ft","","m",2,null,"2"]]}]}`: "twice",
		`{"tables":[{"table":1,"metrics":{"m":{}},"cells":[["cb","ft","","",1,null,"1"]]}]}`:                                "expected both",
		`{"tabels":[]}`: "unknown field",
	} {
		_, err := parse([]byte(damage))
		require.ErrorContains(t, err, want)
	}
}

var faithful = Setting{Model: Model, PaperCompatible: true}

func TestValueHasTheHeadingsFactor(t *testing.T) {
	require.Equal(t, "51.0·10³", get(t, 2, "cb", "pretrained", "pretrain_e", "fn").Value())
	require.Equal(t, "77.86 ± 4.24", get(t, 8, "cb", "lp", "", "accuracy").Value())
	require.Equal(t, "0.951", Printed{Text: "9.51e-1", Scale: 1}.Value())
	require.Equal(t, "81400", Printed{Text: "8.14e4", Scale: 1}.Value())
	require.Equal(t, "1.5 ± 0.02", Printed{Text: "1.5 ± 2e-2", Scale: 1}.Value())
	require.Equal(t, "2.3·10⁻⁵", Printed{Text: "2.3e-5", Scale: 1}.Value())
	require.Equal(t, get(t, 1, "cb", "lp", "", "diff_f").Text, get(t, 1, "cb", "lp", "", "diff_f").Value())
}

func TestRounding(t *testing.T) {
	for text, want := range map[string]float64{"84.64 ± 2.40": 0.005, "8.14e4": 50, "2.26e-4": 5e-7, "18": 0.5, "0.1987": 5e-5} {
		require.InEpsilon(t, want, Printed{Text: text, Scale: 1}.Rounding(), 1e-9, text)
	}
}

func TestJudge(t *testing.T) {
	with := func(change func(*Setting)) Setting {
		s := faithful
		change(&s)
		return s
	}
	holds := with(func(s *Setting) { s.Trend, s.Orderings = TrendHolds, "as told" })
	fails := with(func(s *Setting) { s.Trend, s.Orderings = TrendFails, "as told" })
	cases := []struct {
		name    string
		p       Printed
		ours    Measured
		s       Setting
		verdict Verdict
		reason  string
	}{
		{"two standard errors", get(t, 8, "cb", "lpft", "", "accuracy"), Measured{84, 1.5, 5}, faithful, Match, "two standard errors"},
		{"two seeds", get(t, 8, "cb", "lpft", "", "accuracy"), Measured{81, 1.5, 2}, holds, TrendOnly, "3 seeds or more, here 2"},
		{"scatter makes no match", get(t, 8, "cb", "lpft", "", "accuracy"), Measured{75, 60, 5}, fails, Differs, "outside"},
		{"scatter without a printed deviation", get(t, 13, "cb", "lp", "", "norm_c"), Measured{100, 400, 5}, fails, Differs, "outside"},
		{"outside, trend holds", get(t, 8, "cb", "lpft", "", "accuracy"), Measured{75, 1.5, 5}, holds, TrendOnly, "ordering holds: as told"},
		{"outside, trend fails", get(t, 8, "cb", "lpft", "", "accuracy"), Measured{75, 1.5, 5}, fails, Differs, "ordering fails: as told"},
		{"outside, trend unknown", get(t, 8, "cb", "lpft", "", "accuracy"), Measured{75, 1.5, 5}, faithful, Differs, "outside"},
		{"deviation 0 leaves rounding", get(t, 8, "wsc", "ft", "", "accuracy"), Measured{63.4615, 0, 5}, faithful, Match, "standard errors"},
		{"another model", get(t, 8, "cb", "lpft", "", "accuracy"), Measured{84.64, 1, 5}, with(func(s *Setting) { s.Model = "all-MiniLM-L6-v2" }), NotATarget, "another model: orderings only"},
		{"another model, ordering holds", get(t, 8, "cb", "lpft", "", "accuracy"), Measured{60, 1, 5}, with(func(s *Setting) { s.Model, s.Trend = "all-MiniLM-L6-v2", TrendHolds }), TrendOnly, "another model: orderings only"},
		{"another model, ordering fails", get(t, 8, "cb", "lpft", "", "accuracy"), Measured{60, 1, 5}, with(func(s *Setting) { s.Model, s.Trend = "all-MiniLM-L6-v2", TrendFails }), Differs, "another model: orderings only"},
		{"another model, halved head off", get(t, 13, "rte", "lp", "", "norm_c"), Measured{3, 0, 1}, with(func(s *Setting) { s.Model, s.Trend, s.PaperCompatible = "m", TrendHolds, false }), TrendOnly, "another model"},
		{"another model, collapsed run", get(t, 8, "mrpc", "lora", "", "accuracy"), Measured{68.38, 0, 5}, with(func(s *Setting) { s.Model, s.Trend = "m", TrendHolds }), NotATarget, "known defect 8"},
		{"stand-in data", get(t, 8, "cb", "lpft", "", "accuracy"), Measured{84.64, 1, 5}, with(func(s *Setting) { s.StandInData = "toy task" }), NotATarget, "stand-in data (toy task): orderings only"},
		{"reduced", get(t, 8, "cb", "lpft", "", "accuracy"), Measured{84.64, 1, 5}, with(func(s *Setting) { s.Reduced = "profile laptop" }), NotATarget, "reduced run (profile laptop)"},
		{"collapsed run", get(t, 8, "mrpc", "lora", "", "accuracy"), Measured{68.38, 0, 5}, faithful, NotATarget, "known defect 8"},
		{"dash", get(t, 1, "cb", "lp", "", "diff_f"), Measured{1, 0, 5}, faithful, NotATarget, "dash"},
		{"nothing measured", get(t, 1, "cb", "ft", "", "diff_f"), Measured{math.NaN(), 0, 5}, faithful, NotATarget, "no number"},
		{"halved head", get(t, 13, "rte", "lp", "", "norm_c"), Measured{57.2, 1, 5}, with(func(s *Setting) { s.PaperCompatible = false }), NotATarget, "known defect 3"},
		{"halving leaves LP's accuracy", get(t, 8, "rte", "lp", "", "accuracy"), Measured{get(t, 8, "rte", "lp", "", "accuracy").Mean, 1, 5}, with(func(s *Setting) { s.PaperCompatible = false }), Match, "standard errors"},
		{"halving leaves three classes", get(t, 13, "cb", "lp", "", "norm_c"), Measured{33, 1, 5}, with(func(s *Setting) { s.PaperCompatible = false }), Match, "standard errors of our mean"},
		{"twin table", get(t, 1, "cb", "lp", "", "norm_c"), Measured{33.5, 0.1, 5}, faithful, Match, "Table 13, which prints 3.35e1"},
		{"FN of P", get(t, 2, "cb", "ft", "pretrain_e", "fn"), Measured{51900, 0, 1}, faithful, Match, "2 %"},
		{"FN of P outside", get(t, 2, "cb", "ft", "pretrain_e", "fn"), Measured{54000, 0, 1}, faithful, Differs, "2 %"},
		{"FN of F", get(t, 2, "cb", "ft", "ft_e", "fn"), Measured{get(t, 2, "cb", "ft", "ft_e", "fn").Mean * 1.14, 0, 1}, faithful, Match, "15 %"},
		{"FN of LP-FT, scaled", get(t, 2, "cb", "lpft", "ft_e", "fn"), Measured{get(t, 2, "cb", "lpft", "ft_e", "fn").Mean * 4, 0, 1}, with(func(s *Setting) { s.HeadNorm = 67 }), Match, "‖V0‖²"},
		{"FN of LP-FT, head unknown", get(t, 2, "cb", "lpft", "ft_e", "fn"), Measured{1e6, 0, 1}, holds, TrendOnly, "not known"},
		{"FN of the LP variants' sum", get(t, 2, "cb", "lpft", "ntk", "fn"), Measured{1e6, 0, 1}, holds, NotATarget, "compare P and F"},
		{"FT Ratio of FT", get(t, 2, "cb", "ft", "", "ft_ratio"), Measured{0.22, 0, 1}, faithful, Match, "0.03"},
		{"FT Ratio of LoRA", get(t, 2, "cb", "lora", "", "ft_ratio"), Measured{0.02, 0, 1}, fails, Differs, "no stated tolerance"},
		{"CS", get(t, 1, "cb", "lpft", "", "cs_f"), Measured{get(t, 1, "cb", "lpft", "", "cs_f").Mean - 0.019, 0, 1}, faithful, Match, "0.02"},
		{"singular FDR", get(t, 1, "cb", "ft", "", "fdr_f"), Measured{1, 0, 5}, holds, TrendOnly, "singular"},
		{"singular FDR, no ordering", get(t, 1, "cb", "ft", "", "fdr_f"), Measured{1, 0, 5}, faithful, NotATarget, "orders this cell against none"},
		{"test accuracy of kernels", get(t, 9, "rte", "ft", "ft_e", "acc_test"), Measured{51, 0, 1}, faithful, NotATarget, "near chance"},
		{"test accuracy of kernels, Table 2", get(t, 2, "cb", "lpft", "ft_e", "acc_test"), Measured{80, 0, 1}, holds, TrendOnly, "one printed run"},
		{"test accuracy of kernels, Table 2, P above", get(t, 2, "cb", "lpft", "ft_e", "acc_test"), Measured{80, 0, 1}, fails, Differs, "one printed run"},
		{"test accuracy above chance in Table 9", get(t, 9, "wic", "lplora", "ft_e", "acc_test"), Measured{51, 0, 1}, faithful, NotATarget, "orders this cell against none"},
		{"Table 3 borrows deviations", get(t, 3, "rte", "ft", "", "ece_wo_ts"), Measured{21.5, 1, 5}, faithful, Match, "standard errors"},
		{"hyperparameter", get(t, 6, "cb", "ft", "", "lr"), Measured{Mean: 5e-5}, with(func(s *Setting) { s.Model = "x" }), Constant, "equal"},
		{"another hyperparameter", get(t, 6, "cb", "ft", "", "lr"), Measured{Mean: 4e-5}, faithful, Differs, "exactly"},
		{"row count", get(t, 7, "rte", "", "", "n_train"), Measured{Mean: 2241}, with(func(s *Setting) { s.Model = "x" }), Constant, "equal"},
		{"misprinted row count", get(t, 7, "cb", "", "", "n_test"), Measured{Mean: 56}, faithful, NotATarget, "known defect 13"},
		{"one seed, no deviation", get(t, 13, "cb", "lora", "", "norm_c"), Measured{1.5, 0, 1}, holds, TrendOnly, "3 seeds or more, here 1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			j := Judge(c.p, c.ours, c.s)
			require.Equal(t, c.verdict, j.Verdict, j.Reason)
			require.Contains(t, j.Reason, c.reason)
			require.NotContains(t, j.Reason, "\n")
		})
	}
}

// Judging the paper by its own numbers finds no difference in any cell.
func TestJudgeThePaperItself(t *testing.T) {
	for table := 1; table <= 16; table++ {
		for _, p := range Cells(table) {
			s := faithful
			s.Trend = TrendHolds
			if v, ok := printedHeadNorm(p.Dataset); ok {
				s.HeadNorm = v
			}
			j := Judge(p, Measured{p.Mean, 0, 1}, s)
			require.NotEqual(t, Differs, j.Verdict, "%+v: %s", p, j.Reason)
			require.NotEmpty(t, j.Reason)
		}
	}
}

func TestCitation(t *testing.T) {
	require.Contains(t, Citation, ArXiv)
	require.Contains(t, BibTeX, ArXiv)
	require.Equal(t, strings.Count(BibTeX, "{"), strings.Count(BibTeX, "}"))
}

// Numbers of a model that was never trained are compared with nothing, whatever their order.
func TestGeneratedModelIsNotComparable(t *testing.T) {
	p, ok := Lookup(1, "cb", "ft", "norm_c")
	require.True(t, ok)
	j := Judge(p, Measured{Mean: p.Mean, Seeds: 5}, Setting{Model: "tiny", Generated: true, Trend: TrendFails})
	require.Equal(t, NotATarget, j.Verdict)
	require.Contains(t, j.Reason, "random numbers")
}
