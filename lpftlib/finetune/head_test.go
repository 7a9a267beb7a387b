package finetune

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
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
	last := f.First64[len(f.First64)-1]
	features := mat.NewDense(len(last), head.Hidden(), nil)
	for i, row := range last {
		features.SetRow(i, row)
	}
	logits := head.Logits(features)
	for i, row := range f.Logits64 {
		for c, want := range row {
			require.InDelta(t, want, logits.At(i, c), 1e-6)
		}
	}
}
