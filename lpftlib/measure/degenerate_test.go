package measure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// constant gives n rows of equal logits: every confidence is 1/C.
func constant(n, classes int) *mat.Dense { return mat.NewDense(n, classes, nil) }

// A confidence of exactly 1/C lies on the upper edge of a bin of the paper's fifteen where C divides
// 15, and belongs to that bin; all others are empty and count for nothing.
func TestConfidencesOnAnEdge(t *testing.T) {
	for classes, bin := range map[int]int{3: 4, 5: 2, 15: 0, 1: 14} {
		t.Run(fmt.Sprint(classes, " classes"), func(t *testing.T) {
			labels := []int{0, 0, 0, classes - 1}
			table, err := Reliability(constant(4, classes), labels, PaperBins)
			require.NoError(t, err)
			right := 0.75
			if classes == 1 {
				right = 1
			}
			for b := range table {
				if b != bin {
					require.Equal(t, Bin{Low: table[b].Low, High: table[b].High}, table[b])
				}
			}
			require.Equal(t, 4, table[bin].Count)
			require.Equal(t, right, table[bin].Accuracy)
			require.InDelta(t, 1/float64(classes), table[bin].Confidence, 1e-15)
			ece, err := ECE(constant(4, classes), labels, PaperBins)
			require.NoError(t, err)
			mce, err := MCE(constant(4, classes), labels, PaperBins)
			require.NoError(t, err)
			require.InDelta(t, right-1/float64(classes), ece, 1e-15)
			require.Equal(t, ece, mce) // one occupied bin
		})
	}
}

// A confidence just above an edge belongs to the next bin.
func TestConfidencesBesideAnEdge(t *testing.T) {
	table, err := Reliability(logit(0.6, 0.6+1e-9, 0.6-1e-9), []int{1, 1, 1}, 5)
	require.NoError(t, err)
	require.Equal(t, 1, table[3].Count)
	require.Equal(t, 2, table[2].Count)
}

// With one bin both errors are |accuracy − mean confidence|; one row is a bin of its own.
func TestOneBinAndOneRow(t *testing.T) {
	f, y := logit(0.9, 0.6, 0.8), []int{1, 0, 1}
	for _, metric := range []func(*mat.Dense, []int, int) (float64, error){ECE, MCE} {
		got, err := metric(f, y, 1)
		require.NoError(t, err)
		require.InDelta(t, (0.9+0.6+0.8)/3-2.0/3, got, 1e-12)
		got, err = metric(logit(0.8), []int{0}, PaperBins)
		require.NoError(t, err)
		require.InDelta(t, 0.8, got, 1e-12)
	}
}

// Certain predictions: probabilities that round to 1 stay in the last bin, right or wrong.
func TestCertainPredictions(t *testing.T) {
	f := mat.NewDense(2, 2, []float64{800, 0, 800, 0})
	ece, err := ECE(f, []int{0, 1}, PaperBins)
	require.NoError(t, err)
	require.Equal(t, 0.5, ece)
	exact, err := ExactTemperature(f, []int{0, 1}) // no better than a coin
	require.NoError(t, err)
	require.True(t, exact.AtBound)
	require.InDelta(t, math.Log(2), exact.NLL, 0.01)
}

// A class that no row has changes nothing but the columns of the logits: its column is far below
// the others.
func TestMissingClassChangesNothing(t *testing.T) {
	f, wide := normal(1, 40, 2), mat.NewDense(40, 3, nil)
	y, last := make([]int, 40), make([]int, 40)
	for i := range y {
		y[i] = i * i % 3 % 2
		last[i] = 2 * y[i] // classes 0 and 2 of three
		wide.SetRow(i, []float64{f.At(i, 0), -1e4, f.At(i, 1)})
	}
	for name, metric := range map[string]func(*mat.Dense, []int) (float64, error){
		"accuracy": Accuracy, "Matthews": Matthews, "NLL": NLL, "Brier": Brier,
		"ECE":         func(f *mat.Dense, y []int) (float64, error) { return ECE(f, y, PaperBins) },
		"MCE":         func(f *mat.Dense, y []int) (float64, error) { return MCE(f, y, PaperBins) },
		"temperature": func(f *mat.Dense, y []int) (float64, error) { t, err := ExactTemperature(f, y); return t.T, err },
	} {
		want, err := metric(f, y)
		require.NoError(t, err, name)
		got, err := metric(wide, last)
		require.NoError(t, err, name)
		require.InDelta(t, want, got, 1e-9, name)
	}
}

// FDR counts the classes that are there, in every variant, with more rows than features and with
// fewer; a class of one row is a class.
func TestFDRWithMissingAndSingleClasses(t *testing.T) {
	for _, n := range []int{60, 9} { // h = 12: n > h + C and n < h
		x, y, spread := normal(2, n, 12), make([]int, n), make([]int, n)
		for i := range y {
			y[i] = i % 2
		}
		y[4] = 2 // one row
		for i, c := range y {
			spread[i] = []int{1, 4, 5}[c] // classes 0, 2, 3 of six are missing
		}
		for _, variant := range []FDRVariant{FDRInverse(), FDRPinv(), FDRRidge(0.1)} {
			want, err := FDR(x, y, 3, variant)
			if n < 12 && variant == FDRInverse() {
				require.ErrorContains(t, err, "singular")
				continue
			}
			require.NoError(t, err)
			require.Positive(t, want.Value)
			got, err := FDR(x, spread, 6, variant)
			require.NoError(t, err)
			require.InEpsilon(t, want.Value, got.Value, 1e-12)
			require.Equal(t, want.Floor, got.Floor)
		}
	}
}

// With fewer rows than features the pseudo-inverse is blind to a rotation of the features.
func TestFDRPinvIsRotationInvariant(t *testing.T) {
	x, y := normal(3, 10, 25), []int{0, 1, 2, 0, 1, 2, 0, 1, 2, 0}
	var qr mat.QR
	qr.Factorize(normal(4, 25, 25))
	var q, turned mat.Dense
	qr.QTo(&q)
	turned.Mul(x, &q)
	want, err := FDR(x, y, 3, FDRPinv())
	require.NoError(t, err)
	got, err := FDR(&turned, y, 3, FDRPinv())
	require.NoError(t, err)
	require.InEpsilon(t, want.Value, got.Value, 1e-9)
}

// Calibration after temperature scaling is that of the head V/T, b/T.
func TestScaledHeadHasTheScaledMetrics(t *testing.T) {
	x, v, b := normal(5, 50, 4), normal(6, 3, 4), normal(7, 1, 3)
	logits := func(scale float64) *mat.Dense {
		var f, w mat.Dense
		w.Scale(scale, v)
		f.Mul(x, w.T())
		f.Apply(func(_, c int, value float64) float64 { return value + scale*b.At(0, c) }, &f)
		return &f
	}
	y := Predict(logits(1))
	for i := range 15 {
		y[i] = (y[i] + 1) % 3
	}
	for _, fit := range []func(*mat.Dense, []int) (Temperature, error){FitTemperature, ExactTemperature} {
		fitted, err := fit(logits(1), y)
		require.NoError(t, err)
		nll, err := NLL(logits(1/fitted.T), y)
		require.NoError(t, err)
		require.InDelta(t, fitted.NLL, nll, 1e-12)
		require.Less(t, nll, fitted.NLLBefore)
		want, err := ECE(ScaleLogits(logits(1), fitted.T), y, PaperBins)
		require.NoError(t, err)
		got, err := ECE(logits(1/fitted.T), y, PaperBins)
		require.NoError(t, err)
		require.InDelta(t, want, got, 1e-12)
	}
}

// Logits so large that T is beyond the reach of the published recipe's 100,000 steps: its result says so.
func TestTemperatureSaysItsLimit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	f, y := mat.NewDense(40, 3, nil), make([]int, 40)
	for i := range y {
		y[i] = rng.IntN(3)
		for c := range 3 {
			f.Set(i, c, 300*rng.NormFloat64())
		}
		f.Set(i, y[i], f.At(i, y[i])+360)
	}
	exact, err := ExactTemperature(f, y)
	require.NoError(t, err)
	require.Greater(t, exact.T, 100.0)
	require.False(t, exact.AtLimit)
	published, err := FitTemperature(f, y)
	require.NoError(t, err)
	require.True(t, published.AtLimit)
	require.False(t, published.AtBound)
	require.Equal(t, 100_000, published.Steps)
	require.Less(t, published.T, exact.T)
}
