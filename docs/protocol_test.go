package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every citation in the code names a heading that there is.
func TestCitationsNameHeadings(t *testing.T) {
	raw, err := os.ReadFile("protocol.md")
	require.NoError(t, err)
	var headings []string
	for _, m := range regexp.MustCompile(`(?m)^## (.+)$`).FindAllStringSubmatch(string(raw), -1) {
		headings = append(headings, m[1])
	}
	citation := regexp.MustCompile(`docs/protocol\.md,\s+(?://\s+)?([^\n]*)`)
	cited := 0
	require.NoError(t, filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasPrefix(filepath.Base(path), "protocol_test") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range citation.FindAllStringSubmatch(string(source), -1) {
			cited++
			found := false
			for _, h := range headings {
				found = found || strings.HasPrefix(m[1], h)
			}
			require.True(t, found, "%s cites %q, which is no heading of docs/protocol.md", path, m[1])
		}
		return err
	}))
	require.Positive(t, cited)
}
