package report

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
)

// written is a report with one table of two numbers and one claim.
func written(t *testing.T, cs, norm string, rows ...string) string {
	t.Helper()
	dir := t.TempDir()
	table := Table{Caption: "c", Columns: []string{"CS(F)", "Norm(C)"}}
	for _, set := range rows {
		table.Rows = append(table.Rows, Row{Dataset: set, Method: "FT", Cells: []Cell{{Ours: cs, Paper: "0.9", Difference: "0.1", Verdict: paper.TrendOnly}, {Ours: norm}}})
	}
	r := &Report{Title: "t", Profile: "demo", Items: []Item{{ID: "table1", Title: "Table 1", Tables: []Table{table}}},
		Claims: []paper.Claim{{ID: "C1", Text: "less", Statistic: 1, Threshold: 1, N: 2, Outcome: paper.Holds}}}
	require.NoError(t, Write(dir, r))
	return dir
}

// Every number is compared, by value and not by spelling; what differs is named.
func TestCompare(t *testing.T) {
	base := written(t, "0.720 ± 0.010", "14.94", "cb")
	same, err := Compare(base, base, 0)
	require.NoError(t, err)
	require.Equal(t, &Comparison{Equal: 6}, same) // three of the table, three of the claim

	near, err := Compare(base, written(t, "0.721 ± 0.010", "14.95", "cb"), 0)
	require.NoError(t, err)
	require.Empty(t, near.Differences, "one unit of the last digit")
	require.Equal(t, 2, near.Within)

	far, err := Compare(base, written(t, "0.720 ± 0.010", "15.94", "cb"), 1e-3)
	require.NoError(t, err)
	require.Len(t, far.Differences, 1)
	d := far.Differences[0]
	require.Equal(t, "table1-1: cb, FT, Norm(C)", d.Where)
	require.Equal(t, []string{"14.94", "15.94"}, []string{d.A, d.B})
	require.InDelta(t, 1, d.By, 1e-9)
	require.InDelta(t, 0.02594, d.Tolerance, 1e-9)
	wide, err := Compare(base, written(t, "0.720 ± 0.010", "15.94", "cb"), 0.1)
	require.NoError(t, err)
	require.Empty(t, wide.Differences)

	words, err := Compare(base, written(t, "undefined", "14.94", "cb"), 1)
	require.NoError(t, err)
	require.Equal(t, "table1-1: cb, FT, CS(F)", words.Differences[0].Where)
	more, err := Compare(base, written(t, "0.720 ± 0.010", "14.94", "cb", "rte"), 1)
	require.NoError(t, err)
	require.Equal(t, "table1-1: rte, FT", more.Differences[0].Where)
	require.Empty(t, more.Differences[0].A)

	_, err = Compare(base, t.TempDir(), 0)
	require.ErrorContains(t, err, "holds no report")
}
