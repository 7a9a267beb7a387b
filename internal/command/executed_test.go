package command

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// An executed notebook is reused only with its own record.
func TestExecutionRecords(t *testing.T) {
	out := filepath.Join(t.TempDir(), "table01.ipynb")
	_, ok := readRecord(out)
	require.False(t, ok)
	require.NoError(t, os.WriteFile(out, []byte("{}"), 0o644))
	_, ok = readRecord(out)
	require.False(t, ok, "no record")
	require.NoError(t, writeRecord(out, "abc", 12.5))
	record, ok := readRecord(out)
	require.True(t, ok)
	require.Equal(t, "abc", record.Key)
	require.Equal(t, 12.5, record.Seconds)
	require.NoError(t, os.WriteFile(out, []byte("{} "), 0o644))
	_, ok = readRecord(out)
	require.False(t, ok, "another notebook")
	require.NoError(t, os.WriteFile(recordPath(out), []byte("{"), 0o644))
	_, ok = readRecord(out)
	require.False(t, ok, "a torn record")
}

// What cells are compiled from changes the digest; tests, notebooks and prose do not.
func TestSourcesDigest(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		digest, err := sourcesDigest(root)
		require.NoError(t, err)
		return digest
	}
	first := write("lpftlib/a.go", "package lpftlib")
	require.Equal(t, first, write("lpftlib/a_test.go", "package lpftlib"))
	require.Equal(t, first, write("notebooks/a.ipynb", "{}"))
	require.Equal(t, first, write("lpftlib/task/testdata/a.json", "{}"))
	require.Equal(t, first, write(".git/a.go", "x"))
	require.Equal(t, first, write("README.md", "x"))
	second := write("lpftlib/a.go", "package lpftlib // changed")
	require.NotEqual(t, first, second)
	third := write("lpftlib/study/profiles/mine.json", "{}")
	require.NotEqual(t, second, third)
	require.NotEqual(t, third, write("lpftlib/report/table.css", "td {}"), "a package may be called as the report's folder is")
}
