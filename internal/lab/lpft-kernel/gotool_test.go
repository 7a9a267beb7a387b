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
	const ours, tags = "-ldflags=-s -w -linkmode=internal", "-tags=netgo,osusergo"
	require.Equal(t, []string{"build", tags, ours, "-o", "x"}, linkedFast([]string{"build", "-o", "x"}))
	require.Equal(t, []string{"build", tags, "-ldflags=-X a.b=c", "-o", "x"}, linkedFast([]string{"build", "-ldflags=-X a.b=c", "-o", "x"}))
	require.Equal(t, []string{"build", ours, "--tags=a", "-o", "x"}, linkedFast([]string{"build", "--tags=a", "-o", "x"}))
}
