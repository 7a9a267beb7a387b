package probe

// lineSearch looks along direction for a better point, starting with the given step. ok is false where direction is no
// descent direction or the rule's evaluations run out.
func (l *lbfgs) lineSearch(direction []float64, step float64) (theta, gradient []float64, value float64, ok bool) {
	slope := dot(l.gradient, direction)
	if !(slope < 0) {
		return nil, nil, 0, false
	}
	search := newMoreThuente(l.value, slope, step)
	theta, gradient = make([]float64, len(l.theta)), make([]float64, len(l.theta))
	for range l.rule.lineSearch {
		copy(theta, l.theta)
		axpy(search.step, direction, theta)
		value = l.evaluate(theta, gradient)
		if search.advance(value, dot(gradient, direction)) {
			return theta, gradient, value, true
		}
	}
	return nil, nil, 0, false
}
