package encoder

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Adapters as people save them give the features that PEFT's own reader gives
// (testdata/make_adapters.py).
func TestAdaptersAsPeopleHaveThem(t *testing.T) {
	w := load(t, filepath.Join("testdata", "roberta-2"))
	_, encs := readFixture(t, filepath.Join("testdata", "roberta-2", "fixture.json"))
	plain := featuresOf(t, w, nil, encs)
	dirs, err := filepath.Glob(filepath.Join("testdata", "adapters", "*"))
	require.NoError(t, err)
	require.Len(t, dirs, 8)
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			l, err := LoadPEFT(dir, w.Config)
			require.NoError(t, err)
			raw, err := os.ReadFile(filepath.Join(dir, "features.json"))
			require.NoError(t, err)
			var want [][]float64
			require.NoError(t, json.Unmarshal(raw, &want))
			got := featuresOf(t, l.Merge(w), nil, encs)
			require.LessOrEqual(t, maxDifference(got, want), 2e-5)
			require.Greater(t, maxDifference(plain, want), 0.01, "the adapter must change the features")
		})
	}
}
