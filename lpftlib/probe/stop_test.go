package probe

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// stopOracle is a problem of testdata/make_stop.py with what scikit-learn 1.0.1 makes of it.
type stopOracle struct {
	Name           string      `json:"name"`
	Classes        int         `json:"classes"`
	X              [][]float64 `json:"x"`
	Y              []int       `json:"y"`
	Kappa          float64     `json:"kappa"`
	Norm           float64     `json:"norm"`
	FoldScores     [][]float64 `json:"fold_scores"`
	PathNorms      []float64   `json:"path_norms"`      // of one path along the grid on all rows
	PathIterations []int       `json:"path_iterations"` // likewise
	Stable         []bool      `json:"stable"`          // scikit-learn makes as many iterations when the columns are permuted
	PathSpread     []float64   `json:"path_spread"`     // of the norms, likewise
}

func readStopOracles(t *testing.T) []stopOracle {
	t.Helper()
	var cases []stopOracle
	readFixture(t, "stop", &cases)
	require.NotEmpty(t, cases)
	return cases
}

func TestFitStopsAsScikitLearn10(t *testing.T) {
	for _, want := range readStopOracles(t) {
		t.Run(want.Name, func(t *testing.T) {
			got, err := Fit(context.Background(), dense(want.X), want.Y, want.Classes, Options{Stop: StopSklearn10})
			require.NoError(t, err)
			require.InEpsilon(t, want.Kappa, got.Kappa, 1e-12)
			require.Len(t, got.FoldScores, len(want.FoldScores))
			for f, scores := range want.FoldScores {
				require.InDeltaSlice(t, scores, got.FoldScores[f], 1e-12, "fold %d", f)
			}
			require.InEpsilon(t, want.Norm, got.Head.Norm(), 1e-3)
			require.True(t, got.Converged)
			require.Equal(t, StopSklearn10, got.Stop)
		})
	}
}

// Along the grid each fit ends after as many iterations as scikit-learn's, wherever that agrees with itself.
func TestRouteIsScikitLearn10(t *testing.T) {
	o, err := Options{Stop: StopSklearn10}.withDefaults()
	require.NoError(t, err)
	for _, want := range readStopOracles(t) {
		t.Run(want.Name, func(t *testing.T) {
			data := &coordinates{x: dense(want.X)}
			p := newProblem(data, &separate{data: data, workers: 1}, 0, want.Y, want.Classes, o.form())
			theta := make([]float64, p.size())
			for k, kappa := range o.Kappas {
				p.setKappa(kappa)
				search := newLBFGS(p, theta, o)
				require.NoError(t, search.run(context.Background(), o.MaxIter))
				theta = search.theta
				if want.Stable[k] {
					require.Equal(t, want.PathIterations[k], search.iterations, "κ = %g", kappa)
				}
				off := math.Max(1e-6, 10*want.PathSpread[k])
				require.InEpsilon(t, want.PathNorms[k], norm(p.weights(theta)), off, "κ = %g", kappa)
			}
		})
	}
}

// The rule is another result, not another road to the same: here it chooses another κ, and so does scikit-learn 1.7.
func TestTheRuleMatters(t *testing.T) {
	for _, c := range readStopOracles(t) {
		if c.Name != "two classes, another choice" {
			continue
		}
		kappas := map[float64]bool{}
		for _, stop := range stops {
			fitted, err := Fit(context.Background(), dense(c.X), c.Y, c.Classes, Options{Stop: stop})
			require.NoError(t, err)
			kappas[fitted.Kappa] = true
		}
		require.Len(t, kappas, len(stops))
	}
}

func TestParseStop(t *testing.T) {
	for _, stop := range stops {
		got, err := ParseStop(string(stop))
		require.NoError(t, err)
		require.Equal(t, stop, got)
	}
	got, err := ParseStop("")
	require.NoError(t, err)
	require.Equal(t, StopExact, got)
	_, err = ParseStop("early")
	require.EqualError(t, err, `stop "early" is not known: expected one of exact, sklearn-1.0, sklearn-1.7`)
	x, y := transformerLike(20, 3, 2)
	_, err = Fit(context.Background(), x, y, 2, Options{Stop: "early"})
	require.ErrorContains(t, err, `probe: Options.Stop: stop "early" is not known`)
}

// Extrapolation, brackets, and cubics without a minimum all end at a point with the Wolfe conditions or in a narrow bracket.
func TestMoreThuenteMeetsTheWolfeConditions(t *testing.T) {
	functions := map[string]func(s float64) (value, slope float64){
		"parabola": func(s float64) (float64, float64) { return (s - 3) * (s - 3), 2 * (s - 3) },
		"wall":     func(s float64) (float64, float64) { return math.Exp(20*(s-1)) - s, 20*math.Exp(20*(s-1)) - 1 },
		"far": func(s float64) (float64, float64) {
			return math.Sqrt(1 + (s-500)*(s-500)), (s - 500) / math.Sqrt(1+(s-500)*(s-500))
		},
		"wavy": func(s float64) (float64, float64) {
			return -s - math.Sin(3*s)/2 + s*s/40, -1 - 3*math.Cos(3*s)/2 + s/20
		},
	}
	for name, f := range functions {
		for _, first := range []float64{1e-3, 0.1, 1, 4} {
			value, slope := f(0)
			search := newMoreThuente(value, slope, first)
			over := false
			for range 20 {
				if over = search.advance(f(search.step)); over {
					break
				}
			}
			require.True(t, over, "%s from %g", name, first)
			end, at := f(search.step)
			narrow := search.narrow()
			require.True(t, narrow || end <= value+lineDecrease*search.step*slope && math.Abs(at) <= lineCurvature*-slope, "%s from %g", name, first)
			require.Less(t, end, value)
		}
	}
}
