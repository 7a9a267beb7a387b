package probe

import (
	"context"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// preconditioner is the inverse of w̄·G + ridge·I on each weight row and of w̄·n on each bias: the Hessian as if
// every row had the mean curvature w̄. G is the Gram matrix of all rows, so one factor serves every fold.
type preconditioner struct {
	factor blas64.Triangular // U
	bias   float64
}

func newPreconditioner(gram *mat.SymDense, rows int, curvature, ridge float64) *preconditioner {
	r := gram.SymmetricDim()
	curvature = math.Max(curvature, 1e-10) // where every probability is 0 or 1
	// Enough of a diagonal for the factorisation to succeed whatever the scale of the features.
	jitter := 1e-12 * curvature * mat.Trace(gram) / float64(r)
	a := mat.NewSymDense(r, nil)
	a.ScaleSym(curvature, gram)
	for j := range r {
		a.SetSym(j, j, a.At(j, j)+ridge+jitter)
	}
	var cholesky mat.Cholesky
	if !cholesky.Factorize(a) {
		return nil
	}
	u := cholesky.RawU().(mat.RawTriangular).RawTriangular()
	return &preconditioner{factor: u, bias: 1 / (curvature * float64(rows))}
}

// sharedPreconditioner makes the preconditioner of each κ from one Gram matrix.
type sharedPreconditioner struct {
	gram *mat.SymDense
	rows int
}

// newSharedPreconditioner takes four rows a feature, plenty for a preconditioner. L-BFGS needs none: nil.
func newSharedPreconditioner(data *coordinates, o Options) *sharedPreconditioner {
	if o.StopAsScikitLearn {
		return nil
	}
	n, r := data.x.Dims()
	return &sharedPreconditioner{gram: data.sampledGram(max(2048, 4*r)), rows: n}
}

func (s *sharedPreconditioner) at(kappa, curvature float64) *preconditioner {
	if s == nil {
		return nil
	}
	return newPreconditioner(s.gram, s.rows, curvature, 1/kappa)
}

// solve writes the preconditioned residual into z. A nil preconditioner is the identity.
func (c *preconditioner) solve(p *problem, residual, z []float64) {
	copy(z, residual)
	if c == nil {
		return
	}
	r := p.width()
	for k := range p.outputs { // (UᵀU)⁻¹ by two triangular solves
		row := blas64.Vector{N: r, Inc: 1, Data: z[k*r : (k+1)*r]}
		blas64.Trsv(blas.Trans, c.factor, row)
		blas64.Trsv(blas.NoTrans, c.factor, row)
	}
	for k := p.outputs * r; k < len(z); k++ {
		z[k] *= c.bias
	}
}

// accuracy says when a fit is done: when the largest gradient entry is at most gradient, and ‖∇F‖ is at most
// relative·ridge·‖W‖. F is at least ridge-strongly convex in W, so W is then within about relative·‖W‖ of the
// optimum, and Σδφᵀ = V/κ holds to relative.
type accuracy struct {
	gradient, relative float64
	maxIter            int
}

func (a accuracy) reached(p *problem, theta, gradient []float64) bool {
	return maxAbs(gradient) <= a.gradient && norm(gradient) <= a.relative*p.ridge*norm(p.weights(theta))
}

// newton minimises the problem from theta, in place, by a truncated Newton method with Armijo backtracking.
// It stops when the accuracy is reached or when rounding leaves nothing to gain; both count as converged.
func newton(ctx context.Context, p *problem, theta []float64, m *preconditioner, goal accuracy) (iterations int, converged bool, err error) {
	gradient, direction := make([]float64, len(theta)), make([]float64, len(theta))
	trial, trialGradient := make([]float64, len(theta)), make([]float64, len(theta))
	value := p.value(theta, gradient)
	start := norm(gradient)
	for iterations = 0; ; iterations++ {
		if goal.reached(p, theta, gradient) {
			return iterations, true, nil
		}
		if iterations == goal.maxIter {
			return iterations, false, nil
		}
		if err := ctx.Err(); err != nil {
			return iterations, false, err
		}
		size := norm(gradient)
		conjugateGradient(p, m, gradient, direction, math.Min(0.1, math.Sqrt(size/start)))
		slope := dot(gradient, direction)
		// Once the expected decrease drowns in the rounding of the value, only the gradient can tell progress.
		drowned := -slope <= 1e-13*math.Abs(value)
		accepted := false
		for step := 1.0; step > 1e-10 && !accepted; step /= 2 {
			copy(trial, theta)
			axpy(step, direction, trial)
			trialValue := p.value(trial, trialGradient)
			accepted = trialValue <= value+1e-4*step*slope
			if drowned {
				accepted = norm(trialGradient) < size/2
			}
			if accepted {
				copy(theta, trial)
				gradient, trialGradient = trialGradient, gradient
				value = trialValue
			}
			if drowned {
				break
			}
		}
		if !accepted {
			return iterations, true, nil
		}
	}
}

// conjugateGradient solves H·direction = −gradient until the residual is forcing·‖gradient‖.
func conjugateGradient(p *problem, m *preconditioner, gradient, direction []float64, forcing float64) {
	size := len(gradient)
	residual, z, search, product := make([]float64, size), make([]float64, size), make([]float64, size), make([]float64, size)
	clear(direction)
	axpy(-1, gradient, residual)
	target := forcing * norm(gradient)
	m.solve(p, residual, z)
	copy(search, z)
	rz := dot(residual, z)
	for range min(2*size, 500) {
		p.curvature(search, product)
		curvature := dot(search, product)
		if !(curvature > 0) { // rounding, or a direction along which F is flat
			break
		}
		alpha := rz / curvature
		axpy(alpha, search, direction)
		axpy(-alpha, product, residual)
		if norm(residual) <= target {
			return
		}
		m.solve(p, residual, z)
		next := dot(residual, z)
		for i := range search {
			search[i] = z[i] + next/rz*search[i]
		}
		rz = next
	}
	if dot(gradient, direction) >= 0 { // stopped before the first step
		m.solve(p, gradient, direction)
		for i := range direction {
			direction[i] = -direction[i]
		}
	}
}

func maxAbs(v []float64) float64 {
	largest := 0.0
	for _, a := range v {
		largest = math.Max(largest, math.Abs(a))
	}
	return largest
}
