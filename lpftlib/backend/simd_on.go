//go:build goexperiment.simd

package backend

// SIMD tells whether this program was built with GOEXPERIMENT=simd.
func SIMD() bool { return true }
