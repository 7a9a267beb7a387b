//go:build unix

package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A kernel installed for sources that have moved since says so, and starts nothing.
func TestSourcesThatMoved(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	err := launch(gone, t.TempDir(), "connection.json")
	require.EqualError(t, err, "the sources that cells are compiled with are not in "+gone+` any more: run "lpft kernel install" where they are now`)
}

func TestEnvironOfACell(t *testing.T) {
	require.Equal(t, []string{"TMPDIR=/t", "GOFLAGS=-buildvcs=false", "PATH=/bin", "LPFT_HOME=/home"},
		environ([]string{"TMPDIR=/tmp", "GOWORK=/w/go.work", "GOFLAGS=-mod=mod -buildvcs=false", "PATH=/bin"}, "/home", "/t"))
	require.Equal(t, []string{"TMPDIR=/t", "LPFT_HOME=/mine"}, environ([]string{"LPFT_HOME=/mine"}, "/home", "/t"))
}
