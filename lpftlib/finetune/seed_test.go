package finetune

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// The same seed twice: the same bits on "go", whatever the cores did meanwhile; on XLA the same to 1e-5 of the weights' norm.
func TestSameSeedTwice(t *testing.T) {
	f := newFault(t)
	f.be = openBackend(t) // any engine
	var runs [2]*Result
	for i := range runs {
		var err error
		runs[i], err = Run(context.Background(), f.be, f.start, f.data, f.recipe, Hooks{Score: accuracy})
		require.NoError(t, err)
	}
	if f.be.Engine == "go" {
		require.Equal(t, runs[0], runs[1])
		return
	}
	for name, a := range runs[0].Weights.Tensors {
		require.LessOrEqual(t, distance(a, runs[1].Weights.Tensors[name]), 1e-5*distance(a, nil), name)
	}
	require.InEpsilon(t, runs[0].Course.Steps[14].Loss, runs[1].Course.Steps[14].Loss, 1e-4)
}
