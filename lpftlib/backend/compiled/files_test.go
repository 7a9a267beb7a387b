//go:build linux

package compiled

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What was written is read back whole or not at all.
func TestFiles(t *testing.T) {
	f := files{dir: filepath.Join(t.TempDir(), "programs"), limit: 1 << 20}
	require.Empty(t, f.read("a"))
	f.write("a", []byte("program"))
	require.Equal(t, "program", string(f.read("a")))
	f.write("a", []byte("another"))
	require.Equal(t, "another", string(f.read("a")))

	path := filepath.Join(f.dir, "a")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := range whole {
		damaged := append([]byte(nil), whole...)
		damaged[i] ^= 0x10
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		require.Empty(t, f.read("a"), "byte %d", i)
		require.NoError(t, os.WriteFile(path, whole[:i], 0o600))
		require.Empty(t, f.read("a"), "cut at %d", i)
	}
	entries, err := os.ReadDir(f.dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file stays")
	info, err := os.Stat(f.dir)
	require.NoError(t, err)
	require.EqualValues(t, 0o700, info.Mode().Perm(), "what lies here is run as machine code")
}

// A full folder loses what was not used for longest, and what killed processes left.
func TestPrune(t *testing.T) {
	f := files{dir: t.TempDir(), limit: 300}
	content := make([]byte, 68) // 100 bytes with its digest
	long := time.Now().Add(-2 * time.Hour)
	left := filepath.Join(f.dir, ".part-1")
	require.NoError(t, os.WriteFile(left, content, 0o600))
	require.NoError(t, os.Chtimes(left, long, long))
	for i, name := range []string{"a", "b", "c"} {
		f.write(name, content)
		then := long.Add(time.Duration(i+1) * time.Minute)
		require.NoError(t, os.Chtimes(filepath.Join(f.dir, name), then, then))
	}
	require.NoFileExists(t, left)
	require.NotEmpty(t, f.read("a"), "a is used again")
	f.write("d", content)
	require.NotEmpty(t, f.read("a"))
	require.Empty(t, f.read("b"))
	require.NotEmpty(t, f.read("c"))
	require.NotEmpty(t, f.read("d"))
}
