package measure

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// TSNEOptions of the layout; the zero value asks for the settings of Figures 5 and 6 here (the paper gives none).
type TSNEOptions struct {
	Perplexity float64 // effective number of neighbours; 0: 30
	Iterations int     // of gradient descent; 0: 1,000
}

// TSNEResult is a layout in the plane.
type TSNEResult struct {
	Points     *mat.Dense // [n, 2]
	Divergence float64    // Kullback–Leibler divergence of the layout from the neighbourhoods, in nats
}

// Settings of van der Maaten (2014) and scikit-learn.
const (
	tsneExaggeration      = 12.0
	tsneExaggerationSteps = 250
	tsneEarlyMomentum     = 0.5
	tsneMomentum          = 0.8
	tsneMinGain           = 0.01
	tsneTiny              = 0x1p-52
)

// TSNE lays the rows of x [n, h] out in the plane by exact t-SNE (van der Maaten & Hinton 2008): Gaussian
// neighbourhoods of the given perplexity, made symmetric, matched by Student-t neighbourhoods in the plane. It starts
// from the first two principal components (scaled to a deviation of 1e-4), exaggerates the attraction 12-fold for
// the first 250 iterations, and takes max(n/48, 50) as learning rate. Nothing in it is random, so there is no seed.
// Time is O(n²) an iteration: for a few thousand rows at most. It needs more rows than 3 times the perplexity to say
// much, and is an error from n ≤ perplexity on.
func TSNE(x *mat.Dense, o TSNEOptions) (TSNEResult, error) {
	if o.Perplexity == 0 {
		o.Perplexity = 30
	}
	if o.Iterations == 0 {
		o.Iterations = 1000
	}
	if err := checkMatrix("t-SNE", "points", x); err != nil {
		return TSNEResult{}, err
	}
	n, _ := x.Dims()
	if !(o.Perplexity >= 1 && o.Perplexity < float64(n)) {
		return TSNEResult{}, fmt.Errorf("measure: t-SNE: perplexity %g for %d points: expected at least 1 and less than the number of points", o.Perplexity, n)
	}
	if o.Iterations < 0 {
		return TSNEResult{}, fmt.Errorf("measure: t-SNE: %d iterations: expected a positive number", o.Iterations)
	}
	start, err := principalPlane(x)
	if err != nil {
		return TSNEResult{}, err
	}
	layout := &tsneLayout{
		n: n, p: jointNeighbourhoods(squaredDistances(x), n, o.Perplexity), y: start,
		gradient: make([]float64, 2*n), kernel: make([]float64, n*n),
	}
	divergence := layout.descend(o.Iterations)
	return TSNEResult{Points: mat.NewDense(n, 2, layout.y), Divergence: divergence}, nil
}

// principalPlane returns the first two principal components [n, 2], scaled so that the first has deviation 1e-4, with
// the sign that makes each component's entry of largest size positive.
func principalPlane(x *mat.Dense) ([]float64, error) {
	n, h := x.Dims()
	centred := mat.DenseCopyOf(x)
	mean := make([]float64, h)
	for i := range n {
		floats.AddScaled(mean, 1/float64(n), x.RawRowView(i))
	}
	for i := range n {
		floats.Sub(centred.RawRowView(i), mean)
	}
	var svd mat.SVD
	if !svd.Factorize(centred, mat.SVDThinU) {
		return nil, fmt.Errorf("measure: t-SNE: the principal components of the points did not converge")
	}
	var u mat.Dense
	svd.UTo(&u)
	sigma := svd.Values(nil)
	if sigma[0] == 0 {
		return nil, fmt.Errorf("measure: t-SNE: all %d points are equal: there is nothing to lay out", n)
	}
	plane := make([]float64, 2*n)
	for k := range min(2, len(sigma)) {
		column := mat.Col(nil, k, &u)
		sign := 1.0
		if -floats.Min(column) > floats.Max(column) {
			sign = -1
		}
		for i, v := range column {
			plane[2*i+k] = sign * v * sigma[k] / sigma[0] * math.Sqrt(float64(n)) * 1e-4
		}
	}
	return plane, nil
}

// squaredDistances returns ‖x_i − x_j‖² [n, n], row by row.
func squaredDistances(x *mat.Dense) []float64 {
	n, _ := x.Dims()
	d := make([]float64, n*n)
	for i := range n {
		for j := range i {
			distance := floats.Distance(x.RawRowView(i), x.RawRowView(j), 2)
			d[i*n+j] = distance * distance
			d[j*n+i] = d[i*n+j]
		}
	}
	return d
}

// jointNeighbourhoods returns p_ij = (p_{j|i} + p_{i|j})/(2n) [n, n], where p_{j|i} ∝ exp(−β_i d_ij) has the perplexity
// exp(entropy) asked for.
func jointNeighbourhoods(distances []float64, n int, perplexity float64) []float64 {
	conditional := make([]float64, n*n)
	for i := range n {
		neighbourhood(distances[i*n:(i+1)*n], i, math.Log(perplexity), conditional[i*n:(i+1)*n])
	}
	joint := make([]float64, n*n)
	for i := range n {
		for j := range n {
			if i != j {
				joint[i*n+j] = max(tsneTiny, (conditional[i*n+j]+conditional[j*n+i])/float64(2*n))
			}
		}
	}
	return joint
}

// neighbourhood writes p_{j|i} into p, with β found by bisection on the entropy (which falls as β grows).
func neighbourhood(distances []float64, i int, entropy float64, p []float64) {
	nearest := math.Inf(1)
	for j, d := range distances {
		if j != i {
			nearest = min(nearest, d)
		}
	}
	low, high, beta := 0.0, math.Inf(1), 1.0
	for range 200 {
		sum, weighted := 0.0, 0.0
		for j, d := range distances {
			p[j] = 0
			if j != i {
				p[j] = math.Exp(-beta * (d - nearest))
				sum += p[j]
				weighted += p[j] * (d - nearest)
			}
		}
		floats.Scale(1/sum, p)
		difference := math.Log(sum) + beta*weighted/sum - entropy
		if math.Abs(difference) < 1e-10 {
			return
		}
		if difference > 0 {
			low = beta
			if beta *= 2; !math.IsInf(high, 1) {
				beta = (low + high) / 2
			}
		} else {
			high = beta
			beta = (low + high) / 2
		}
	}
}

// tsneLayout is a layout y [n, 2] on its way down the divergence KL(p‖q).
type tsneLayout struct {
	n        int
	p        []float64 // [n, n] target neighbourhoods
	y        []float64 // [n, 2]
	gradient []float64 // [n, 2]
	kernel   []float64 // [n, n] 1/(1 + ‖y_i − y_j‖²)
}

// descend makes the iterations and returns the divergence at the end.
func (l *tsneLayout) descend(iterations int) float64 {
	rate := math.Max(float64(l.n)/tsneExaggeration/4, 50)
	velocity, gains := make([]float64, 2*l.n), make([]float64, 2*l.n)
	for k := range gains {
		gains[k] = 1
	}
	for step := range iterations {
		exaggeration, momentum := tsneExaggeration, tsneEarlyMomentum
		if step >= tsneExaggerationSteps {
			exaggeration, momentum = 1, tsneMomentum
		}
		if step == tsneExaggerationSteps { // the second phase starts at rest
			clear(velocity)
			for k := range gains {
				gains[k] = 1
			}
		}
		l.slope(exaggeration)
		for k, g := range l.gradient {
			if velocity[k]*g < 0 { // still going down: be bolder
				gains[k] += 0.2
			} else {
				gains[k] = math.Max(tsneMinGain, 0.8*gains[k])
			}
			velocity[k] = momentum*velocity[k] - rate*gains[k]*g
			l.y[k] += velocity[k]
		}
	}
	return l.divergence(l.slope(1))
}

// slope writes the gradient 4 Σ_j (s·p_ij − q_ij)(y_i − y_j)/(1 + ‖y_i − y_j‖²), s the exaggeration, and returns the
// normalisation Σ_{i≠j} 1/(1 + ‖y_i − y_j‖²).
func (l *tsneLayout) slope(exaggeration float64) float64 {
	n := l.n
	total := 0.0
	for i := range n {
		for j := range i {
			dx, dy := l.y[2*i]-l.y[2*j], l.y[2*i+1]-l.y[2*j+1]
			k := 1 / (1 + dx*dx + dy*dy)
			l.kernel[i*n+j] = k
			total += 2 * k
		}
	}
	clear(l.gradient)
	for i := range n {
		for j := range i {
			k := l.kernel[i*n+j]
			force := 4 * (exaggeration*l.p[i*n+j] - math.Max(tsneTiny, k/total)) * k
			dx, dy := force*(l.y[2*i]-l.y[2*j]), force*(l.y[2*i+1]-l.y[2*j+1])
			l.gradient[2*i] += dx
			l.gradient[2*i+1] += dy
			l.gradient[2*j] -= dx
			l.gradient[2*j+1] -= dy
		}
	}
	return total
}

// divergence is Σ_{i≠j} p_ij log(p_ij/q_ij), given the normalisation of q.
func (l *tsneLayout) divergence(total float64) float64 {
	sum := 0.0
	for i := range l.n {
		for j := range i {
			p := l.p[i*l.n+j]
			sum += 2 * p * math.Log(p/math.Max(tsneTiny, l.kernel[i*l.n+j]/total))
		}
	}
	return sum
}
