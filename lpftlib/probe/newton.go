package probe

import (
	"context"
	"math"
)

// accuracy says when a fit is done: when the error of θ, estimated by the preconditioned gradient, is at most error·‖W‖,
// and ‖∇F‖ is at most gradient·ridge·‖W‖ (0: any). F is at least ridge-strongly convex in W, so that W is then within
// about gradient·‖W‖ of the optimum beyond any estimate, and Σδφᵀ = V/κ holds to gradient.
type accuracy struct {
	error, gradient float64
	maxIter         int
}

// newton minimises the problem from theta, in place, by a truncated Newton method with Armijo backtracking.
// It stops when the accuracy is reached or when rounding leaves nothing to gain; both count as converged.
func newton(ctx context.Context, p *problem, theta []float64, goal accuracy) (iterations int, converged bool, err error) {
	gradient, direction := make([]float64, len(theta)), make([]float64, len(theta))
	trial, trialGradient := make([]float64, len(theta)), make([]float64, len(theta))
	z := make([]float64, len(theta))
	value := p.value(theta, gradient)
	for iterations = 0; ; iterations++ {
		p.weigh()
		p.solve(gradient, z)
		size := norm(p.weights(theta))
		distance := p.slack * norm(z) / size
		exact := goal.gradient == 0 || norm(gradient) <= goal.gradient*p.ridge*size
		if distance <= goal.error && exact {
			return iterations, true, nil
		}
		if iterations == goal.maxIter {
			return iterations, false, nil
		}
		if err := ctx.Err(); err != nil {
			return iterations, false, err
		}
		enough := 0.0 // a smaller error needs no further step
		if goal.gradient == 0 {
			enough = goal.error * size / 4
		}
		// No tighter than 1e-3: a shift of all biases leaves F as it is, and the rounding along it no solve can remove.
		conjugateGradient(p, gradient, z, direction, math.Min(0.05, math.Max(1e-3, distance)), enough)
		slope := dot(gradient, direction)
		before := norm(gradient)
		// Once the expected decrease drowns in the rounding of the value, only the gradient can tell progress.
		drowned := -slope <= 1e-13*math.Abs(value)
		accepted := false
		for step := 1.0; step > 1e-10 && !accepted; step /= 2 {
			copy(trial, theta)
			axpy(step, direction, trial)
			trialValue := p.value(trial, trialGradient)
			accepted = trialValue <= value+1e-4*step*slope
			if drowned {
				accepted = norm(trialGradient) < before/2
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

// conjugateGradient solves H·direction = −gradient until the residual, measured by the preconditioner M as
// √(rᵀM⁻¹r), has shrunk to forcing, or the error left is at most enough. Where nothing is enough (0), ‖residual‖ must
// have shrunk to forcing too: M hardly sees what it takes to be determined well. z is M⁻¹·gradient.
func conjugateGradient(p *problem, gradient, z, direction []float64, forcing, enough float64) {
	size := len(gradient)
	residual, search, product := make([]float64, size), make([]float64, size), make([]float64, size)
	clear(direction)
	axpy(-1, gradient, residual)
	axpy(-1, z, search)
	rz := dot(gradient, z)
	target := forcing * forcing * rz
	next := make([]float64, size)
	for range min(2*size, 500) {
		p.curvature(search, product)
		curvature := dot(search, product)
		if !(curvature > 0) { // rounding, or a direction along which F is flat
			break
		}
		alpha := rz / curvature
		p.slack = math.Max(p.slack, alpha) // at most M's largest overestimate of H
		axpy(alpha, search, direction)
		axpy(-alpha, product, residual)
		p.solve(residual, next)
		left := dot(residual, next)
		if p.slack*norm(next) <= enough || left <= target && (enough > 0 || norm(residual) <= forcing*norm(gradient)) {
			break
		}
		for i := range search {
			search[i] = next[i] + left/rz*search[i]
		}
		rz = left
	}
	if dot(gradient, direction) >= 0 { // stopped before the first step
		clear(direction)
		axpy(-1, z, direction)
	}
}

func maxAbs(v []float64) float64 {
	largest := 0.0
	for _, a := range v {
		largest = math.Max(largest, math.Abs(a))
	}
	return largest
}
