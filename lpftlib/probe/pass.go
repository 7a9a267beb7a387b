package probe

// rowPasses answers what the fits over the same rows ask: [joint] for all of them at once, [separate] for each by itself.
type rowPasses interface {
	// enter announces so many fits; each must leave.
	enter(fits int)
	leave()
	// ask returns when the request has been answered.
	ask(r *request)
}

// request is one pass over the rows, or one solve with the preconditioner if ridge is positive, of the fit number fit.
//
// A pass forms the K scores of each row, lets middle turn them into K coefficients t, and adds t·(row − mean)ᵀ, and t
// itself for the biases, to out. value is the total of middle's.
type request struct {
	fit       int
	in, out   []float64 // [K·r + K], weight rows and then biases
	outputs   int       // K
	needs     func(i int) bool
	middle    func(i int, scores []float64) float64
	value     float64
	curvature float64
	ridge     float64
	done      chan struct{}
}

func (r *request) solves() bool { return r.ridge > 0 }
