package probe

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// residuals returns δ_i = e_{y_i} − softmax(f(x_i)) [N, C].
func residuals(h *Fitted, x *mat.Dense, y []int) *mat.Dense {
	delta := h.Head.Logits(x)
	for i, label := range y {
		row := delta.RawRowView(i)
		softmaxResidual(row, make([]float64, len(row)), label)
	}
	delta.Scale(-1, delta)
	return delta
}

func TestOptimalityIdentities(t *testing.T) {
	for _, name := range oracleNames {
		for _, kappa := range []float64{1e-4, 0.36, 21.5, 1e4} {
			data, x := readOracle(t, name)
			head, err := Fit(context.Background(), x, data.Y, data.Classes, Options{Kappas: []float64{kappa}})
			require.NoError(t, err)
			delta := residuals(head, x, data.Y)

			var left mat.Dense // Σ δφᵀ = V/κ
			left.Mul(delta.T(), x)
			right := append([]float64(nil), head.Head.Weight()...)
			for i := range right {
				right[i] /= kappa
			}
			require.Less(t, relative(left.RawMatrix().Data, right), 1e-6, "%s, κ = %g", name, kappa)

			sum := make([]float64, data.Classes) // Σ δ = 0
			for i := range data.Y {
				axpy(1, delta.RawRowView(i), sum)
			}
			require.Less(t, maxAbs(sum), 1e-9, "%s, κ = %g", name, kappa)
		}
	}
}

// Features of any scale: scaling them by s is scaling κ by s² and W by 1/s.
func TestScaleOfFeatures(t *testing.T) {
	data, x := readOracle(t, "three")
	want, err := Fit(context.Background(), x, data.Y, 3, Options{Kappas: []float64{2}})
	require.NoError(t, err)
	for _, s := range []float64{1e-4, 1e4} {
		var scaled mat.Dense
		scaled.Scale(s, x)
		got, err := Fit(context.Background(), &scaled, data.Y, 3, Options{Kappas: []float64{2 / (s * s)}})
		require.NoError(t, err)
		require.InEpsilon(t, want.Head.Norm()/s, got.Head.Norm(), 1e-6)
		got, err = Fit(context.Background(), &scaled, data.Y, 3, Options{}) // the usual grid, badly scaled
		require.NoError(t, err)
		require.True(t, got.Converged)
		require.False(t, math.IsNaN(got.Head.Norm()))
	}
}

func TestTwoClassHead(t *testing.T) {
	data, x := readOracle(t, "two")
	full, err := Fit(context.Background(), x, data.Y, 2, Options{})
	require.NoError(t, err)
	h := full.Head.Hidden()
	for j := range h {
		require.Equal(t, -full.Head.Weight()[j], full.Head.Weight()[h+j])
	}
	require.Equal(t, -full.Head.B[0], full.Head.B[1])

	half, err := Fit(context.Background(), x, data.Y, 2, Options{PaperCompatible: true})
	require.NoError(t, err)
	require.True(t, half.Halved)
	require.InEpsilon(t, full.Head.Norm()/2, half.Head.Norm(), 1e-14)
	require.InEpsilon(t, full.Head.B[1]/2, half.Head.B[1], 1e-14)
	require.Equal(t, full.Predict(x), half.Predict(x))
	require.Equal(t, full.Kappa, half.Kappa)

	// More than two classes are never halved.
	data, x = readOracle(t, "three")
	three, err := Fit(context.Background(), x, data.Y, 3, Options{PaperCompatible: true})
	require.NoError(t, err)
	require.False(t, three.Halved)
}

func TestResultDoesNotDependOnWorkers(t *testing.T) {
	x, y := transformerLike(700, 20, 3)
	var heads []*Fitted
	for _, workers := range []int{1, 3, 16} {
		head, err := Fit(context.Background(), x, y, 3, Options{Workers: workers})
		require.NoError(t, err)
		heads = append(heads, head)
	}
	require.Equal(t, heads[0], heads[1])
	require.Equal(t, heads[0], heads[2])
}

// The two-class problem has its own, shorter parametrisation; it must be the softmax problem all the same.
func TestBinaryProblemIsSoftmaxProblem(t *testing.T) {
	x, y := transformerLike(50, 6, 2)
	data := newCoordinates(x)
	passes := newJoint(data, 1)
	passes.enter(1)
	short, long := newProblem(data, passes, 0, y, 2, symmetric), newProblem(data, passes, 0, y, 2, twoRows)
	short.setKappa(3)
	long.setKappa(3)
	theta := make([]float64, short.size())
	for i := range theta {
		theta[i] = rand.NormFloat64()
	}
	weight, bias := short.expand(theta)
	both := append(append([]float64(nil), weight.RawMatrix().Data...), bias...)
	shortGradient, longGradient := make([]float64, short.size()), make([]float64, long.size())
	require.InEpsilon(t, long.value(both, longGradient), short.value(theta, shortGradient), 1e-12)
	for j := range 6 { // dF/dw = dF/dW₁ − dF/dW₀
		require.InDelta(t, longGradient[6+j]-longGradient[j], shortGradient[j], 1e-9)
	}
}

// One penalised row w with κ is both rows [−w/2; w/2] with κ/2, because ½‖W‖² = ¼‖w‖².
func TestBinomialIsTwoRowsWithHalfTheStrength(t *testing.T) {
	data, x := readOracle(t, "two")
	half := DefaultKappas()
	for i := range half {
		half[i] /= 2
	}
	one, err := Fit(context.Background(), x, data.Y, 2, Options{Binomial: true})
	require.NoError(t, err)
	both, err := Fit(context.Background(), x, data.Y, 2, Options{Kappas: half})
	require.NoError(t, err)
	require.InEpsilon(t, 2*both.Kappa, one.Kappa, 1e-14)
	require.Equal(t, both.FoldScores, one.FoldScores)
	require.Less(t, relative(one.Head.Weight(), both.Head.Weight()), 1e-8)
	require.Less(t, relative(one.Head.B, both.Head.B), 1e-8)

	delta := residuals(one, x, data.Y) // the optimum: w/κ = Σ (y − p₁)φ
	var left mat.Dense
	left.Mul(delta.T(), x)
	w := difference(one.Head.Weight()[one.Head.Hidden():], one.Head.Weight()[:one.Head.Hidden()])
	for j := range w {
		w[j] /= one.Kappa
	}
	require.Less(t, relative(left.RawRowView(1), w), 1e-6)
}

// With a tight tolerance scikit-learn's route ends at the minimiser, whatever the form.
func TestStopAsScikitLearnEndsAtTheMinimiser(t *testing.T) {
	for _, name := range oracleNames {
		want, x := readOracle(t, name)
		options := []Options{{}}
		if want.Classes == 2 {
			options = append(options, Options{Binomial: true})
		}
		for _, o := range options {
			best, err := Fit(context.Background(), x, want.Y, want.Classes, o)
			require.NoError(t, err)
			o.Stop, o.Tol = StopSklearn17, 1e-10
			head, err := Fit(context.Background(), x, want.Y, want.Classes, o)
			require.NoError(t, err)
			require.True(t, head.Converged)
			require.Equal(t, best.FoldScores, head.FoldScores, name)
			require.Less(t, relative(head.Head.Weight(), best.Head.Weight()), 1e-5, name)
			require.Less(t, relative(head.Head.B, best.Head.B), 1e-5, name)

			steps, err := Path(context.Background(), x, want.Y, want.Classes, best.Kappa, []int{5000}, o)
			require.NoError(t, err)
			require.Less(t, relative(steps[0].Head.Weight(), best.Head.Weight()), 1e-5, name)

			o.MaxIter = 2 // and it does stop
			short, err := Fit(context.Background(), x, want.Y, want.Classes, o)
			require.NoError(t, err)
			require.Equal(t, 2, short.Iterations)
			require.False(t, short.Converged)
		}
	}
}

func TestDerivatives(t *testing.T) {
	for shape, classes := range map[form]int{symmetric: 2, binomial: 2, twoRows: 3} {
		x, y := transformerLike(40, 5, classes)
		data := newCoordinates(x)
		passes := newJoint(data, 2)
		passes.enter(1)
		p := newProblem(data, passes, 0, y, classes, shape)
		p.setKappa(0.7)
		size := p.size()
		theta, direction := make([]float64, size), make([]float64, size)
		for i := range theta {
			theta[i], direction[i] = 0.1*rand.NormFloat64(), rand.NormFloat64()
		}
		const step = 1e-5
		at := func(s float64) (float64, []float64) {
			moved, gradient := append([]float64(nil), theta...), make([]float64, size)
			axpy(s, direction, moved)
			return p.value(moved, gradient), gradient
		}
		above, gradientAbove := at(step)
		below, gradientBelow := at(-step)
		_, gradient := at(0)
		product := make([]float64, size)
		p.curvature(direction, product)
		require.InEpsilon(t, (above-below)/(2*step), dot(gradient, direction), 1e-6)
		numeric := difference(gradientAbove, gradientBelow)
		for i := range numeric {
			numeric[i] /= 2 * step
		}
		require.Less(t, relative(product, numeric), 1e-6)
	}
}

// A class with one row is missing from one training fold; that fold then never predicts it.
func TestRareClass(t *testing.T) {
	x, y := transformerLike(60, 8, 2)
	y[17] = 2
	head, err := Fit(context.Background(), x, y, 3, Options{})
	require.NoError(t, err)
	require.Equal(t, 3, head.Head.Classes())
	require.Len(t, head.Head.Weight(), 3*8)
	for _, v := range head.Head.Weight() {
		require.False(t, math.IsNaN(v))
	}
	sum := head.Head.B[0] + head.Head.B[1] + head.Head.B[2]
	require.InDelta(t, 0, sum, 1e-9)
}

// Features without any information: the head is the class frequencies.
func TestConstantFeatures(t *testing.T) {
	x := mat.NewDense(30, 4, nil)
	y := make([]int, 30)
	for i := range y {
		x.SetRow(i, []float64{1, 2, 3, 4})
		if i%3 == 0 {
			y[i] = 1
		}
	}
	head, err := Fit(context.Background(), x, y, 2, Options{})
	require.NoError(t, err)
	require.InDelta(t, 0, head.Head.Norm(), 1e-9)
	f := head.Head.Logits(x).RawRowView(0)
	require.InDelta(t, math.Log(10.0/20.0), f[1]-f[0], 1e-9)
}

func TestBadInput(t *testing.T) {
	x, y := transformerLike(20, 3, 2)
	ctx := context.Background()
	cases := map[string]struct {
		x       *mat.Dense
		y       []int
		classes int
		o       Options
		message string
	}{
		"no features":   {nil, nil, 2, Options{}, "no features"},
		"labels":        {x, y[:19], 2, Options{}, "19 labels for 20 rows"},
		"one class":     {x, make([]int, 20), 2, Options{}, "all 20 training rows belong to class 0"},
		"absent class":  {x, y, 3, Options{}, "no training row of class 2"},
		"label range":   {x, append([]int{5}, y[1:]...), 2, Options{}, "label 5 of row 0"},
		"classes":       {x, y, 1, Options{}, "1 classes"},
		"few rows":      {x.Slice(0, 3, 0, 3).(*mat.Dense), []int{0, 1, 0}, 2, Options{}, "5 folds asked of 3 rows"},
		"one fold":      {x, y, 2, Options{Folds: 1}, "Options.Folds = 1"},
		"kappa":         {x, y, 2, Options{Kappas: []float64{1, -1}}, "Options.Kappas[1] = -1"},
		"no kappa":      {x, y, 2, Options{Kappas: []float64{}}, "Options.Kappas is empty"},
		"tolerance":     {x, y, 2, Options{Tol: math.NaN()}, "Options.Tol"},
		"binomial":      {x, []int{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1}, 3, Options{Binomial: true}, "Options.Binomial with 3 classes"},
		"halved":        {x, y, 2, Options{Binomial: true, PaperCompatible: true}, "PaperCompatible true"},
		"max iteration": {x, y, 2, Options{MaxIter: -1}, "Options.MaxIter"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Fit(ctx, c.x, c.y, c.classes, c.o)
			require.ErrorContains(t, err, c.message)
		})
	}
	x.Set(4, 2, math.NaN())
	_, err := Fit(ctx, x, y, 2, Options{})
	require.ErrorContains(t, err, "feature [4, 2] is NaN")
}

func TestCancel(t *testing.T) {
	x, y := transformerLike(100, 5, 2)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Fit(ctx, x, y, 2, Options{Progress: func(done, _ int) {
		if done == 7 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	_, err = Path(ctx, x, y, 2, 1, []int{1, 2}, Options{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestProgressCountsEveryFit(t *testing.T) {
	x, y := transformerLike(40, 3, 2)
	var seen []int
	_, err := Fit(context.Background(), x, y, 2, Options{Kappas: []float64{0.1, 1}, Folds: 3, Progress: func(done, total int) {
		require.Equal(t, 7, total)
		seen = append(seen, done)
	}})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3, 4, 5, 6, 7}, seen)
}

func TestPathGrowsToTheOptimum(t *testing.T) {
	data, x := readOracle(t, "two")
	steps, err := Path(context.Background(), x, data.Y, 2, 0.36, []int{1, 5, 5000}, Options{Tol: 1e-9, PaperCompatible: true})
	require.NoError(t, err)
	best, err := Fit(context.Background(), x, data.Y, 2, Options{Kappas: []float64{0.36}, PaperCompatible: true})
	require.NoError(t, err)
	last := steps[2]
	require.True(t, last.Converged)
	require.Less(t, last.Iterations, 5000)
	require.Less(t, relative(last.Head.Weight(), best.Head.Weight()), 1e-5)
	require.Less(t, steps[0].Norm, last.Norm)
	require.Equal(t, last.Norm, last.Head.Norm())
	require.True(t, last.Halved)
	require.InDelta(t, norm(last.Head.B), last.BiasNorm, 1e-12)
	require.Greater(t, steps[0].Loss, last.Loss)

	_, err = Path(context.Background(), x, data.Y, 2, 1, []int{2, 1}, Options{})
	require.ErrorContains(t, err, "ascending")
}

// transformerLike makes features as those of a pre-trained encoder: nearly parallel (a large common part), with a
// decaying spectrum, and labels that depend on them with noise.
func transformerLike(n, h, classes int) (*mat.Dense, []int) {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	teacher := make([]float64, classes*h)
	for i := range teacher {
		teacher[i] = r.NormFloat64() / math.Sqrt(float64(h))
	}
	scale, total := make([]float64, h), 0.0
	for j := range scale {
		total += 1 / float64(j+1)
	}
	for j := range scale {
		scale[j] = math.Sqrt(0.4 / total / float64(j+1))
	}
	x, y := mat.NewDense(n, h, nil), make([]int, n)
	z, scores := make([]float64, h), make([]float64, classes)
	for i := range n {
		row := x.RawRowView(i)
		for j := range z {
			z[j] = r.NormFloat64()
			row[j] = 11.4/math.Sqrt(float64(h)) + scale[j]*z[j]
		}
		for c := range scores {
			scores[c] = dot(teacher[c*h:(c+1)*h], z) - math.Log(r.ExpFloat64())
		}
		y[i] = argmax(scores)
	}
	return x, y
}
