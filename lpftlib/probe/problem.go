package probe

import (
	"math"
	"sync"

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
	rows    []int   // rows of data.x that take part
	labels  []int   // class of each of rows, 0 … K−1 (0, 1 if binary)
	outputs int     // K
	binary  bool    // K = 1
	slope   float64 // f₁ − f₀ = slope·s if binary
	ridge   float64
	workers int

	probs  []float64  // [len(rows), K] probabilities at the last evaluated θ (of class 1 if binary)
	chunks []rowChunk // fixed pieces of rows, so that sums do not depend on the number of workers
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

// rowChunk is a range of problem.rows with its part of a sum over the rows.
type rowChunk struct {
	from, to int
	value    float64
	sum      []float64 // [K·r + K]
	scores   []float64 // [K]
}

const (
	minChunkRows = 128
	maxChunks    = 32
)

func newProblem(data *coordinates, rows, labels []int, classes int, shape form, workers int) *problem {
	p := &problem{data: data, rows: rows, labels: labels, outputs: classes, workers: workers}
	if classes == 2 && shape != twoRows {
		p.binary, p.outputs, p.slope = true, 1, 2
		if shape == binomial {
			p.slope = 1
		}
	}
	p.probs = make([]float64, len(rows)*p.outputs)
	count := min(maxChunks, (len(rows)+minChunkRows-1)/minChunkRows)
	p.chunks = make([]rowChunk, count)
	for i := range p.chunks {
		p.chunks[i] = rowChunk{
			from: i * len(rows) / count, to: (i + 1) * len(rows) / count,
			sum: make([]float64, p.size()), scores: make([]float64, p.outputs),
		}
	}
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

// value returns F(θ), writes ∇F(θ) into gradient, and remembers the probabilities for curvature.
func (p *problem) value(theta, gradient []float64) float64 {
	loss := p.pass(theta, gradient, func(i int, scores []float64) float64 {
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

// curvature writes the product of the Hessian at the last evaluated θ with direction into product.
func (p *problem) curvature(direction, product []float64) {
	p.pass(direction, product, func(i int, u []float64) float64 {
		probs := p.probs[i*p.outputs : (i+1)*p.outputs]
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

// meanCurvature is the mean over rows (and classes) of the Hessian's weight of φφᵀ: p(1 − p), or slope²·p(1 − p) if binary.
func (p *problem) meanCurvature() float64 {
	sum := 0.0
	for _, q := range p.probs {
		sum += q * (1 - q)
	}
	if p.binary {
		sum *= p.slope * p.slope
	}
	return sum / float64(len(p.probs))
}

// pass reads every row once: it forms the row's K scores from theta, lets middle turn them into K
// coefficients t, and adds t·rowᵀ (and t itself for the biases) to sum. It returns the total of middle's values.
func (p *problem) pass(theta, sum []float64, middle func(i int, scores []float64) float64) float64 {
	shift := p.biasOfCentred(theta)
	p.eachChunk(func(chunk *rowChunk) { p.passChunk(chunk, theta, shift, middle) })
	clear(sum)
	total := 0.0
	for i := range p.chunks { // in order: the same bits for any number of workers
		total += p.chunks[i].value
		axpy(1, p.chunks[i].sum, sum)
	}
	r := p.width()
	for k := range p.outputs {
		if p.data.mean != nil {
			axpy(-sum[p.outputs*r+k], p.data.mean, sum[k*r:(k+1)*r])
		}
	}
	return total
}

// biasOfCentred returns b − Wm [K], the bias that turns W·x into W·(x − m) + b.
func (p *problem) biasOfCentred(theta []float64) []float64 {
	r := p.width()
	bias := append([]float64(nil), theta[p.outputs*r:]...)
	if p.data.mean != nil {
		for k := range bias {
			bias[k] -= dot(theta[k*r:(k+1)*r], p.data.mean)
		}
	}
	return bias
}

func (p *problem) passChunk(chunk *rowChunk, theta, bias []float64, middle func(int, []float64) float64) {
	r := p.width()
	weightSum, biasSum := chunk.sum[:p.outputs*r], chunk.sum[p.outputs*r:]
	clear(chunk.sum)
	chunk.value = 0
	scores := chunk.scores
	for i := chunk.from; i < chunk.to; i++ {
		row := p.data.x.RawRowView(p.rows[i])
		for k := range scores {
			scores[k] = dot(theta[k*r:(k+1)*r], row) + bias[k]
		}
		chunk.value += middle(i, scores)
		for k, t := range scores {
			axpy(t, row, weightSum[k*r:(k+1)*r])
			biasSum[k] += t
		}
	}
}

// eachChunk runs work on every chunk, on p.workers goroutines.
func (p *problem) eachChunk(work func(*rowChunk)) {
	workers := min(p.workers, len(p.chunks))
	var wait sync.WaitGroup
	for first := 1; first < workers; first++ {
		wait.Go(func() {
			for i := first; i < len(p.chunks); i += workers {
				work(&p.chunks[i])
			}
		})
	}
	for i := 0; i < len(p.chunks); i += workers {
		work(&p.chunks[i])
	}
	wait.Wait()
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
