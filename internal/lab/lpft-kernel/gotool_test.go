//go:build unix

package main

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// Cells are linked by Go's own linker, unless the reader's flags say how.
func TestCellsAreLinkedFast(t *testing.T) {
	if runtime.GOOS != "linux" {
		require.Equal(t, []string{"build", "-o", "x"}, linkedFast([]string{"build", "-o", "x"}))
		return
	}
	require.Equal(t, []string{"build", "-ldflags=-s -w -linkmode=internal", "-o", "x"}, linkedFast([]string{"build", "-o", "x"}))
	require.Equal(t, []string{"build", "-ldflags=-X a.b=c", "-o", "x"}, linkedFast([]string{"build", "-ldflags=-X a.b=c", "-o", "x"}))
}
