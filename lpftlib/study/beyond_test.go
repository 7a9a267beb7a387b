package study

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/stage"
)

func TestRecordedSteps(t *testing.T) {
	require.Equal(t, []int{1}, RecordedSteps(1))
	require.Equal(t, []int{1, 2, 4, 8, 20}, RecordedSteps(20))
	require.Equal(t, []int{1, 2, 4, 9}, RecordedSteps(9))
	require.Equal(t, []int{1, 2, 3}, RecordedSteps(3))
}

// Between recorded steps the error lies on a line, and it is that of the first time so far away.
func TestErrorAtADistance(t *testing.T) {
	at := func(moved, err float64) FollowingPoint {
		return FollowingPoint{Moved: moved, Linear: Errors{Train: err}}
	}
	f := &Following{Points: []FollowingPoint{at(1, 0.1), at(3, 0.3), at(2, 0.9)}}
	require.InEpsilon(t, 0.2, f.ErrorAt(2, (*FollowingPoint).LinearError), 1e-12)
	require.InEpsilon(t, 0.1, f.ErrorAt(0.5, (*FollowingPoint).LinearError), 1e-12)
	require.True(t, math.IsNaN(f.ErrorAt(4, (*FollowingPoint).LinearError)))
	require.Equal(t, 3.0, f.Farthest())
	require.Equal(t, 0.9, f.Last().LinearError())
}

func TestBeyondRuns(t *testing.T) {
	b := &Beyond{Methods: []Method{FT, LPFT}, Epochs: 1, Adam: []float64{1}, SGD: []float64{10, 1}}
	runs := b.Runs([]string{"cb"}, []uint64{1, 2})
	require.Len(t, runs, 12)
	require.Equal(t, KernelRun{Spec: Spec{Task: "cb", Method: FT, Seed: 1}, Optimiser: stage.SGD, Multiple: 10}, runs[0])
	require.Equal(t, "LP-FT cb, seed 2, on the kernel's rows by Adam", runs[11].String())
	b.Seeds = []uint64{7}
	require.Len(t, b.Runs([]string{"cb"}, []uint64{1, 2}), 6)
}

func TestBeyondIsChecked(t *testing.T) {
	for want, spoil := range map[string]func(*Beyond){
		"epochs is 0":        func(b *Beyond) { b.Epochs = 0 },
		"seed 1 is there":    func(b *Beyond) { b.Seeds = []uint64{1, 1} },
		"no FT stage":        func(b *Beyond) { b.Methods = []Method{LP} },
		"0 multiples":        func(b *Beyond) { b.Adam = nil },
		"seed 2 is there":    func(b *Beyond) { b.Orders = []uint64{2, 2} },
		"0 row orders":       func(b *Beyond) { b.Orders = nil },
		"at least 2 each":    func(b *Beyond) { b.Folds = []int{5, 1} },
		"multiple -1 of the": func(b *Beyond) { b.SGD = []float64{-1} },
	} {
		b := &Beyond{Methods: []Method{FT}, Epochs: 1, Adam: []float64{1}, Orders: []uint64{1}, Folds: []int{5}}
		require.NoError(t, b.check())
		spoil(b)
		require.ErrorContains(t, b.check(), want)
	}
	p, err := LoadProfile("laptop")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(p.Beyond.Seeds), 3, "fewer decide nothing")
	require.Contains(t, p.Items, "following")
	p, err = LoadProfile("demo")
	require.NoError(t, err)
	require.NotContains(t, p.Items, "following")
}
