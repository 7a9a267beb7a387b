package tables

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
)

// On the paper's own task the printed number stands beside ours; another model is judged by the orderings
// that its own numbers show.
func TestCellsCarryThePrintedNumber(t *testing.T) {
	row := func(m study.Method, norm float64) study.Measures {
		return study.Measures{Spec: study.Spec{Task: "cb", Method: m}, TestSet: "cb", NormC: norm}
	}
	other := func(string) paper.Setting { return paper.Setting{Model: "minilm", PaperCompatible: true} }
	for _, c := range []struct {
		rows    []study.Measures
		verdict paper.Verdict
		reason  string
	}{
		{[]study.Measures{row(study.FT, 0.95)}, paper.NotATarget, "another model"},
		{[]study.Measures{row(study.FT, 0.95), row(study.LP, 3)}, paper.TrendOnly, "below LP as in print"},
		{[]study.Measures{row(study.FT, 0.95), row(study.LP, 0.5)}, paper.Differs, "in print below LP, not here"},
	} {
		cell := Compared(c.rows, []Column{PrintedIn(study.NormC, 1, 11)}, "", other).Rows[0].Cells[0]
		require.NotEmpty(t, cell.Paper)
		require.Equal(t, c.verdict, cell.Verdict)
		require.Contains(t, cell.Reason, c.reason)
	}
}

// A table of one's own shows the mean over seeds and the paper's number, and judges nothing.
func TestPlainTable(t *testing.T) {
	rows := []study.Measures{
		{Spec: study.Spec{Task: "cb", Method: study.FT, Seed: 1}, TestSet: "cb", NormC: 1}, {Spec: study.Spec{Task: "cb", Method: study.FT, Seed: 2}, TestSet: "cb", NormC: 2},
	}
	twice := study.Metric{Title: "twice", Digits: 1, Of: func(m *study.Measures) float64 { return 2 * m.NormC }}
	table := Plain(rows, []study.Metric{study.NormC, twice, study.FDR})
	cells := table.Rows[0].Cells
	require.Equal(t, "1.500 ± 0.707", cells[0].Ours)
	require.NotEmpty(t, cells[0].Paper)
	require.Empty(t, cells[0].Verdict)
	require.Equal(t, report.Cell{Ours: "3.0 ± 1.4"}, cells[1])
	require.Equal(t, "undefined", cells[2].Ours)
}
