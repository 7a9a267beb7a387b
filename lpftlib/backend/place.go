package backend

import "github.com/gomlx/gomlx/core/tensors"

// Place moves tensors to the engine's memory. A tensor that several device batches read at
// once must be placed first: the move itself is not safe to do twice at the same time.
func (b *Backend) Place(list []*tensors.Tensor) error {
	for _, t := range list {
		if err := t.MaterializeOnDevice(b.Backend, true, 0); err != nil {
			return err
		}
	}
	return nil
}
