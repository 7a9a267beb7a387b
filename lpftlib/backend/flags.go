package backend

import (
	"os"
	"strings"
)

// noTriton is XLA's flag for matrix products by cuBLAS alone.
const noTriton = "--xla_gpu_enable_triton_gemm=false"

// compileQuickly spares a card's programs a search: XLA would make dozens of kernels for every matrix product and
// time them. On an NVIDIA H200 `lpft run --method lp` on CB with RoBERTa-base's shape took 10 s without the search; with
// it, the features alone took 45 s. What XLA_FLAGS says of the search stands. XLA reads the variable when the plugin
// is loaded, so this must come before.
func compileQuickly() error {
	flags := os.Getenv("XLA_FLAGS")
	if name, _, _ := strings.Cut(noTriton, "="); strings.Contains(flags, name) {
		return nil
	}
	return os.Setenv("XLA_FLAGS", strings.TrimSpace(flags+" "+noTriton))
}
