//go:build unix

package lab

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a killed process left is removed at the next start; what a live one uses stays.
func TestLeftoversOfTheDeadAreRemoved(t *testing.T) {
	e := &Env{Home: t.TempDir()}
	alive, err := e.newScratch()
	require.NoError(t, err)
	dead := e.path("tmp", "run-dead")
	require.NoError(t, os.MkdirAll(filepath.Join(dead, "gonb_123"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dead, "execute.log"), []byte("half"), 0o644))
	require.NoError(t, os.WriteFile(dead+".lock", nil, 0o644)) // its lock went with the process
	other, err := e.newScratch()
	require.NoError(t, err)
	require.NoDirExists(t, dead)
	require.NoFileExists(t, dead+".lock")
	require.DirExists(t, alive.dir)
	other.end()
	alive.end()
	left, err := os.ReadDir(e.path("tmp"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// A server that others can reach is known as such.
func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{"": true, "localhost": true, "127.0.0.1": true, "127.8.8.8": true, "::1": true, "0.0.0.0": false, "::": false, "10.0.0.4": false, "example.org": false} {
		require.Equal(t, want, Loopback(host), host)
	}
}
