package items

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every table and figure of the paper, and every statement of its theory that can be computed,
// belongs to one item with a notebook, and so do the questions beyond it; Tables 4 and 5 are abbreviations and notation, in the index.
func TestThePapersContentsAreCovered(t *testing.T) {
	want := []string{"proposition1", "proposition2", "corollary1", "equation7", "equation8", "defects", "following", "movement", "stability", "places", "norms"}
	for n := 1; n <= 16; n++ {
		if n != 4 && n != 5 {
			want = append(want, fmt.Sprintf("table%d", n))
		}
	}
	for n := 1; n <= 11; n++ {
		want = append(want, fmt.Sprintf("figure%d", n))
	}
	var covered []string
	notebooks := map[string]bool{}
	for _, file := range []string{"index.ipynb", "your_own.ipynb"} {
		notebooks[filepath.Join("..", "..", "notebooks", file)] = true
	}
	for _, item := range All() {
		covered = append(covered, item.Covers...)
		file := filepath.Join("..", "..", "notebooks", item.Notebook)
		require.FileExists(t, file)
		require.False(t, notebooks[file], "two items share %s", item.Notebook)
		notebooks[file] = true
	}
	require.ElementsMatch(t, want, covered)

	files, err := filepath.Glob(filepath.Join("..", "..", "notebooks", "*.ipynb"))
	require.NoError(t, err)
	for _, file := range files {
		require.True(t, notebooks[file], "%s belongs to no item", file)
	}
	index, err := os.ReadFile(filepath.Join("..", "..", "notebooks", "index.ipynb"))
	require.NoError(t, err)
	require.Contains(t, string(index), "Notation (Tables 4 and 5)")
}
