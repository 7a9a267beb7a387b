package measure

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// readFixture reads a file of testdata/make_fixtures.py.
func readFixture(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

func dense(rows [][]float64) *mat.Dense {
	m := mat.NewDense(len(rows), len(rows[0]), nil)
	for i, row := range rows {
		m.SetRow(i, row)
	}
	return m
}

type predictionFixture struct {
	Logits           [][]float64 `json:"logits"`
	Labels           []int       `json:"labels"`
	Accuracy         float64     `json:"accuracy"`
	Matthews         float64     `json:"matthews"`
	ECE              float64     `json:"ece"`
	MCE              float64     `json:"mce"`
	NLL              float64     `json:"nll"`
	Brier            float64     `json:"brier"`
	BrierMean        float64     `json:"brier_mean"`
	TemperatureAdam  float64     `json:"temperature_adam"`
	TemperatureExact float64     `json:"temperature_exact"`
	NLLExact         float64     `json:"nll_exact"`
}

func readPredictions(t *testing.T) map[string]predictionFixture {
	fixtures := map[string]predictionFixture{}
	readFixture(t, "predictions", &fixtures)
	require.Len(t, fixtures, 4)
	return fixtures
}

func TestPredictionMetricsAgainstPython(t *testing.T) {
	for name, want := range readPredictions(t) {
		t.Run(name, func(t *testing.T) {
			logits := dense(want.Logits)
			bins := func(metric func(*mat.Dense, []int, int) (float64, error)) func(*mat.Dense, []int) (float64, error) {
				return func(f *mat.Dense, y []int) (float64, error) { return metric(f, y, PaperBins) }
			}
			for metric, c := range map[string]struct {
				of   func(*mat.Dense, []int) (float64, error)
				want float64
			}{
				"accuracy":   {Accuracy, want.Accuracy},
				"Matthews":   {Matthews, want.Matthews},
				"ECE":        {bins(ECE), want.ECE},
				"MCE":        {bins(MCE), want.MCE},
				"NLL":        {NLL, want.NLL},
				"Brier":      {Brier, want.Brier},
				"Brier mean": {BrierMean, want.BrierMean},
			} {
				got, err := c.of(logits, want.Labels)
				require.NoError(t, err, metric)
				require.InDelta(t, c.want, got, 1e-12, metric)
			}
		})
	}
}

func TestTemperatureAgainstPython(t *testing.T) {
	for name, want := range readPredictions(t) {
		t.Run(name, func(t *testing.T) {
			logits := dense(want.Logits)
			adam, err := FitTemperature(logits, want.Labels)
			require.NoError(t, err)
			require.InDelta(t, want.TemperatureAdam, adam.T, 2e-4)
			exact, err := ExactTemperature(logits, want.Labels)
			require.NoError(t, err)
			require.InEpsilon(t, want.TemperatureExact, exact.T, 1e-6)
			require.InDelta(t, want.NLLExact, exact.NLL, 1e-12)
			require.InDelta(t, want.NLL, exact.NLLBefore, 1e-12)
			require.InDelta(t, exact.T, adam.T, 0.01)
			require.LessOrEqual(t, exact.NLL, adam.NLL+1e-15)
			require.False(t, exact.AtBound)
			require.False(t, adam.AtBound)
		})
	}
}

func TestFeatureMetricsAgainstPython(t *testing.T) {
	var fixtures map[string]struct {
		Features, Pretrained [][]float64
		Labels               []int
		Classes              int
		CS                   float64  `json:"cs"`
		Diff                 float64  `json:"diff"`
		FDRInverse           *float64 `json:"fdr_inverse"`
		FDRPinv              float64  `json:"fdr_pinv"`
		FDRRidge             float64  `json:"fdr_ridge"`
	}
	readFixture(t, "features", &fixtures)
	require.Len(t, fixtures, 4)
	for name, want := range fixtures {
		t.Run(name, func(t *testing.T) {
			x := dense(want.Features)
			cs, err := CosineSimilarity(x)
			require.NoError(t, err)
			require.InDelta(t, want.CS, cs, 1e-12)
			diff, err := FeatureDifference(x, dense(want.Pretrained))
			require.NoError(t, err)
			require.InDelta(t, want.Diff, diff, 1e-12)

			pinv, err := FDR(x, want.Labels, want.Classes, FDRPinv())
			require.NoError(t, err)
			require.InEpsilon(t, want.FDRPinv, pinv.Value, 1e-8)
			require.Equal(t, "pinv", pinv.Variant)
			ridge, err := FDR(x, want.Labels, want.Classes, FDRRidge(0.01))
			require.NoError(t, err)
			require.InEpsilon(t, want.FDRRidge, ridge.Value, 1e-10)
			require.Equal(t, "ridge(0.01)", ridge.Variant)
			inverse, err := FDR(x, want.Labels, want.Classes, FDRInverse())
			if want.FDRInverse == nil {
				require.ErrorContains(t, err, "singular")
				return
			}
			require.NoError(t, err)
			require.InEpsilon(t, *want.FDRInverse, inverse.Value, 1e-8)
			require.InEpsilon(t, pinv.Value, inverse.Value, 1e-8)
		})
	}
}

func TestTSNEAgainstScikitLearn(t *testing.T) {
	var want struct {
		Points, Early          [][]float64
		Labels                 []int
		Perplexity, Divergence float64
		Every                  int
		Joint                  []float64
	}
	readFixture(t, "tsne", &want)
	x := dense(want.Points)
	n := len(want.Points)
	joint := jointNeighbourhoods(squaredDistances(x), n, want.Perplexity)
	for k, p := range want.Joint { // theirs are made from float32 distances, to an entropy within 1e-5
		require.InDelta(t, p, joint[k*want.Every], 1e-6)
	}

	early, err := TSNE(x, TSNEOptions{Perplexity: want.Perplexity, Iterations: 5})
	require.NoError(t, err)
	for axis := range 2 { // a principal component has no sign of its own
		sign := math.Copysign(1, early.Points.At(0, axis)*want.Early[0][axis])
		for i, row := range want.Early {
			require.InDelta(t, row[axis], sign*early.Points.At(i, axis), 1e-3)
		}
	}

	layout, err := TSNE(x, TSNEOptions{Perplexity: want.Perplexity})
	require.NoError(t, err)
	require.Less(t, layout.Divergence, 1.3*want.Divergence)
	again, err := TSNE(x, TSNEOptions{Perplexity: want.Perplexity})
	require.NoError(t, err)
	require.True(t, mat.Equal(layout.Points, again.Points))
	for i := range n { // three well separated blobs: the nearest other point is of the same class
		nearest := -1
		for j := range n {
			if j != i && (nearest < 0 || planeDistance(layout.Points, i, j) < planeDistance(layout.Points, i, nearest)) {
				nearest = j
			}
		}
		require.Equal(t, want.Labels[i], want.Labels[nearest])
	}
}

func planeDistance(p *mat.Dense, i, j int) float64 {
	dx, dy := p.At(i, 0)-p.At(j, 0), p.At(i, 1)-p.At(j, 1)
	return dx*dx + dy*dy
}
