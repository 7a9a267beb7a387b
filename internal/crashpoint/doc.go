//go:build !(linux && amd64)

// Package crashpoint exists on Linux on amd64 only, where system calls can be watched.
package crashpoint
