package probe

import "math"

// Constants of scipy's line search.
const (
	lineDecrease  = 1e-3 // share of the first slope's promise that a step must keep
	lineCurvature = 0.9  // the slope must shrink to this share
	lineWidth     = 0.1  // relative width of a bracket at which the search ends
	lineMaxStep   = 1e10
)

// moreThuente looks for a step along a descent direction with the strong Wolfe conditions, by the method of Moré and
// Thuente (ACM Transactions on Mathematical Software 20, 1994, 286-307) with the safeguards of MINPACK-2, as scipy's
// L-BFGS-B does. Where L-BFGS stops on its way hangs on every step, so a method that is merely alike would not do:
// gonum's, for one, forgets a bracket when the next slope has the same sign.
type moreThuente struct {
	start        trial   // at step 0
	promise      float64 // lineDecrease·start.slope
	step         float64 // at which value and slope are asked for
	best, other  trial   // ends of the interval of uncertainty; best has the lower value
	bracketed    bool    // a minimum lies between them
	lower, upper float64 // bounds of the next step
	tilted       bool    // as long as no step has kept the promise with a rising slope
	width        float64 // of the interval
	widthBefore  float64
}

// trial is a step with the value and the slope there.
type trial struct{ step, value, slope float64 }

// tilt is the trial of the function from which by·step is taken away.
func (t trial) tilt(by float64) trial { return trial{t.step, t.value - by*t.step, t.slope - by} }

func newMoreThuente(value, slope, step float64) *moreThuente {
	start := trial{0, value, slope}
	return &moreThuente{start: start, promise: lineDecrease * slope, step: step, best: start, other: start,
		upper: 5 * step, tilted: true, width: lineMaxStep, widthBefore: 2 * lineMaxStep}
}

// advance takes value and slope at step. The search is over where it returns true: step has the Wolfe conditions, or is the
// best of a bracket too narrow to go on. Otherwise step is the next one.
func (m *moreThuente) advance(value, slope float64) (over bool) {
	now := trial{m.step, value, slope}
	enough := m.start.value + m.promise*m.step
	kept := value <= enough
	if kept && slope >= 0 {
		m.tilted = false
	}
	switch {
	case m.narrow(),
		m.step == lineMaxStep && kept && slope <= m.promise,
		m.step == 0 && (!kept || slope >= m.promise),
		kept && math.Abs(slope) <= lineCurvature*-m.start.slope:
		return true
	}
	if m.tilted && value <= m.best.value && !kept {
		// Lower, but not by enough: the interval closes in on a minimum of the function tilted by the promise.
		m.best, m.other = m.best.tilt(m.promise), m.other.tilt(m.promise)
		m.choose(now.tilt(m.promise))
		m.best, m.other = m.best.tilt(-m.promise), m.other.tilt(-m.promise)
	} else {
		m.choose(now)
	}
	m.guard()
	return false
}

// narrow tells that the bracket leaves nothing to look for.
func (m *moreThuente) narrow() bool {
	return m.bracketed && (m.step <= m.lower || m.step >= m.upper || m.upper-m.lower <= lineWidth*m.upper)
}

// guard halves a bracket that shrinks too slowly, sets the bounds, and goes back to the best step where there is nothing
// left to try.
func (m *moreThuente) guard() {
	if m.bracketed {
		width := math.Abs(m.other.step - m.best.step)
		if width >= 0.66*m.widthBefore {
			m.step = m.best.step + 0.5*(m.other.step-m.best.step)
		}
		m.width, m.widthBefore = width, m.width
		m.lower, m.upper = math.Min(m.best.step, m.other.step), math.Max(m.best.step, m.other.step)
	} else {
		m.lower, m.upper = m.step+1.1*(m.step-m.best.step), m.step+4*(m.step-m.best.step)
	}
	m.step = math.Min(math.Max(m.step, 0), lineMaxStep)
	if m.narrow() {
		m.step = m.best.step
	}
}

// choose takes the next step from cubics and parabolas through now and an end of the interval, and moves the ends.
func (m *moreThuente) choose(now trial) {
	opposite := now.slope*math.Copysign(1, m.best.slope) < 0
	next, x := 0.0, m.best
	switch {
	case now.value > x.value: // higher: a minimum lies between, nearer to the best
		m.bracketed = true
		cubic := x.step + cubicShare(x, now, false)*(now.step-x.step)
		parabola := x.step + x.slope/((x.value-now.value)/(now.step-x.step)+x.slope)/2*(now.step-x.step)
		next = cubic
		if math.Abs(cubic-x.step) >= math.Abs(parabola-x.step) {
			next = cubic + (parabola-cubic)/2
		}
	case opposite: // lower, and rising: a minimum lies between
		m.bracketed = true
		next = farther(now.step, now.step+cubicShare(now, x, false)*(x.step-now.step), secant(now, x))
	case math.Abs(now.slope) < math.Abs(x.slope): // lower, and flatter: beyond
		next = m.beyond(now)
	case m.bracketed: // lower, and steeper: towards the other end
		next = now.step + cubicShare(now, m.other, false)*(m.other.step-now.step)
	case now.step > x.step:
		next = m.upper
	default:
		next = m.lower
	}
	if now.value > x.value {
		m.other = now
	} else {
		if opposite {
			m.other = x
		}
		m.best = now
	}
	m.step = next
}

// beyond is the next step where now is lower and flatter than the best: the cubic may have its minimum on the far side or
// none at all.
func (m *moreThuente) beyond(now trial) float64 {
	x, cubic := m.best, m.lower
	if share := cubicShare(now, x, true); share < 0 {
		cubic = now.step + share*(x.step-now.step)
	} else if now.step > x.step {
		cubic = m.upper
	}
	if !m.bracketed {
		return math.Max(m.lower, math.Min(m.upper, farther(now.step, cubic, secant(now, x))))
	}
	next, limit := nearer(now.step, cubic, secant(now, x)), now.step+0.66*(m.other.step-now.step)
	if now.step > x.step {
		return math.Min(limit, next)
	}
	return math.Max(limit, next)
}

// cubicShare is where between a (0) and b (1) the cubic through both has its minimum. Where it has none, a flat one is
// taken if allowed, and 0, no direction, is the answer to that.
func cubicShare(a, b trial, flat bool) float64 {
	theta := 3*(a.value-b.value)/(b.step-a.step) + a.slope + b.slope
	scale := math.Max(math.Abs(theta), math.Max(math.Abs(a.slope), math.Abs(b.slope)))
	root := (theta/scale)*(theta/scale) - (a.slope/scale)*(b.slope/scale)
	if flat {
		root = math.Max(0, root)
	}
	gamma := scale * math.Sqrt(root)
	if b.step < a.step {
		gamma = -gamma
	}
	if flat && gamma == 0 {
		return 0
	}
	return ((gamma - a.slope) + theta) / (((gamma - a.slope) + gamma) + b.slope)
}

// secant is where the slope would be zero if it were linear.
func secant(now, x trial) float64 {
	return now.step + now.slope/(now.slope-x.slope)*(x.step-now.step)
}

// farther and nearer choose between a and b by their distance from at, b where they are equal in farther, too.
func farther(at, a, b float64) float64 {
	if math.Abs(a-at) > math.Abs(b-at) {
		return a
	}
	return b
}

func nearer(at, a, b float64) float64 {
	if math.Abs(a-at) < math.Abs(b-at) {
		return a
	}
	return b
}
