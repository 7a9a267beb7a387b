//go:build !cgo

package backend

import "github.com/gomlx/compute"

// hasCgo tells whether this program can load plugins: that takes C.
const hasCgo = false

func constructXLA(string) (compute.Backend, error) { return nil, ErrNoCgo }
