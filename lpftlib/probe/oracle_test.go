package probe

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// oracle is a fixture of testdata/make_fixtures.py.
type oracle struct {
	Name           string      `json:"name"`
	Classes        int         `json:"classes"`
	X              [][]float64 `json:"x"`
	Y              []int       `json:"y"`
	Folds          [][]int     `json:"folds"`
	Kappas         []float64   `json:"kappas"`
	FoldScores     [][]float64 `json:"fold_scores"`
	Kappa          float64     `json:"kappa"`
	Weight         [][]float64 `json:"weight"`
	Bias           []float64   `json:"bias"`
	PathIterations []int       `json:"path_iterations"`
	PathNorms      []float64   `json:"path_norms"`
}

var oracleNames = []string{"three", "two", "uneven", "wide"}

func readFixture(t testing.TB, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

func readOracle(t testing.TB, name string) (oracle, *mat.Dense) {
	t.Helper()
	var o oracle
	readFixture(t, name, &o)
	return o, dense(o.X)
}

func dense(rows [][]float64) *mat.Dense {
	m := mat.NewDense(len(rows), len(rows[0]), nil)
	for i, row := range rows {
		m.SetRow(i, row)
	}
	return m
}

// relative is ‖a − b‖ / ‖b‖.
func relative(a, b []float64) float64 { return norm(difference(a, b)) / norm(b) }

func TestFitIsScikitLearn(t *testing.T) {
	for _, name := range oracleNames {
		t.Run(name, func(t *testing.T) {
			want, x := readOracle(t, name)
			head, err := Fit(context.Background(), x, want.Y, want.Classes, Options{})
			require.NoError(t, err)
			require.InEpsilonSlice(t, want.Kappas, head.Kappas, 1e-14)
			require.Equal(t, want.FoldScores, head.FoldScores)
			require.InEpsilon(t, want.Kappa, head.Kappa, 1e-14)
			require.Less(t, relative(head.Head.Weight(), dense(want.Weight).RawMatrix().Data), 1e-3)
			require.Less(t, relative(head.Head.B, want.Bias), 1e-3)
			require.True(t, head.Converged)
			require.False(t, head.Halved)
		})
	}
}

func TestFoldsAreScikitLearn(t *testing.T) {
	for _, name := range oracleNames {
		want, _ := readOracle(t, name)
		folds, err := StratifiedFolds(want.Y, want.Classes, 5)
		require.NoError(t, err)
		require.Equal(t, want.Folds, folds, name)
	}
	var cases []struct {
		Classes, K int
		Y          []int
		Folds      [][]int
	}
	readFixture(t, "folds", &cases)
	for i, c := range cases {
		folds, err := StratifiedFolds(c.Y, c.Classes, c.K)
		require.NoError(t, err)
		require.Equal(t, c.Folds, folds, "case %d", i)
	}
}

func TestPathIsScikitLearn(t *testing.T) {
	for _, name := range oracleNames {
		t.Run(name, func(t *testing.T) {
			want, x := readOracle(t, name)
			steps, err := Path(context.Background(), x, want.Y, want.Classes, want.Kappa, want.PathIterations, Options{})
			require.NoError(t, err)
			for i, step := range steps {
				require.Equal(t, want.PathIterations[i], step.MaxIter)
				require.InEpsilon(t, want.PathNorms[i], step.Norm, 1e-5, "after %d iterations", step.MaxIter)
			}
		})
	}
}
