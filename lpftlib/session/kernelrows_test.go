package session

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDrawKernelRows(t *testing.T) {
	a, err := drawTrainRows(30, 100, 1)
	require.NoError(t, err)
	b, err := drawTrainRows(30, 100, 1)
	require.NoError(t, err)
	require.Equal(t, a, b)
	other, err := drawTrainRows(30, 100, 2)
	require.NoError(t, err)
	require.NotEqual(t, a, other)
	test, err := drawTestRows(30, 100, 1)
	require.NoError(t, err)
	require.NotEqual(t, a, test)
	seen := map[int]bool{}
	for _, row := range a {
		require.False(t, seen[row])
		require.True(t, row >= 0 && row < 100)
		seen[row] = true
	}
	all, err := drawTrainRows(100, 100, 1)
	require.NoError(t, err)
	require.Len(t, all, 100)
	_, err = drawTrainRows(101, 100, 1)
	require.ErrorContains(t, err, "expected 1 to 100")
}
