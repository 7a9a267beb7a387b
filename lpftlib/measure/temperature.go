package measure

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Temperature is a fitted temperature scaling (Guo et al. 2017; Section 6.3 of the paper): logits f become f/T.
type Temperature struct {
	T         float64 `json:"temperature"`
	NLLBefore float64 `json:"nll_before"` // of the logits it was fitted to, at T = 1
	NLL       float64 `json:"nll"`        // of the same, at T
	Steps     int     `json:"steps"`
	// AtBound says that the likelihood has no maximum inside the bounds of the search: predictions that are all right
	// want T → 0, predictions worse than chance want T → ∞.
	AtBound bool `json:"at_bound,omitempty"`
	// AtLimit says that the search ran out of steps while the likelihood still rose: T is where it stood, no optimum.
	AtLimit bool `json:"at_limit,omitempty"`
}

// ScaleLogits returns logits/T. Scaling the head, V/T and b/T, gives the same, and no prediction changes.
func ScaleLogits(logits *mat.Dense, t float64) *mat.Dense {
	var scaled mat.Dense
	scaled.Scale(1/t, logits)
	return &scaled
}

// The published recipe: Adam on T itself.
const (
	adamRate     = 1e-3
	adamBeta1    = 0.9
	adamBeta2    = 0.999
	adamEpsilon  = 1e-8
	adamMaxSteps = 100_000
	adamPatience = 10
)

// FitTemperature minimises the mean NLL of logits [n, C] over T as the paper does: Adam with rate 1e-3 on the full
// batch, from T = 1, at most 100,000 steps, until ten steps in a row bring no strict improvement; the best T is kept.
// With this rate T moves by about 0.001 a step, so that a T above 90 is out of its reach: the result then says AtLimit.
// It also stops before a step that would make T negative.
func FitTemperature(logits *mat.Dense, labels []int) (Temperature, error) {
	if err := checkLogits("temperature scaling", logits, labels); err != nil {
		return Temperature{}, err
	}
	likelihood := newTemperatureLoss(logits, labels)
	t, m, v := 1.0, 0.0, 0.0
	best := Temperature{NLL: math.Inf(1)}
	waiting := 0
	for step := 1; ; step++ {
		value, slope, _ := likelihood.at(1 / t)
		if step == 1 {
			best.NLLBefore = value
		}
		best.Steps = step
		if value < best.NLL {
			best.T, best.NLL, waiting = t, value, 0
		} else if waiting++; waiting >= adamPatience {
			break
		}
		if step == adamMaxSteps {
			best.AtLimit = true
			break
		}
		gradient := -slope / (t * t) // d/dT of a function of a = 1/T
		m = adamBeta1*m + (1-adamBeta1)*gradient
		v = adamBeta2*v + (1-adamBeta2)*gradient*gradient
		mHat := m / (1 - math.Pow(adamBeta1, float64(step)))
		vHat := v / (1 - math.Pow(adamBeta2, float64(step)))
		t -= adamRate * mHat / (math.Sqrt(vHat) + adamEpsilon)
		if t <= 0 {
			best.AtBound = true
			break
		}
	}
	return best, nil
}

// The bounds within which ExactTemperature looks for a = 1/T.
const (
	minInverseTemperature = 1e-4
	maxInverseTemperature = 1e4
)

// ExactTemperature finds the T in [1e-4, 1e4] that minimises the mean NLL of logits [n, C] to machine precision: the
// NLL is convex in a = 1/T, so its slope is bracketed and solved by Newton steps with bisection as a safeguard.
func ExactTemperature(logits *mat.Dense, labels []int) (Temperature, error) {
	if err := checkLogits("temperature scaling", logits, labels); err != nil {
		return Temperature{}, err
	}
	likelihood := newTemperatureLoss(logits, labels)
	value, slope, curvature := likelihood.at(1)
	fit := Temperature{T: 1, NLLBefore: value, NLL: value}
	if slope == 0 { // also where no row prefers any class
		return fit, nil
	}
	low, high := minInverseTemperature, maxInverseTemperature
	for _, bound := range []float64{low, high} {
		if at, outward, _ := likelihood.at(bound); (bound == low && outward >= 0) || (bound == high && outward <= 0) {
			fit.T, fit.NLL, fit.AtBound = 1/bound, at, true
			return fit, nil
		}
	}
	a := 1.0
	for fit.Steps = 1; fit.Steps < 200; fit.Steps++ {
		if slope > 0 {
			high = a
		} else {
			low = a
		}
		next := a - slope/curvature
		if !(next > low && next < high) {
			next = math.Sqrt(low * high)
		}
		if math.Abs(next-a) <= 1e-15*a || next == low || next == high {
			break
		}
		a = next
		if value, slope, curvature = likelihood.at(a); slope == 0 {
			break
		}
	}
	fit.T, fit.NLL = 1/a, value
	return fit, nil
}

// temperatureLoss is the mean NLL of a·f as a function of a, with scratch space for one row.
type temperatureLoss struct {
	logits *mat.Dense
	labels []int
	scaled []float64
}

func newTemperatureLoss(logits *mat.Dense, labels []int) *temperatureLoss {
	_, classes := logits.Dims()
	return &temperatureLoss{logits: logits, labels: labels, scaled: make([]float64, classes)}
}

// at returns the value (1/n) Σ_i [lse(a·f_i) − a·f_{i,y_i}], its derivative, the mean of E_p[f] − f_y, and its second
// derivative, the mean of Var_p[f].
func (l *temperatureLoss) at(a float64) (value, slope, curvature float64) {
	for i, label := range l.labels {
		row := l.logits.RawRowView(i)
		for c, f := range row {
			l.scaled[c] = a * f
		}
		total := floats.LogSumExp(l.scaled)
		value += total - l.scaled[label]
		mean, square := 0.0, 0.0
		for c, f := range row { // relative to the label's logit, which keeps the variance accurate
			p := math.Exp(l.scaled[c] - total)
			mean += p * (f - row[label])
			square += p * (f - row[label]) * (f - row[label])
		}
		slope += mean
		curvature += square - mean*mean
	}
	n := float64(len(l.labels))
	return value / n, slope / n, curvature / n
}
