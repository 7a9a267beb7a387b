package lpftlib

import (
	"fmt"
	"os"
	"path/filepath"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/npy"
	"lpft/lpftlib/worker"
)

// matrix reads the matrix in a file of the store.
func matrix(f worker.File) *mat.Dense {
	a := Must(npy.ReadNpy(f.Path))
	if len(a.Shape) != 2 || a.Float32 == nil {
		Must(0, fmt.Errorf("%s has shape %v: expected a matrix of float32", f.Path, a.Shape))
	}
	wide := make([]float64, len(a.Float32))
	for i, v := range a.Float32 {
		wide[i] = float64(v)
	}
	return mat.NewDense(a.Shape[0], a.Shape[1], wide)
}

// kernel reads the kernel in a file.
func kernel(f worker.File) *kernels.NTK {
	defer done(f)
	return Must(kernels.ReadNTK(f.Path))
}

// done removes a file that was written for this cell alone.
func done(f worker.File) {
	if f.Passed {
		os.RemoveAll(filepath.Dir(f.Path))
	}
}
