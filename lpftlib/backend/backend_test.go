package backend

import (
	"errors"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// The built-in engine is always there and computes.
func TestGoEngine(t *testing.T) {
	b, err := Open("go")
	require.NoError(t, err)
	require.Equal(t, "go", b.Engine)
	require.Contains(t, b.Why, "asked for")
	out, err := graph.CallOnce(b.Backend, func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(x) }, []float32{1, 2, 3})
	require.NoError(t, err)
	require.Equal(t, float32(6), tensors.ToScalar[float32](out))
}

// A typing error lists what there is and why the rest is not; what was asked for by name and is
// not there is an error.
func TestUnknownEngine(t *testing.T) {
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", t.TempDir())
	_, err := Open("xpu")
	require.ErrorIs(t, err, ErrUnknown)
	require.ErrorContains(t, err, "xla:cpu (no PJRT plugin in PJRT_PLUGIN_LIBRARY_PATH=")
	t.Setenv(EnvVar, "tpu")
	_, err = Open("")
	require.ErrorContains(t, err, `"tpu"`)
	for _, spec := range []string{"go,tf32=true", "xla:cpu,preallocat=false"} {
		_, err = Open(spec)
		require.ErrorIs(t, err, ErrUnknown, spec)
		require.ErrorContains(t, err, "option", spec)
	}
}

func TestNamedEngineIsNotReplaced(t *testing.T) {
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", t.TempDir())
	_, err := Open("xla:cuda")
	require.ErrorContains(t, err, "xla:cuda")
	_, err = Open("xla:cpu")
	if !hasCgo {
		require.ErrorIs(t, err, ErrNoCgo)
		return
	}
	require.ErrorIs(t, err, ErrNoPlugin)
}

// Several device batches with large matrix products at once: the engine's own executor would
// block here when all of its workers wait for one another.
func TestLanesDoNotBlock(t *testing.T) {
	b, err := Open("go")
	require.NoError(t, err)
	exec, err := graph.NewExec(b.Backend, func(x, y *graph.Node) *graph.Node {
		var sum *graph.Node
		for range 8 {
			product := graph.ReduceAllSum(graph.MatMul(graph.AddScalar(x, 1), y))
			if sum == nil {
				sum = product
				continue
			}
			sum = graph.Add(sum, product)
		}
		return sum
	})
	require.NoError(t, err)
	data := make([]float32, 384*384)
	x, y := tensors.FromFlatDataAndDimensions(data, 384, 384), tensors.FromFlatDataAndDimensions(data, 384, 384)
	require.NoError(t, b.Place([]*tensors.Tensor{x, y}))
	var work errgroup.Group
	for range 4 * b.Lanes() {
		work.Go(func() error {
			_, err := exec.Exec(x, y)
			return err
		})
	}
	require.NoError(t, work.Wait())
}

// Every engine is listed, with where it is or a reason why not.
func TestCandidates(t *testing.T) {
	list := Candidates()
	require.Len(t, list, len(Known()))
	for _, c := range list {
		require.True(t, c.Err != nil || c.Note != "", c)
		require.Contains(t, Known(), c.Engine)
	}
}

// What is made once is made once for a kind and key, and not kept when it fails.
func TestOnce(t *testing.T) {
	b, err := Open("go")
	require.NoError(t, err)
	calls := 0
	make := func() (any, error) { calls++; return calls, nil }
	for range 2 {
		made, err := b.Once(Graphs, "key", make)
		require.NoError(t, err)
		require.Equal(t, 1, made)
	}
	_, err = b.Once(Graphs, "other", func() (any, error) { return nil, errors.New("no") })
	require.Error(t, err)
	made, err := b.Once(Graphs, "other", make)
	require.NoError(t, err)
	require.Equal(t, 2, made)
	made, err = b.Once(Weights, "key", make)
	require.NoError(t, err)
	require.Equal(t, 3, made, "another kind is another thing")
}

// Of each kind the last used are kept, and none once they are dropped.
func TestOnceKeepsTheLastUsed(t *testing.T) {
	b, err := Open("go")
	require.NoError(t, err)
	made := 0
	use := func(kind Kind, key string) int {
		before := made
		_, err := b.Once(kind, key, func() (any, error) { made++; return key, nil })
		require.NoError(t, err)
		return made - before
	}
	require.Equal(t, 1, use(Graphs, "a"))
	for _, key := range []string{"a", "b"} {
		require.Equal(t, 1, use(Weights, key))
	}
	require.Zero(t, use(Weights, "a"))
	require.Equal(t, 1, use(Weights, "c"), "a third model")
	require.Zero(t, use(Weights, "a"), "used after b")
	require.Equal(t, 1, use(Weights, "b"), "the longest unused went")
	require.Zero(t, use(Graphs, "a"), "other kinds stay")
	require.True(t, b.Drop(Weights))
	require.False(t, b.Drop(Weights), "nothing is left")
	require.Equal(t, 1, use(Weights, "b"))
	require.Zero(t, use(Graphs, "a"))
}
