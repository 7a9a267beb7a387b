//go:build cgo

package backend

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"
)

// What one process has compiled the next one loads, with the same result; what is damaged, or of other
// flags, is compiled anew. Each process is this test, run again. It is xla:cuda's where GOMLX_BACKEND asks for it.
func TestProgramsOutliveTheProcess(t *testing.T) {
	if os.Getenv("LPFT_TEST_PROGRAMS") != "" {
		computeAndCount(t)
		return
	}
	plugins, err := candidates(keptEngine())
	if err != nil {
		t.Skip(err)
	}
	b, err := Open(keptEngine())
	require.NoError(t, err)
	if _, _, kept := b.Programs(); !kept {
		t.Skip("this plugin cannot write programs out, or the system does not name the device")
	}
	home, folder := t.TempDir(), filepath.Dir(plugins[0].Path) // of the plugin, which may lie in the LPFT_HOME that is left
	count := func(env ...string) string {
		return again(t, "TestProgramsOutliveTheProcess", append(env, "LPFT_TEST_PROGRAMS=1", "LPFT_HOME="+home, FoldersVar+"="+folder)...)
	}
	require.Contains(t, count(), "compiled 1, loaded 0")
	require.Contains(t, count(), "compiled 0, loaded 1")
	require.Contains(t, count("XLA_FLAGS="+os.Getenv("XLA_FLAGS")+" --xla_cpu_enable_fast_math=false"), "compiled 1, loaded 0")

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

// keptEngine is the XLA engine that is tried.
func keptEngine() string {
	if asked, _, _ := strings.Cut(os.Getenv(EnvVar), ","); strings.HasPrefix(asked, "xla:") {
		return asked
	}
	return "xla:cpu"
}

// The cards' models and their driver are part of a program's name, and what changes with each start is not.
func TestCards(t *testing.T) {
	dir := t.TempDir()
	require.Empty(t, cards(dir), "no card")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "version"), []byte("NVRM version: 580.159.04\n"), 0o600))
	card := filepath.Join(dir, "gpus", "0000:00:06.0")
	require.NoError(t, os.MkdirAll(card, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(card, "information"), []byte("Model: \t\t NVIDIA H200\nIRQ:   \t\t 41\nGPU UUID: \t GPU-39\n"), 0o600))
	require.Equal(t, "NVRM version: 580.159.04\nModel: \t\t NVIDIA H200\n", cards(dir))
}

func computeAndCount(t *testing.T) {
	b, err := Open(keptEngine())
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
