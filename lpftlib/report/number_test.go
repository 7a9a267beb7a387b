package report

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
)

func TestNumbersOfAColumnAreWrittenAlike(t *testing.T) {
	for _, c := range []struct {
		v      float64
		digits int
		want   string
	}{
		{0.95123, 3, "0.951"}, {81396.793, 3, "81396.793"}, {0, 2, "0.00"}, {-3, 1, "-3.0"},
		{8.14e7, 3, "8.14·10⁷"}, {2.34e-5, 3, "2.34·10⁻⁵"}, {-1.5e12, 0, "-1.50·10¹²"},
	} {
		require.Equal(t, c.want, Fixed(c.v, c.digits))
	}
	require.Equal(t, "+0.5", Signed(0.5, 1))
	require.Equal(t, "-0.5", Signed(-0.5, 1))
}

// Columns of words are set to the left, also where a cell has none; a column with a number is one of numbers.
func TestColumnsOfWords(t *testing.T) {
	table := Table{Columns: []string{"from", "value"}, Rows: []Row{{Cells: []Cell{{Ours: "a file"}, {Ours: "−1.5"}}}, {Cells: []Cell{{Ours: "-"}, {Ours: "not loaded"}}}}}
	require.True(t, table.words(0))
	require.False(t, table.words(1))
	page, err := table.HTML()
	require.NoError(t, err)
	require.Contains(t, page, `<th scope="col" class="words">from</th><th scope="col">value</th>`)
	require.Contains(t, page, `<td class="words"><span class="ours">a file</span>`)

	table.Rows[1].Cells[0].Ours = "a text that is too long for a line of a table"
	page, err = table.HTML()
	require.NoError(t, err)
	require.Contains(t, page, `<td class="prose"><span class="ours">a file</span>`, "a column is set alike from top to bottom")
}

// Claims without names of their own have no column for them.
func TestClaimsWithoutNames(t *testing.T) {
	claims := []paper.Claim{{Text: "LP-FT is nearer", Explanation: "so in 1 of 2"}}
	page, err := ClaimsHTML(claims)
	require.NoError(t, err)
	require.NotContains(t, page, ">claim<")
	require.Contains(t, page, "nearer <span", "where no style is allowed, a space parts the two")
	claims[0].ID = "C1"
	page, err = ClaimsHTML(claims)
	require.NoError(t, err)
	require.Contains(t, page, ">claim<")
}
