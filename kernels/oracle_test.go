package kernels

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/encoder"
)

// oracle is what testdata/make_fixtures.py writes.
type oracle struct {
	Head        []float64
	Classes     int
	Train, Test []struct{ IDs, Types []int32 }
	F           map[string][]float64
	FTest       map[string][]float64 `json:"f_test"`
}

// Group by group the kernel is PyTorch's, computed in float64 by one reverse pass a row and class.
func TestKernelAgainstPyTorch(t *testing.T) {
	be := openBackend(t)
	for _, name := range fixtures {
		data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		require.NoError(t, err)
		var f oracle
		require.NoError(t, json.Unmarshal(data, &f))
		texts := func(list []struct{ IDs, Types []int32 }) (out []encoder.Encoding) {
			for _, e := range list {
				out = append(out, encoder.Encoding{IDs: e.IDs, TypeIDs: e.Types})
			}
			return out
		}
		head := &Head{V: mat.NewDense(f.Classes, len(f.Head)/f.Classes, f.Head), B: make([]float64, f.Classes)}
		for wide, tolerance := range map[bool]float64{false: 1e-5, true: 1e-10} {
			k, err := NTK(context.Background(), &Model{Weights: loadFixture(t, name)}, head, texts(f.Train), texts(f.Test), Options{Backend: be, Float64: wide})
			require.NoError(t, err)
			require.Len(t, k.Groups, len(f.F))
			for _, g := range k.Groups {
				requireRelative(t, f.F[g.Name], g.Train.Data, tolerance, name+", "+g.Name)
				requireRelative(t, f.FTest[g.Name], g.Test.Data, tolerance, name+", "+g.Name+", test")
			}
		}
	}
}
