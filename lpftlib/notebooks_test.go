package lpftlib

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// notebook is what the tests look at.
type notebook struct {
	Cells []struct {
		Type     string                  `json:"cell_type"`
		Source   []string                `json:"source"`
		Outputs  []json.RawMessage       `json:"outputs"`
		Metadata struct{ Tags []string } `json:"metadata"`
	}
	Metadata struct {
		Kernel struct{ Name string } `json:"kernelspec"`
	}
}

func notebooks(t *testing.T) map[string]notebook {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "notebooks", "*.ipynb"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	out := map[string]notebook{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		var nb notebook
		require.NoError(t, json.Unmarshal(data, &nb), path)
		out[filepath.Base(path)] = nb
	}
	return out
}

// Notebooks are committed without outputs, use this project's kernel, have one cell of parameters, and no cell of
// more than 15 lines.
func TestNotebooksAreReadable(t *testing.T) {
	for name, nb := range notebooks(t) {
		require.Equal(t, "lpft", nb.Metadata.Kernel.Name, name)
		parameters := 0
		for i, cell := range nb.Cells {
			require.Empty(t, cell.Outputs, name)
			if cell.Type != "code" {
				continue
			}
			require.LessOrEqual(t, len(cell.Source), 15, "%s, cell %d", name, i)
			if strings.Join(cell.Metadata.Tags, " ") == "parameters" {
				parameters++
			}
		}
		require.Equal(t, 1, parameters, "%s: cells with the tag parameters", name)
	}
}

// Every notebook but the index ends with cells to try, and imports only what the project or its modules have: GoNB
// would go and fetch anything else.
func TestNotebooksTeach(t *testing.T) {
	imports := regexp.MustCompile(`^\s*(?:import )?"([^"]+)"$`)
	for name, nb := range notebooks(t) {
		text := ""
		for _, cell := range nb.Cells {
			for _, line := range cell.Source {
				if m := imports.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil && cell.Type == "code" {
					require.Regexp(t, `^(lpft/|gonum\.org/|[a-z0-9]+(/[a-z0-9]+)*$)`, m[1], name)
				}
			}
			text += strings.Join(cell.Source, "")
		}
		if name != "index.ipynb" {
			require.True(t, strings.Contains(text, "## Try this"), name)
		}
	}
}
