//go:build unix

package plainfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Devices, pipes, folders and files that are too large are refused at once; a plain file and a link to one are read.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	plain, link, pipe, sparse := filepath.Join(dir, "plain"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe"), filepath.Join(dir, "sparse")
	require.NoError(t, os.WriteFile(plain, []byte("12345"), 0o644))
	require.NoError(t, os.Symlink("plain", link))
	require.NoError(t, syscall.Mkfifo(pipe, 0o644))
	f, err := os.Create(sparse)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(1<<40))
	require.NoError(t, f.Close())
	for _, path := range []string{plain, link} {
		data, err := Read(path, 5)
		require.NoError(t, err)
		require.Equal(t, "12345", string(data))
	}
	for path, want := range map[string]string{"/dev/zero": "a device", pipe: "a pipe", dir: "a folder", sparse: "at most", plain: "at most 4", filepath.Join(dir, "none"): "no such file"} {
		most := int64(4)
		if path == sparse {
			most = Table
		}
		start := time.Now()
		_, err := Read(path, most)
		require.ErrorContains(t, err, want)
		require.Less(t, time.Since(start), time.Second)
	}
}

// What would be replaced must be a plain file.
func TestCheckOutput(t *testing.T) {
	dir := t.TempDir()
	plain, link, dangling := filepath.Join(dir, "plain"), filepath.Join(dir, "link"), filepath.Join(dir, "dangling")
	require.NoError(t, os.WriteFile(plain, nil, 0o644))
	require.NoError(t, os.Symlink("plain", link))
	require.NoError(t, os.Symlink("none", dangling))
	require.NoError(t, CheckOutput(plain))
	require.NoError(t, CheckOutput(filepath.Join(dir, "new")))
	for path, want := range map[string]string{"/dev/null": "a device", link: "is a link", dangling: "is a link", dir: "is a folder"} {
		require.ErrorContains(t, CheckOutput(path), want)
	}
}
