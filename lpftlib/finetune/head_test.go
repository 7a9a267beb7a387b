package finetune

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Logits of a fixed head equal PyTorch's, computed there in float64 from the same features.
func TestLogitsAgainstPyTorch(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(modelDir, "fixture.json"))
	require.NoError(t, err)
	var f struct {
		First64  [][][]float64
		Head     [][]float32
		Logits64 [][]float64
	}
	require.NoError(t, json.Unmarshal(raw, &f))
	head := trainingFixture{Head: f.Head}.head()
	var features []float32
	for _, row := range f.First64[len(f.First64)-1] {
		for _, v := range row {
			features = append(features, float32(v))
		}
	}
	logits, err := head.Logits(features)
	require.NoError(t, err)
	for i, row := range f.Logits64 {
		for c, want := range row {
			require.InDelta(t, want, logits[i*head.Classes+c], 1e-6)
		}
	}
	_, err = head.Logits(features[1:])
	require.ErrorContains(t, err, "no rows of 24")
}

// Reading A sets the norm, reading B multiplies; neither touches the bias or the original.
func TestNormScaling(t *testing.T) {
	h := NewHead(3, 8, 0.02, 1)
	h.Bias[1] = 0.5
	a, err := h.ScaleTo(10)
	require.NoError(t, err)
	require.InEpsilon(t, 10, a.Norm(), 1e-6)
	require.InEpsilon(t, 2*h.Norm(), h.ScaleBy(2).Norm(), 1e-6)
	require.Equal(t, h.Bias, a.Bias)
	_, err = (&Head{Classes: 1, Hidden: 1, Weight: []float32{0}, Bias: []float32{0}}).ScaleTo(1)
	require.ErrorContains(t, err, "norm is 0")
}
