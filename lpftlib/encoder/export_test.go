package encoder

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/head"
)

// exportDir names the folder that testdata/check_roundtrip.py wants models and adapters in.
const exportDir = "ENCODER_EXPORT"

// TestExport writes what Python then loads: saved models, adapters on them, and the features
// that either has here.
func TestExport(t *testing.T) {
	root := os.Getenv(exportDir)
	if root == "" {
		t.Skip(exportDir + " is not set: testdata/check_roundtrip.py sets it")
	}
	for _, name := range small {
		w := load(t, filepath.Join("testdata", name))
		f, encs := readFixture(t, filepath.Join("testdata", name, "fixture.json"))
		l := randomLoRA(t, w.Config, adaptable(w.Config)["query and value"], 3, 6)
		every := randomLoRA(t, w.Config, adaptable(w.Config)["every dense layer"], 2, 3)
		dir := filepath.Join(root, name)
		require.NoError(t, w.Save(filepath.Join(dir, "model")))
		require.NoError(t, l.SavePEFT(filepath.Join(dir, "adapter"), w.Config))
		require.NoError(t, every.SavePEFT(filepath.Join(dir, "adapter-every-layer"), w.Config))
		c := Classifier{Weights: w, Head: head.New(3, w.Config.Hidden), Classes: []string{"no", "yes", "maybe"}}
		for i, v := 0, c.Head.Weight(); i < len(v); i++ {
			v[i] = 30 * math.Sin(float64(i)) // a large head, as after LP
		}
		c.Head.B[1] = 0.5
		require.NoError(t, c.Save(filepath.Join(dir, "classifier")))
		adapted := c
		adapted.LoRA = l
		require.NoError(t, adapted.Save(filepath.Join(dir, "peft-classifier")))
		logits := func(phi []float32) []float64 {
			wide := head.FromFloat32(phi, make([]float32, len(encs))).V // [N, h]
			return c.Head.Logits(wide).RawMatrix().Data
		}
		raw, err := json.Marshal(map[string]any{"classifier": logits(featuresOf(t, w, nil, encs)), "peft-classifier": logits(featuresOf(t, w, l, encs)),
			"encodings": f.Encodings, "model": featuresOf(t, w, nil, encs),
			"adapter": featuresOf(t, w, l, encs), "adapter-every-layer": featuresOf(t, w, every, encs)})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "features.json"), raw, 0o644))
	}
}
