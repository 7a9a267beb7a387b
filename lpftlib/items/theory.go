package items

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"lpft/kernels/linear"
	"lpft/lpftlib/report"
)

// The theory's items run on the two-layer linear model of Definition 1: nothing is trained that
// takes time, and everything is exact to rounding.

// toyInputs are rows x [n, d] ~ N(0, 1) whose last zero columns are zero, with labels in turn.
func toyInputs(n, d, zero, classes int, seed uint64) (*mat.Dense, []int) {
	x := linear.Normal(n, d, 1, rand.New(rand.NewPCG(seed, 1)))
	labels := make([]int, n)
	for i := range n {
		labels[i] = i % classes
		for j := d - zero; j < d; j++ {
			x.Set(i, j, 0)
		}
	}
	return x, labels
}

// slope is that of log y against log x.
func slope(x, y []float64) float64 {
	lx, ly := make([]float64, len(x)), make([]float64, len(y))
	for i := range x {
		lx[i], ly[i] = math.Log(x[i]), math.Log(y[i])
	}
	_, b := stat.LinearRegression(lx, ly, nil, false)
	return b
}

// cellsOf formats numbers as a table's cells.
func cellsOf(values ...float64) []report.Cell {
	var cells []report.Cell
	for _, v := range values {
		text := fmt.Sprintf("%.3g", v)
		if v == math.Trunc(v) && math.Abs(v) < 1e6 { // counts and ranks, whole
			text = fmt.Sprintf("%.0f", v)
		}
		cells = append(cells, report.Cell{Ours: text})
	}
	return cells
}

// stepColumns and stepRow lay a step of gradient descent out beside its linearisation.
var stepColumns = []string{"η", "‖f − f0‖", "error of (4)", "‖φ − φ0‖", "error of (5)"}

func stepRow(e linear.StepError) report.Row {
	return report.Row{Cells: cellsOf(e.Eta, e.LogitChange, e.LogitError, e.FeatureChange, e.FeatureError)}
}
