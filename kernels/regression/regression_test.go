package regression

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/probe"
)

// regressionOracle is a fixture of testdata/make_regression_fixtures.py.
type regressionOracle struct {
	Classes    int              `json:"classes"`
	Labels     []int            `json:"labels"`
	LabelsTest []int            `json:"labels_test"`
	Train      []float64        `json:"train"`
	Test       []float64        `json:"test"`
	Early      regressionAnswer `json:"early"`     // LogisticRegressionCV(cv=5, max_iter=10000)
	Minimiser  regressionAnswer `json:"minimiser"` // the same, solver="newton-cholesky", tol=1e-10
	Stable     struct {         // what of Early does not change when columns are permuted
		Scores []bool `json:"scores"`
		Choice bool   `json:"choice"`
	} `json:"stable"`
}

type regressionAnswer struct {
	Kappa        float64    `json:"kappa"`
	Scores       []float64  `json:"scores"`
	Norm         float64    `json:"norm"`
	Train        [2]float64 `json:"train"` // pairs, arg-max accuracy
	Test         [2]float64 `json:"test"`
	DecisionTest []float64  `json:"decision_test"`
}

var regressionCases = []string{"p-c3-random", "f-c3-random", "theta-c3-random", "f-c3-lp", "theta-c2-lp", "f-c2-lp"}

func readRegressionOracle(t testing.TB, name string) (o regressionOracle, train, test *kernels.Kernel) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "regression-"+name+".json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &o))
	n, m := len(o.Labels), len(o.LabelsTest)
	return o, &kernels.Kernel{M: n, C: o.Classes, N: n, Data: o.Train}, &kernels.Kernel{M: m, C: o.Classes, N: n, Data: o.Test}
}

// score evaluates r on a kernel as the fixtures write it.
func score(t testing.TB, r *Model, k *kernels.Kernel, labels []int) [2]float64 {
	t.Helper()
	s, err := r.Score(k, labels)
	require.NoError(t, err)
	return [2]float64{s.Pairs, s.Accuracy}
}

func TestMinimiserIsScikitLearn(t *testing.T) {
	for _, name := range regressionCases {
		t.Run(name, func(t *testing.T) {
			o, train, test := readRegressionOracle(t, name)
			r, err := Fit(context.Background(), train, o.Labels, Options{})
			require.NoError(t, err)
			require.True(t, r.Converged)
			require.InEpsilon(t, o.Minimiser.Kappa, r.Kappa, 1e-12)
			require.InEpsilonSlice(t, o.Minimiser.Scores, r.Scores, 1e-12)
			require.InEpsilon(t, o.Minimiser.Norm, r.Norm, 1e-4)
			require.Equal(t, o.Minimiser.Train, score(t, r, train, o.Labels))
			require.Equal(t, o.Minimiser.Test, score(t, r, test, o.LabelsTest))
			values, err := r.DecisionValues(test)
			require.NoError(t, err)
			scale := (&kernels.Kernel{Data: o.Minimiser.DecisionTest}).MaxAbs()
			for i, want := range o.Minimiser.DecisionTest {
				require.InDelta(t, want, values.RawMatrix().Data[i], 1e-3*scale)
			}
		})
	}
}

// Where scikit-learn's own answer does not depend on the order of its sums, ours is the same.
func TestRegressionStopsAsScikitLearn17(t *testing.T) {
	for _, name := range regressionCases {
		t.Run(name, func(t *testing.T) {
			o, train, test := readRegressionOracle(t, name)
			r, err := Fit(context.Background(), train, o.Labels, Options{Stop: probe.StopSklearn17})
			require.NoError(t, err)
			require.True(t, r.Converged)
			for j, stable := range o.Stable.Scores {
				if stable {
					require.InDelta(t, o.Early.Scores[j], r.Scores[j], 1e-12, "κ = %g", r.Kappas[j])
				}
			}
			if !o.Stable.Choice {
				return
			}
			require.InEpsilon(t, o.Early.Kappa, r.Kappa, 1e-12)
			if r.Iterations < 500 { // a longer route ends at a point that rounding moves by per cents
				require.InEpsilon(t, o.Early.Norm, r.Norm, 1e-3)
			}
			require.Equal(t, o.Early.Train, score(t, r, train, o.Labels))
			require.Equal(t, o.Early.Test, score(t, r, test, o.LabelsTest))
		})
	}
}

// Stopping early is another result, not another road to the same: one fixture has another κ and test score.
func TestStoppingEarlyMatters(t *testing.T) {
	o, train, test := readRegressionOracle(t, "f-c3-random")
	require.True(t, o.Stable.Choice)
	early, err := Fit(context.Background(), train, o.Labels, Options{Stop: probe.StopSklearn17})
	require.NoError(t, err)
	exact, err := Fit(context.Background(), train, o.Labels, Options{})
	require.NoError(t, err)
	require.NotEqual(t, early.Kappa, exact.Kappa)
	require.False(t, *early.AtLimit)
	require.False(t, *exact.AtLimit)
	require.NotEqual(t, score(t, early, test, o.LabelsTest), score(t, exact, test, o.LabelsTest))
}

// A kernel without information answers "no" to every pair, which the paper's score rewards with 1 − 1/C.
func TestAllZeroScores(t *testing.T) {
	for _, classes := range []int{2, 3, 5} {
		const n = 30
		k := kernels.New(n, classes, n)
		for i := range k.Data {
			k.Data[i] = 7
		}
		labels := make([]int, n)
		for i := range labels {
			labels[i] = i % classes
		}
		for _, stop := range []probe.Stop{probe.StopExact, probe.StopSklearn10, probe.StopSklearn17} {
			r, err := Fit(context.Background(), k, labels, Options{Stop: stop})
			require.NoError(t, err)
			s, err := r.Score(k, labels)
			require.NoError(t, err)
			require.InDelta(t, 1-1/float64(classes), s.Pairs, 1e-12)
			require.InDelta(t, 1/float64(classes), s.Accuracy, 1e-12) // a tie: always class 0
		}
	}
}

func TestRegressionRefuses(t *testing.T) {
	o, train, test := readRegressionOracle(t, "f-c2-lp")
	ctx := context.Background()
	_, err := Fit(ctx, test, o.LabelsTest, Options{})
	require.ErrorContains(t, err, "needs a training kernel")
	_, err = Fit(ctx, train, o.Labels[1:], Options{})
	require.ErrorContains(t, err, "19 labels for a kernel of 20 rows")
	_, err = Fit(ctx, train, append([]int{2}, o.Labels[1:]...), Options{})
	require.ErrorContains(t, err, "label 2 of row 0: expected 0 … 1")
	r, err := Fit(ctx, train, o.Labels, Options{})
	require.NoError(t, err)
	_, err = r.Score(test, o.Labels)
	require.ErrorContains(t, err, "20 labels for a kernel of 8 rows")
	_, err = r.DecisionValues(kernels.New(1, 2, 3))
	require.ErrorContains(t, err, "expected the training rows as columns")
	few := kernels.New(2, 2, 2)
	_, err = Fit(ctx, few, []int{0, 1}, Options{})
	require.ErrorContains(t, err, "5 folds asked")
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err = Fit(ctx, train, o.Labels, Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// With all components the regression is the one on the matrix; with few it is one on the nearest kernel of that rank.
func TestComponents(t *testing.T) {
	o, train, test := readRegressionOracle(t, "f-c3-lp")
	whole, err := Fit(context.Background(), train, o.Labels, Options{})
	require.NoError(t, err)
	all, err := Fit(context.Background(), train, o.Labels, Options{Components: train.Size()})
	require.NoError(t, err)
	require.Equal(t, whole.Kappa, all.Kappa)
	require.InEpsilonSlice(t, whole.Scores, all.Scores, 1e-12)
	require.InEpsilon(t, whole.Norm, all.Norm, 1e-4)
	require.Equal(t, score(t, whole, test, o.LabelsTest), score(t, all, test, o.LabelsTest))
	few, err := Fit(context.Background(), train, o.Labels, Options{Components: 3})
	require.NoError(t, err)
	require.Len(t, few.W, train.Size())
	_, err = Fit(context.Background(), kernels.New(20, 3, 20), o.Labels[:20], Options{Components: 3})
	require.ErrorContains(t, err, "kernel of zeros")
}

// BenchmarkFit is the regression on some components of a kernel with N·C = 10,000, eigenpairs included.
func BenchmarkFit(b *testing.B) {
	const n, classes, rank = 5000, 2, 400
	r := rand.New(rand.NewPCG(1, 1))
	j := mat.NewDense(n*classes, rank, nil)
	labels := make([]int, n)
	for i := range n {
		labels[i] = r.IntN(classes)
		for c := range classes {
			row := j.RawRowView(i*classes + c)
			for q := range row {
				row[q] = 10 * r.NormFloat64() / float64(q+1)
			}
			if c == labels[i] {
				row[5]++
			}
		}
	}
	k := kernels.New(n, classes, n)
	k.Matrix().Mul(j, j.T())
	for _, components := range []int{30, 100, 300} {
		b.Run(fmt.Sprintf("components=%d", components), func(b *testing.B) {
			for b.Loop() {
				m, err := Fit(context.Background(), k, labels, Options{Components: components})
				require.NoError(b, err)
				b.ReportMetric(m.Kappa, "kappa")
			}
		})
	}
}
