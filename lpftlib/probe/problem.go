package probe

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// problem is the objective on some of the rows, F(θ) = Σ_i CE(s_i, y_i) + (ridge/2)·‖W‖², scaled so that a
// row's loss counts once (scikit-learn's divided by κ; ridge = 1/κ).
//
// θ holds the K weight rows [K, r] and then the K biases. With more than two classes K = C and the scores s_i
// are the logits. A two-class problem has K = 1 unless its form is twoRows (see [form]).
type problem struct {
	data    *coordinates
	passes  rowPasses
	fit     int     // its number among those that share the passes
	labels  []int   // class of each row, 0 … K−1 (0, 1 if binary); −1: the row takes no part
	count   int     // rows that take part
	outputs int     // K
	binary  bool    // K = 1
	slope   float64 // f₁ − f₀ = slope·s if binary
	ridge   float64

	probs []float64 // [N, K] probabilities at the last evaluated θ (of class 1 if binary)
	mean  float64   // of the Hessian's weights of φφᵀ there, over rows and classes, as of the last weigh
	slack float64   // how far the preconditioner may overrate the Hessian, as seen so far
}

// form says how a problem of two classes is written; with more classes it makes no difference.
type form int

const (
	// symmetric keeps only w of W = [−w; w]: the logits are ∓s and the penalty ‖W‖² = 2‖w‖².
	symmetric form = iota
	// twoRows keeps both rows, as scikit-learn's multinomial solver does.
	twoRows
	// binomial penalises the one row w of f₁ − f₀ = w·φ + b with ‖w‖² (Options.Binomial).
	binomial
)

func newProblem(data *coordinates, passes rowPasses, fit int, labels []int, classes int, shape form) *problem {
	p := &problem{data: data, passes: passes, fit: fit, labels: labels, outputs: classes, slack: 1}
	if classes == 2 && shape != twoRows {
		p.binary, p.outputs, p.slope = true, 1, 2
		if shape == binomial {
			p.slope = 1
		}
	}
	for _, label := range labels {
		if label >= 0 {
			p.count++
		}
	}
	p.probs = make([]float64, len(labels)*p.outputs)
	return p
}

// setKappa makes the problem that of inverse strength kappa.
func (p *problem) setKappa(kappa float64) {
	p.ridge = 1 / kappa
	if p.slope == 2 {
		p.ridge *= 2 // ‖W‖² = 2‖w‖²
	}
}

func (p *problem) width() int { _, r := p.data.x.Dims(); return r }

// size is the number of entries of θ.
func (p *problem) size() int { return p.outputs * (p.width() + 1) }

// weights returns the part of θ that is penalised.
func (p *problem) weights(theta []float64) []float64 { return theta[:p.outputs*p.width()] }

// ask is one pass over the rows for this problem (see [request]).
func (p *problem) ask(theta, sum []float64, needs func(int) bool, middle func(i int, scores []float64) float64) float64 {
	q := &request{fit: p.fit, in: theta, out: sum, outputs: p.outputs, needs: needs, middle: middle}
	p.passes.ask(q)
	return q.value
}

func (p *problem) takesPart(i int) bool { return p.labels[i] >= 0 }

// value returns F(θ), writes ∇F(θ) into gradient, and remembers the probabilities.
func (p *problem) value(theta, gradient []float64) float64 {
	loss := p.ask(theta, gradient, p.takesPart, func(i int, scores []float64) float64 {
		if !p.takesPart(i) { // read for another fit
			clear(scores)
			return 0
		}
		probs := p.probs[i*p.outputs : (i+1)*p.outputs]
		if p.binary {
			return binaryResidual(scores, probs, p.labels[i], p.slope)
		}
		return softmaxResidual(scores, probs, p.labels[i])
	})
	w := p.weights(theta)
	axpy(p.ridge, w, gradient[:len(w)])
	return loss + 0.5*p.ridge*dot(w, w)
}

// softmaxResidual turns the logits of one row into p − e_y and returns the row's cross entropy.
func softmaxResidual(scores, probs []float64, label int) float64 {
	top := scores[argmax(scores)]
	sum := 0.0
	for c, s := range scores {
		probs[c] = math.Exp(s - top)
		sum += probs[c]
	}
	loss := top + math.Log(sum) - scores[label]
	for c := range probs {
		probs[c] /= sum
		scores[c] = probs[c]
	}
	scores[label]--
	return loss
}

// binaryResidual does the same for f₁ − f₀ = slope·s: the derivative with respect to s is slope·(p₁ − y).
func binaryResidual(scores, probs []float64, label int, slope float64) float64 {
	margin := slope * scores[0]
	e := math.Exp(-math.Abs(margin))
	p := 1 / (1 + e)
	if margin < 0 {
		p = e / (1 + e)
	}
	loss := math.Log1p(e)
	if (margin > 0) != (label == 1) {
		loss += math.Abs(margin)
	}
	probs[0] = p
	scores[0] = slope * (p - float64(label))
	return loss
}

// weigh prepares solve for the last evaluated θ: the Hessian's weight of φφᵀ is p(1 − p), or slope²·p(1 − p) if binary.
func (p *problem) weigh() {
	total := 0.0
	for _, q := range p.probs { // zeros where the row takes no part
		total += q * (1 - q)
	}
	if p.binary {
		total *= p.slope * p.slope
	}
	p.mean = math.Max(total/float64(p.count*p.outputs), 1e-10) // 1e-10: where every probability is 0 or 1
}

// curvature writes the product of the Hessian at the last evaluated θ with direction into product.
func (p *problem) curvature(direction, product []float64) {
	p.ask(direction, product, p.takesPart, func(i int, u []float64) float64 {
		probs := p.probs[i*p.outputs : (i+1)*p.outputs] // zeros where the row is read for another fit
		if p.binary {
			u[0] *= p.slope * p.slope * probs[0] * (1 - probs[0])
			return 0
		}
		mean := dot(probs, u)
		for c := range u {
			u[c] = probs[c] * (u[c] - mean)
		}
		return 0
	})
	w := p.weights(direction)
	axpy(p.ridge, w, product[:len(w)])
}

// solve writes the preconditioned residual into z.
func (p *problem) solve(residual, z []float64) {
	p.passes.ask(&request{fit: p.fit, in: residual, out: z, outputs: p.outputs, curvature: p.mean, ridge: p.ridge})
}

// expand writes θ as weight [C, r] and bias [C] over the problem's own classes.
func (p *problem) expand(theta []float64) (weight *mat.Dense, bias []float64) {
	r := p.width()
	w, b := p.weights(theta), theta[p.outputs*r:]
	if !p.binary {
		return mat.NewDense(p.outputs, r, append([]float64(nil), w...)), append([]float64(nil), b...)
	}
	weight = mat.NewDense(2, r, nil)
	for j, v := range w {
		weight.Set(0, j, -p.slope/2*v)
		weight.Set(1, j, p.slope/2*v)
	}
	return weight, []float64{-p.slope / 2 * b[0], p.slope / 2 * b[0]}
}

// dot and axpy are gonum's assembly kernels on whole slices.
func dot(a, b []float64) float64 {
	return blas64.Dot(blas64.Vector{N: len(a), Inc: 1, Data: a}, blas64.Vector{N: len(b), Inc: 1, Data: b})
}

func axpy(alpha float64, x, y []float64) {
	blas64.Axpy(alpha, blas64.Vector{N: len(x), Inc: 1, Data: x}, blas64.Vector{N: len(y), Inc: 1, Data: y})
}
