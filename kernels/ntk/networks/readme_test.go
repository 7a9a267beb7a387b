package networks

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README shows the example as it runs here.
func TestREADMEShowsTheExample(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	source, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	_, body, _ := strings.Cut(string(source), "func Example() {\n")
	body, _, _ = strings.Cut(body, "\t// Output:")
	lines := strings.Split(strings.TrimSpace(body), "\n")
	require.Greater(t, len(lines), 10)
	require.LessOrEqual(t, len(lines), 30)
	for _, line := range lines {
		require.Contains(t, string(readme), "\n"+strings.TrimPrefix(line, "\t")+"\n")
	}
}
