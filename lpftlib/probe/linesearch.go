package probe

import (
	"gonum.org/v1/gonum/optimize"
)

// lineSearch looks along direction for a point with the strong Wolfe conditions in scipy's constants, starting with
// the given step. ok is false where direction is no descent direction or the evaluations run out.
func (l *lbfgs) lineSearch(direction []float64, step float64) (theta, gradient []float64, value float64, ok bool) {
	slope := dot(l.gradient, direction)
	if !(slope < 0) {
		return nil, nil, 0, false
	}
	search := &optimize.MoreThuente{DecreaseFactor: 1e-3, CurvatureFactor: 0.9, StepTolerance: 0.1, MaximumStep: firstMaxStep}
	search.Init(l.value, slope, step)
	theta, gradient = make([]float64, len(l.theta)), make([]float64, len(l.theta))
	for range maxLineSearch {
		copy(theta, l.theta)
		axpy(step, direction, theta)
		value = l.evaluate(theta, gradient)
		operation, next, err := search.Iterate(value, dot(gradient, direction))
		if err != nil {
			// The bracket is as small as it may become; scipy takes the best point, which this one is.
			return theta, gradient, value, value < l.value
		}
		if operation == optimize.MajorIteration {
			return theta, gradient, value, true
		}
		step = next
	}
	return nil, nil, 0, false
}
