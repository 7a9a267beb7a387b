package backend

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The user's flags are kept, and the user's word on the search stands.
func TestCompileQuickly(t *testing.T) {
	for given, want := range map[string]string{
		"":                                  noTriton,
		"--xla_gpu_cuda_data_dir=/cuda":     "--xla_gpu_cuda_data_dir=/cuda " + noTriton,
		"--xla_gpu_enable_triton_gemm=true": "--xla_gpu_enable_triton_gemm=true",
		"--xla_dump_to=/x " + noTriton:      "--xla_dump_to=/x " + noTriton,
	} {
		t.Setenv("XLA_FLAGS", given)
		require.NoError(t, compileQuickly())
		require.Equal(t, want, os.Getenv("XLA_FLAGS"))
	}
}
