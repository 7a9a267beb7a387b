//go:build !linux || !cgo

package compiled

import "errors"

// Programs are the compiled programs of one plugin; nowhere but on Linux are there any.
type Programs struct{}

// Wrap keeps programs on Linux only: elsewhere every process compiles its own.
func Wrap(_, _, _ string) (*Programs, error) {
	return nil, errors.New("compiled programs are kept on Linux only")
}

// Counts are zero.
func (p *Programs) Counts() (compiled, loaded int) { return 0, 0 }
