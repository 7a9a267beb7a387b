package measure

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func normal(seed uint64, n, h int) *mat.Dense {
	r := rand.New(rand.NewPCG(seed, 0))
	m := mat.NewDense(n, h, nil)
	for i := range m.RawMatrix().Data {
		m.RawMatrix().Data[i] = r.NormFloat64()
	}
	return m
}

// logit gives two-class logits with the wanted probability of class 1.
func logit(probabilities ...float64) *mat.Dense {
	m := mat.NewDense(len(probabilities), 2, nil)
	for i, p := range probabilities {
		m.Set(i, 1, math.Log(p)-math.Log(1-p))
	}
	return m
}

func TestCalibrationByHand(t *testing.T) {
	// Confidences 0.9, 0.9 (one wrong), 0.6; in 10 bins two are occupied.
	f, y := logit(0.9, 0.9, 0.4), []int{1, 0, 0}
	ece, err := ECE(f, y, 10)
	require.NoError(t, err)
	require.InDelta(t, 2.0/3*0.4+1.0/3*0.4, ece, 1e-12)
	mce, err := MCE(f, y, 10)
	require.NoError(t, err)
	require.InDelta(t, 0.4, mce, 1e-12)

	// All rows in one bin: ECE = MCE (a constant predictor, as on WSC).
	f, y = logit(0.7, 0.7, 0.7, 0.7), []int{1, 1, 0, 0}
	ece, err = ECE(f, y, PaperBins)
	require.NoError(t, err)
	mce, err = MCE(f, y, PaperBins)
	require.NoError(t, err)
	require.InDelta(t, 0.2, ece, 1e-12)
	require.InDelta(t, ece, mce, 1e-15)
}

func TestBinsAreOpenBelowAndClosedAbove(t *testing.T) {
	table, err := Reliability(mat.NewDense(2, 2, []float64{0, 0, 1000, 0}), []int{0, 0}, 2)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, []int{table[0].Count, table[1].Count}) // 0.5 belongs to (0, 0.5], 1 to (0.5, 1]
	require.Equal(t, 1.0, table[0].Accuracy)                             // the tie goes to class 0
	require.Equal(t, 1.0, table[1].Confidence)
}

func TestTiesGoToTheLowestID(t *testing.T) {
	require.Equal(t, []int{1, 0}, Predict(mat.NewDense(2, 3, []float64{0, 5, 5, 2, 2, 2})))
}

func TestLargeLogitsDoNotOverflow(t *testing.T) {
	f, y := mat.NewDense(2, 2, []float64{1e5, 0, 1e5, 0}), []int{0, 1}
	nll, err := NLL(f, y)
	require.NoError(t, err)
	require.InDelta(t, 5e4, nll, 1e-9)
	brier, err := Brier(f, y)
	require.NoError(t, err)
	require.InDelta(t, 1, brier, 1e-12)
}

func TestMatthewsOfConstantPredictor(t *testing.T) {
	m, err := Matthews(logit(0.9, 0.8, 0.7), []int{0, 1, 1})
	require.NoError(t, err)
	require.Zero(t, m)
}

func TestTemperatureScalingIsScalingOfTheHead(t *testing.T) {
	x, v, b := normal(1, 30, 5), normal(2, 3, 5), normal(3, 1, 3)
	head := func(scale float64) *mat.Dense {
		var f mat.Dense
		f.Mul(x, v.T())
		f.Apply(func(_, c int, value float64) float64 { return value + b.At(0, c) }, &f)
		f.Scale(scale, &f)
		return &f
	}
	scaledHead := func(t float64) *mat.Dense {
		var vt, bt, f mat.Dense
		vt.Scale(1/t, v)
		bt.Scale(1/t, b)
		f.Mul(x, vt.T())
		f.Apply(func(_, c int, value float64) float64 { return value + bt.At(0, c) }, &f)
		return &f
	}
	require.True(t, mat.EqualApprox(ScaleLogits(head(1), 2.7), scaledHead(2.7), 1e-12))

	// And no prediction changes, and logits k times as large want a temperature k times as large.
	require.Equal(t, Predict(head(1)), Predict(ScaleLogits(head(1), 2.7)))
	y := Predict(head(1))
	for i := range 10 {
		y[i] = (y[i] + 1) % 3 // some wrong labels
	}
	one, err := ExactTemperature(head(1), y)
	require.NoError(t, err)
	five, err := ExactTemperature(head(5), y)
	require.NoError(t, err)
	require.InEpsilon(t, 5*one.T, five.T, 1e-7)
	require.InDelta(t, one.NLL, five.NLL, 1e-12)
}

func TestTemperatureWithoutMinimum(t *testing.T) {
	right, wrong := []int{1, 1, 1}, []int{0, 0, 0}
	f := logit(0.8, 0.9, 0.7)
	low, err := ExactTemperature(f, right)
	require.NoError(t, err)
	require.True(t, low.AtBound)
	require.Less(t, low.T, 0.01)
	high, err := ExactTemperature(f, wrong)
	require.NoError(t, err)
	require.True(t, high.AtBound)
	require.Greater(t, high.T, 1000.0)

	adam, err := FitTemperature(f, right)
	require.NoError(t, err)
	require.Greater(t, adam.T, 0.0)
	require.Less(t, adam.T, 1.0)
	require.False(t, math.IsNaN(adam.NLL))

	flat, err := ExactTemperature(mat.NewDense(2, 2, nil), []int{0, 1})
	require.NoError(t, err)
	require.Equal(t, 1.0, flat.T)
}

func TestFDRIsInvariantAndKnowsItsFloor(t *testing.T) {
	x := normal(5, 400, 6)
	y := make([]int, 400)
	for i := range y {
		y[i] = i % 3
	}
	result, err := FDR(x, y, 3, DefaultFDR(400, 6, 3))
	require.NoError(t, err)
	require.Equal(t, "inverse", result.Variant)
	require.InDelta(t, 2*6.0/(400-3-6-1), result.Floor, 1e-15)
	require.InDelta(t, result.Floor, result.Value, 0.03) // pure noise

	var moved mat.Dense // any invertible linear map leaves the ratio as it is
	moved.Mul(x, normal(6, 6, 6))
	again, err := FDR(&moved, y, 3, FDRInverse())
	require.NoError(t, err)
	require.InEpsilon(t, result.Value, again.Value, 1e-8)

	require.Equal(t, FDRPinv(), DefaultFDR(9, 6, 3))
	require.Equal(t, FDRInverse(), DefaultFDR(10, 6, 3))
}

// With fewer rows than features both routes of pinv, n×n and h×h, must agree: append zero features' worth of rows.
func TestFDRPinvRoutesAgree(t *testing.T) {
	x, y := normal(7, 12, 12), []int{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2}
	square, err := FDR(x, y, 3, FDRPinv()) // n = h: AᵀA
	require.NoError(t, err)
	wide := mat.NewDense(12, 13, nil) // n < h: AAᵀ, with one feature that is always zero
	wide.Slice(0, 12, 0, 12).(*mat.Dense).Copy(x)
	padded, err := FDR(wide, y, 3, FDRPinv())
	require.NoError(t, err)
	require.InEpsilon(t, square.Value, padded.Value, 1e-9)
	require.Zero(t, padded.Floor)
}

func TestFDRRefusesWhatIsUndefined(t *testing.T) {
	x := normal(8, 40, 3)
	y := make([]int, 40)
	_, err := FDR(x, y, 2, FDRPinv())
	require.ErrorContains(t, err, "one class")
	for i := range 20 {
		y[i] = 1
		x.Set(i, 2, 4)
		x.Set(39-i, 2, 4) // a constant feature
	}
	_, err = FDR(x, y, 2, FDRInverse())
	require.ErrorIs(t, err, ErrSingular)
	_, err = FDR(x, y, 2, FDRPinv())
	require.NoError(t, err)
	_, err = FDR(x, y, 2, FDRRidge(0))
	require.ErrorContains(t, err, "ridge")
	_, err = FDR(x, y, 2, FDRVariant{})
	require.ErrorContains(t, err, "no variant")
	_, err = FDR(mat.NewDense(4, 1, []float64{0, 0, 1, 1}), []int{0, 0, 1, 1}, 2, FDRPinv())
	require.ErrorContains(t, err, "no variation")
}

func TestCosineSimilarityByHand(t *testing.T) {
	cs, err := CosineSimilarity(mat.NewDense(3, 2, []float64{1, 0, 0, 7, 2, 2}))
	require.NoError(t, err)
	require.InDelta(t, (0+2*math.Sqrt(0.5))/3, cs, 1e-15)
	_, err = CosineSimilarity(mat.NewDense(2, 2, []float64{1, 0, 0, 0}))
	require.ErrorContains(t, err, "row 1")
	_, err = CosineSimilarity(mat.NewDense(1, 2, []float64{1, 0}))
	require.ErrorContains(t, err, "at least two")
}

func TestNorms(t *testing.T) {
	m, err := MeanLogitNorm(mat.NewDense(2, 2, []float64{3, 4, 0, 1}))
	require.NoError(t, err)
	require.Equal(t, 3.0, m)
}

func TestSummarise(t *testing.T) {
	s, err := Summarise([]float64{2, 4, 4, 4, 5, 5, 7, 9})
	require.NoError(t, err)
	require.Equal(t, 5.0, s.Mean)
	require.InDelta(t, math.Sqrt(32.0/7), s.Std, 1e-15)
	s, err = Summarise([]float64{3})
	require.NoError(t, err)
	require.Equal(t, [2]float64{3, 1}, [2]float64{s.Mean, float64(s.N)})
	require.True(t, math.IsNaN(s.Std), "one value has no deviation, not one of 0")
	_, err = Summarise(nil)
	require.ErrorContains(t, err, "no values")
	_, err = Summarise([]float64{1, math.NaN()})
	require.ErrorContains(t, err, "value 1 is NaN")
}

// The deviation of one value is null, and comes back as none.
func TestSpreadAsJSON(t *testing.T) {
	for text, values := range map[string][]float64{`{"mean":3,"std":null,"n":1}`: {3}, `{"mean":4,"std":1.4142135623730951,"n":2}`: {3, 5}, `{"mean":3,"std":0,"n":2}`: {3, 3}} {
		s, err := Summarise(values)
		require.NoError(t, err)
		raw, err := json.Marshal(map[string]Spread{"m": s})
		require.NoError(t, err)
		require.Equal(t, `{"m":`+text+`}`, string(raw))
		var back map[string]Spread
		require.NoError(t, json.Unmarshal(raw, &back))
		require.Equal(t, math.IsNaN(s.Std), math.IsNaN(back["m"].Std))
		if s.N > 1 {
			require.Equal(t, s, back["m"])
		}
	}
	require.Error(t, json.Unmarshal([]byte(`{"mean":"x"}`), &Spread{}))
}

func TestBadInputIsRefused(t *testing.T) {
	good, labels := normal(9, 4, 3), []int{0, 1, 2, 0}
	nan := mat.DenseCopyOf(good)
	nan.Set(2, 1, math.NaN())
	all := map[string]func(*mat.Dense, []int) error{
		"accuracy": func(f *mat.Dense, y []int) error { _, err := Accuracy(f, y); return err },
		"Matthews": func(f *mat.Dense, y []int) error { _, err := Matthews(f, y); return err },
		"ECE":      func(f *mat.Dense, y []int) error { _, err := ECE(f, y, 15); return err },
		"MCE":      func(f *mat.Dense, y []int) error { _, err := MCE(f, y, 15); return err },
		"NLL":      func(f *mat.Dense, y []int) error { _, err := NLL(f, y); return err },
		"Brier":    func(f *mat.Dense, y []int) error { _, err := BrierMean(f, y); return err },
		"Adam":     func(f *mat.Dense, y []int) error { _, err := FitTemperature(f, y); return err },
		"exact":    func(f *mat.Dense, y []int) error { _, err := ExactTemperature(f, y); return err },
		"FDR":      func(f *mat.Dense, y []int) error { _, err := FDR(f, y, 3, FDRPinv()); return err },
	}
	for name, metric := range all {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, metric(normal(9, 4, 3), labels))
			require.ErrorContains(t, metric(nil, nil), "at least one row")
			require.ErrorContains(t, metric(&mat.Dense{}, nil), "at least one row")
			require.ErrorContains(t, metric(nan, labels), "[2, 1] is NaN")
			require.ErrorContains(t, metric(good, labels[:3]), "3 labels for 4 rows")
			require.ErrorContains(t, metric(good, []int{0, 1, 3, 0}), "label 3 of row 2")
		})
	}
	_, err := ECE(good, labels, 0)
	require.ErrorContains(t, err, "0 bins")
	_, err = CosineSimilarity(nan)
	require.ErrorContains(t, err, "NaN")
	_, err = MeanLogitNorm(nil)
	require.ErrorContains(t, err, "at least one row")
	_, err = FeatureDifference(good, nan)
	require.ErrorContains(t, err, "pre-trained features[2, 1]")
	_, err = FeatureDifference(good, normal(1, 4, 2))
	require.ErrorContains(t, err, "[4, 3] against pre-trained [4, 2]")
}

func TestTSNEGradient(t *testing.T) {
	x := normal(10, 20, 4)
	layout := &tsneLayout{
		n: 20, p: jointNeighbourhoods(squaredDistances(x), 20, 5), y: normal(11, 20, 2).RawMatrix().Data,
		gradient: make([]float64, 40), kernel: make([]float64, 400),
	}
	total := 0.0
	for _, p := range layout.p {
		total += p
	}
	require.InDelta(t, 1, total, 1e-12)
	layout.slope(1)
	gradient := append([]float64(nil), layout.gradient...)
	for k := range gradient {
		const step = 1e-6
		y := layout.y[k]
		layout.y[k] = y + step
		above := layout.divergence(layout.slope(1))
		layout.y[k] = y - step
		below := layout.divergence(layout.slope(1))
		layout.y[k] = y
		require.InDelta(t, (above-below)/(2*step), gradient[k], 1e-7)
	}
}

func TestTSNERefusesWhatItCannotLayOut(t *testing.T) {
	_, err := TSNE(normal(1, 30, 3), TSNEOptions{})
	require.ErrorContains(t, err, "perplexity 30 for 30 points")
	_, err = TSNE(mat.NewDense(40, 3, nil), TSNEOptions{})
	require.ErrorContains(t, err, "all 40 points are equal")
	_, err = TSNE(normal(1, 40, 3), TSNEOptions{Iterations: -1})
	require.ErrorContains(t, err, "-1 iterations")
	line, err := TSNE(normal(1, 40, 1), TSNEOptions{Perplexity: 5}) // one feature: a line is all there is
	require.NoError(t, err)
	require.False(t, math.IsNaN(line.Divergence))
}

func BenchmarkTSNE(b *testing.B) {
	x := normal(1, 456, 768) // CB: 225 rows before and after training, and the rows of two heads
	for b.Loop() {
		_, err := TSNE(x, TSNEOptions{})
		require.NoError(b, err)
	}
}

func BenchmarkFDR(b *testing.B) {
	x := normal(1, 4320, 768) // Dynasent
	y := make([]int, 4320)
	for i := range y {
		y[i] = i % 3
	}
	for b.Loop() {
		_, err := FDR(x, y, 3, FDRInverse())
		require.NoError(b, err)
	}
}
