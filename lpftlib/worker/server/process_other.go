//go:build !linux

package server

// resident is not known here.
func resident() int64 { return 0 }
