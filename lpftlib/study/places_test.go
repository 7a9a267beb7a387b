package study

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeaviestPart(t *testing.T) {
	f := &Freezing{Parts: []FrozenPart{{Effect: 0.1, Predicted: 0.2}, {Effect: 0.3, Predicted: 0.1}, {Effect: 0.2, Predicted: 0.9}}}
	real, predicted := f.Heaviest()
	require.Equal(t, 1, real)
	require.Equal(t, 2, predicted)
}
