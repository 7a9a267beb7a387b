package paper

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func names(cells []Printed) []string {
	var out []string
	for _, q := range cells {
		out = append(out, q.Method+" "+q.Kernel+" "+q.Metric)
	}
	return out
}

// A cell is ordered against what the paper compares it with.
func TestPeers(t *testing.T) {
	for _, c := range []struct {
		p    Printed
		want []string
	}{
		{get(t, 1, "cb", "lpft", "", "diff_f"), []string{"ft  diff_f"}},
		{get(t, 1, "cb", "ft", "", "norm_c"), []string{"lp  norm_c", "lpft  norm_c"}},
		{get(t, 3, "rte", "lpft", "", "ece_w_ts"), []string{"lpft  ece_wo_ts"}},
		{get(t, 2, "cb", "lora", "ft_e", "rank"), []string{"pretrained pretrain_e rank"}},
		{get(t, 2, "cb", "ft", "pretrain_e", "fn"), nil},
		{get(t, 2, "cb", "lpft", "", "ft_ratio"), []string{"ft  ft_ratio"}},
		{get(t, 1, "cb", "lp", "", "diff_f"), nil},          // a dash
		{get(t, 8, "mrpc", "lplora", "", "accuracy"), nil},  // LoRA collapsed in print
		{get(t, 8, "wsc", "lpft", "", "accuracy"), nil},     // equal in print
		{get(t, 9, "rte", "ft", "ft_e", "acc_test"), nil},   // near chance
		{get(t, 9, "wic", "lpft", "ft_e", "acc_test"), nil}, // P's is
		{get(t, 2, "cb", "ft", "ft_e", "acc_test"), nil},    // not after LP
		{get(t, 2, "cb", "lpft", "ft_e", "acc_test"), []string{"pretrained pretrain_e acc_test"}},
		{get(t, 2, "cb", "ft", "pretrain_e", "acc_test"), []string{"lpft ft_e acc_test", "lplora ft_e acc_test"}},
		{get(t, 12, "wic", "lora", "", "diff_f"), []string{"lplora  diff_f"}}, // one table's cells only
		{get(t, 2, "cb", "pretrained", "pretrain_e", "rank"), []string{"ft ft_e rank", "lora ft_e rank", "lpft ft_e rank", "lplora ft_e rank", "ft ntk rank", "lora ntk rank", "lpft ntk rank", "lplora ntk rank"}},
	} {
		require.Equal(t, c.want, names(Peers(c.p)), "%+v", c.p)
	}
}

// Every comparison is mutual, and the paper's own numbers have the paper's orderings.
func TestOrderingsOfThePaperItself(t *testing.T) {
	cells := 0
	for table := 1; table <= 16; table++ {
		for _, p := range Cells(table) {
			for _, q := range Peers(p) {
				require.Contains(t, names(Peers(q)), names([]Printed{p})[0], "%+v and %+v", p, q)
			}
			trend, text := TrendOf(p, p.Mean, func(q Printed) (float64, bool) { return q.Mean, true })
			if len(Peers(p)) == 0 {
				require.Equal(t, TrendUnknown, trend)
				continue
			}
			require.Equal(t, TrendHolds, trend, text)
			require.Contains(t, text, "as in print")
			cells++
		}
	}
	require.Greater(t, cells, 300)
}

func TestTrendOf(t *testing.T) {
	p := get(t, 1, "cb", "ft", "", "norm_c") // below LP and LP-FT in print
	ours := map[string]float64{"lp": 3, "lpft": 1}
	number := func(q Printed) (float64, bool) { v, ok := ours[q.Method]; return v, ok }
	trend, text := TrendOf(p, 2, number)
	require.Equal(t, TrendFails, trend)
	require.Equal(t, "in print below LP-FT, not here", text)
	ours["lpft"] = 4
	trend, text = TrendOf(p, 2, number)
	require.Equal(t, TrendHolds, trend)
	require.Equal(t, "below LP and below LP-FT as in print", text)
	trend, _ = TrendOf(p, 2, func(Printed) (float64, bool) { return 0, false })
	require.Equal(t, TrendUnknown, trend)
	trend, text = TrendOf(get(t, 2, "cb", "ft", "ft_e", "rank"), 9, func(Printed) (float64, bool) { return 10, true })
	require.Equal(t, TrendFails, trend)
	require.Equal(t, "in print above P, not here", text)
}
