package backend

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Place moves tensors to the memory of the process's device. A tensor that several device
// batches read at once must be placed first: the move itself is not safe to do twice at the
// same time.
func (b *Backend) Place(list []*tensors.Tensor) error {
	for _, t := range list {
		if err := t.MaterializeOnDevice(b.Backend, true, b.Num); err != nil {
			return err
		}
	}
	return nil
}

// Run executes a graph on the process's device; exec.Exec alone takes the first. A panic inside
// the engine becomes an error.
func (b *Backend) Run(exec *graph.Exec, args []any) (out []*tensors.Tensor, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	out, _, err = exec.CallWithGraphOnDevice(b.Num, args...) // CallOnDevice of GoMLX v0.28.0 ignores its device
	return out, err
}
