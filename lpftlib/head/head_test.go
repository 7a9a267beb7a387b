package head

import (
	"encoding/json"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/store"
)

func some() *Head {
	return &Head{V: mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6}), B: []float64{0.5, -1}}
}

func TestLogits(t *testing.T) {
	logits := some().Logits(mat.NewDense(2, 3, []float64{1, 0, 0, 1, 1, -1}))
	require.Equal(t, []float64{1.5, 3, 0.5, 2}, logits.RawMatrix().Data)
}

// Reading A sets the norm, reading B multiplies; neither touches the bias or the original.
func TestScaling(t *testing.T) {
	h := some()
	a, err := h.ScaleTo(10)
	require.NoError(t, err)
	require.InEpsilon(t, 10, a.Norm(), 1e-15)
	require.InEpsilon(t, math.Sqrt(91)*2, h.ScaleBy(2).Norm(), 1e-15)
	require.Equal(t, h.B, a.B)
	require.Equal(t, some(), h)
	_, err = New(2, 3).ScaleTo(1)
	require.ErrorContains(t, err, "norm is 0")
}

// The paper's rule: V and b of two classes are halved, of more they are not.
func TestHalved(t *testing.T) {
	half := some().Halved()
	require.Equal(t, []float64{0.5, 1, 1.5, 2, 2.5, 3}, half.Weight())
	require.Equal(t, []float64{0.25, -0.5}, half.B)
	three := New(3, 2)
	require.Same(t, three, three.Halved())
}

// A head passes through JSON, float32 and .npz.
func TestRoundTrips(t *testing.T) {
	h := some()
	raw, err := json.Marshal(h)
	require.NoError(t, err)
	back := &Head{}
	require.NoError(t, json.Unmarshal(raw, back))
	require.Equal(t, h, back)
	require.ErrorContains(t, json.Unmarshal([]byte(`{"classes": 2, "hidden": 3, "weight": [1], "bias": [1, 2]}`), back), "1 weights")
	require.Equal(t, h, FromFloat32(h.Float32()))
	path := filepath.Join(t.TempDir(), "head.npz")
	require.NoError(t, h.Write(path, store.NamedArray{Name: "kappa", Shape: []int{}, Data: []float64{3}}))
	back, err = Read(path)
	require.NoError(t, err)
	require.Equal(t, h, back)
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "head.npz")
	weight := store.NamedArray{Name: "weight", Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, 6}}
	bias := func(shape int, data any) store.NamedArray {
		return store.NamedArray{Name: "bias", Shape: []int{shape}, Data: data}
	}
	require.NoError(t, store.WriteNpz(path, []store.NamedArray{weight, bias(2, []float64{0.5, -1})}))
	h, err := Read(path)
	require.NoError(t, err)
	require.Equal(t, some(), h)
	for want, arrays := range map[string][]store.NamedArray{
		`"bias" is missing`:  {weight},
		"[2 3] and bias [3]": {weight, bias(3, []float32{1, 2, 3})},
		`"weight"`:           {{Name: "weight", Shape: []int{6}, Data: []int64{1, 2, 3, 4, 5, 6}}, bias(3, []float32{1, 2, 3})},
	} {
		require.NoError(t, store.WriteNpz(path, arrays))
		_, err = Read(path)
		require.ErrorContains(t, err, want)
	}
}

func TestCheck(t *testing.T) {
	require.NoError(t, some().Check(3))
	require.ErrorContains(t, some().Check(4), "[C, 4]")
	require.ErrorContains(t, New(1, 3).Check(3), "2 classes")
	h := some()
	h.B[1] = math.NaN()
	require.ErrorContains(t, h.Finite(), "bias number 1 is NaN")
}
