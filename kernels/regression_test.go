package kernels

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
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

func readRegressionOracle(t testing.TB, name string) (o regressionOracle, train, test *Kernel) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "regression-"+name+".json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &o))
	n, m := len(o.Labels), len(o.LabelsTest)
	return o, &Kernel{N: n, C: o.Classes, M: n, Data: o.Train}, &Kernel{N: m, C: o.Classes, M: n, Data: o.Test}
}

// score evaluates r on a kernel as the fixtures write it.
func score(t testing.TB, r *Regression, k *Kernel, labels []int) [2]float64 {
	t.Helper()
	s, err := r.Score(k, labels)
	require.NoError(t, err)
	return [2]float64{s.Pairs, s.Accuracy}
}

func TestMinimiserIsScikitLearn(t *testing.T) {
	for _, name := range regressionCases {
		t.Run(name, func(t *testing.T) {
			o, train, test := readRegressionOracle(t, name)
			r, err := FitRegression(context.Background(), train, o.Labels, RegressionOptions{Minimiser: true})
			require.NoError(t, err)
			require.True(t, r.Converged)
			require.InEpsilon(t, o.Minimiser.Kappa, r.Kappa, 1e-12)
			require.InEpsilonSlice(t, o.Minimiser.Scores, r.Scores, 1e-12)
			require.InEpsilon(t, o.Minimiser.Norm, r.Norm, 1e-4)
			require.Equal(t, o.Minimiser.Train, score(t, r, train, o.Labels))
			require.Equal(t, o.Minimiser.Test, score(t, r, test, o.LabelsTest))
			values, err := r.DecisionValues(test)
			require.NoError(t, err)
			scale := (&Kernel{Data: o.Minimiser.DecisionTest}).MaxAbs()
			for i, want := range o.Minimiser.DecisionTest {
				require.InDelta(t, want, values.RawMatrix().Data[i], 1e-3*scale)
			}
		})
	}
}

// Where scikit-learn's own answer does not depend on the order of its sums, ours is the same.
func TestRegressionStopsAsScikitLearn(t *testing.T) {
	for _, name := range regressionCases {
		t.Run(name, func(t *testing.T) {
			o, train, test := readRegressionOracle(t, name)
			r, err := FitRegression(context.Background(), train, o.Labels, RegressionOptions{})
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
	early, err := FitRegression(context.Background(), train, o.Labels, RegressionOptions{})
	require.NoError(t, err)
	exact, err := FitRegression(context.Background(), train, o.Labels, RegressionOptions{Minimiser: true})
	require.NoError(t, err)
	require.NotEqual(t, early.Kappa, exact.Kappa)
	require.NotEqual(t, score(t, early, test, o.LabelsTest), score(t, exact, test, o.LabelsTest))
}

// A kernel without information answers "no" to every pair, which the paper's score rewards with 1 − 1/C.
func TestAllZeroScores(t *testing.T) {
	for _, classes := range []int{2, 3, 5} {
		const n = 30
		k := &Kernel{N: n, C: classes, M: n, Data: make([]float64, n*classes*n*classes)}
		for i := range k.Data {
			k.Data[i] = 7
		}
		labels := make([]int, n)
		for i := range labels {
			labels[i] = i % classes
		}
		for _, minimiser := range []bool{false, true} {
			r, err := FitRegression(context.Background(), k, labels, RegressionOptions{Minimiser: minimiser})
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
	_, err := FitRegression(ctx, test, o.LabelsTest, RegressionOptions{})
	require.ErrorContains(t, err, "needs a training kernel")
	_, err = FitRegression(ctx, train, o.Labels[1:], RegressionOptions{})
	require.ErrorContains(t, err, "19 labels for a kernel of 20 rows")
	_, err = FitRegression(ctx, train, append([]int{2}, o.Labels[1:]...), RegressionOptions{})
	require.ErrorContains(t, err, "label 2 of row 0: expected 0 … 1")
	r, err := FitRegression(ctx, train, o.Labels, RegressionOptions{Minimiser: true})
	require.NoError(t, err)
	_, err = r.Score(test, o.Labels)
	require.ErrorContains(t, err, "20 labels for a kernel of 8 rows")
	_, err = r.DecisionValues(&Kernel{N: 1, C: 2, M: 3, Data: make([]float64, 12)})
	require.ErrorContains(t, err, "expected the training rows as columns")
	few := &Kernel{N: 2, C: 2, M: 2, Data: make([]float64, 16)}
	_, err = FitRegression(ctx, few, []int{0, 1}, RegressionOptions{})
	require.ErrorContains(t, err, "5 folds asked")
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err = FitRegression(ctx, train, o.Labels, RegressionOptions{})
	require.ErrorIs(t, err, context.Canceled)
}
