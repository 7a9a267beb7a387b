//go:build cgo

package backend

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"
)

// What one process has compiled the next one loads, with the same result; what is damaged, or of other
// flags, is compiled anew. Each process is this test, run again.
func TestProgramsOutliveTheProcess(t *testing.T) {
	if os.Getenv("LPFT_TEST_PROGRAMS") != "" {
		computeAndCount(t)
		return
	}
	if _, _, kept := xlaCPU(t).Programs(); !kept {
		t.Skip("this plugin cannot write programs out")
	}
	plugins, err := candidates("xla:cpu")
	require.NoError(t, err)
	home, folder := t.TempDir(), filepath.Dir(plugins[0].Path) // of the plugin, which may lie in the LPFT_HOME that is left
	count := func(env ...string) string {
		return again(t, "TestProgramsOutliveTheProcess", append(env, "LPFT_TEST_PROGRAMS=1", "LPFT_HOME="+home, FoldersVar+"="+folder)...)
	}
	require.Contains(t, count(), "compiled 1, loaded 0")
	require.Contains(t, count(), "compiled 0, loaded 1")
	require.Contains(t, count("XLA_FLAGS=--xla_cpu_enable_fast_math=false"), "compiled 1, loaded 0")

	files, err := filepath.Glob(filepath.Join(home, "programs", "*"))
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		content[len(content)/2] ^= 1
		require.NoError(t, os.WriteFile(file, content, 0o600))
	}
	require.Contains(t, count(), "compiled 1, loaded 0", "a flipped bit")
	require.Contains(t, count(), "compiled 0, loaded 1")
	for _, file := range files {
		require.NoError(t, os.WriteFile(file, nil, 0o600))
	}
	require.Contains(t, count(), "compiled 1, loaded 0", "an empty file")
	require.NoError(t, os.RemoveAll(filepath.Join(home, "programs")))
	require.NoError(t, os.WriteFile(filepath.Join(home, "programs"), nil, 0o600))
	require.Contains(t, count(), "compiled 1, loaded 0", "nowhere to keep them")
}

func computeAndCount(t *testing.T) {
	b, err := Open("xla:cpu")
	require.NoError(t, err)
	exec, err := graph.NewExec(b.Backend, func(x *graph.Node) *graph.Node {
		return graph.ReduceAllSum(graph.Erf(graph.MatMul(x, graph.Transpose(x, 0, 1))))
	})
	require.NoError(t, err)
	out, err := b.Run(exec, []any{[][]float32{{1, 2}, {0.5, -1}}})
	require.NoError(t, err)
	require.InDelta(t, -0.0093, tensors.ToScalar[float32](out[0]), 1e-3) // erf(5) + 2 erf(-1.5) + erf(1.25)
	compiled, loaded, kept := b.Programs()
	require.True(t, kept)
	fmt.Printf("compiled %d, loaded %d\n", compiled, loaded)
}
