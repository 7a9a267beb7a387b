package encoder

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
)

// Ones through two places of dropout, 0.1 and 0.5, under one key.
func masks(t *testing.T, be *backend.Backend, key ...uint32) (a, b []float32) {
	exec, err := graph.NewExec(be.Backend, func(x, key *graph.Node) []*graph.Node {
		d := NewDropout(key)
		return []*graph.Node{d.apply(x, 0.1), d.apply(x, 0.5)}
	})
	require.NoError(t, err)
	defer exec.Finalize()
	ones := make([]float32, 1<<18)
	for i := range ones {
		ones[i] = 1
	}
	out, err := be.Run(exec, []any{tensors.FromFlatDataAndDimensions(ones, 512, 512), tensors.FromFlatDataAndDimensions(key, 2)})
	require.NoError(t, err)
	a, err = tensors.CopyFlatData[float32](out[0])
	require.NoError(t, err)
	b, err = tensors.CopyFlatData[float32](out[1])
	require.NoError(t, err)
	return a, b
}

// share is how often both are dropped, of the pairs (x[i], y[i+lag]).
func share(x, y []float32, lag int) float64 {
	both := 0
	for i := range len(x) - lag {
		if x[i] == 0 && y[i+lag] == 0 {
			both++
		}
	}
	return float64(both) / float64(len(x)-lag)
}

// An element falls out with its rate, independently of its neighbours, of the same element at
// another place and of the same element under another key; all within five standard deviations.
func TestDropoutMasks(t *testing.T) {
	be, err := backend.Open("")
	require.NoError(t, err)
	a, b := masks(t, be, 1, 2)
	expect := func(what string, got, p float64) {
		require.InDelta(t, p, got, 5*math.Sqrt(p*(1-p)/float64(len(a))), what)
	}
	expect("rate 0.1", share(a, a, 0), 0.1)
	expect("rate 0.5", share(b, b, 0), 0.5)
	for _, lag := range []int{1, 2, 3, 4, 8, 16, 64, 511, 512, 513, 1024, 4096, 65536} {
		expect("later element, rate 0.1", share(a, a, lag), 0.01)
		expect("later element, rate 0.5", share(b, b, lag), 0.25)
	}
	expect("another place", share(a, b, 0), 0.05)
	for _, key := range [][]uint32{{2, 2}, {1, 3}, {0, 2}, {1 << 31, 2}, {1, 2 + 1<<31}} {
		c, d := masks(t, be, key...)
		expect("another key, rate 0.1", share(a, c, 0), 0.01)
		expect("another key, rate 0.5", share(b, d, 0), 0.25)
	}
	for _, v := range a {
		require.Contains(t, []float32{0, 1 / float32(1-0.1)}, v)
	}
	again, _ := masks(t, be, 1, 2)
	require.Equal(t, a, again)
}

// The masks are the same on every engine: the first 32 of the key (1, 2).
func TestDropoutMasksOfAKey(t *testing.T) {
	be, err := backend.Open("")
	require.NoError(t, err)
	a, b := masks(t, be, 1, 2)
	bits := func(x []float32) (out uint32) {
		for i, v := range x[:32] {
			if v == 0 {
				out |= 1 << i
			}
		}
		return out
	}
	require.Equal(t, [2]uint32{0x820802, 0xa56af291}, [2]uint32{bits(a), bits(b)})
}
