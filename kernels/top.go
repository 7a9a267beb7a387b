package kernels

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Operator is a symmetric matrix without negative eigenvalues that is known by its products: a stored training
// [Kernel], or one that is never formed.
type Operator interface {
	Size() int                                                      // N·C
	Mul(ctx context.Context, v []float64) (kv []float64, err error) // K·v
}

// TopOptions of [Top].
type TopOptions struct {
	K int // most eigenpairs; 0: all
	// Above leaves out eigenvalues of at most so much of the largest; 0: none. With 0x1p-23·N·C their number is
	// Ranks.Float32.
	Above float64
	// Tolerance is how far ‖K u − λ u‖ may be from 0, relative to the largest eigenvalue; 0: 1e-8. An eigenvalue is
	// nearer to λ than that, and in general by its square.
	Tolerance float64
	// Block is how many vectors are multiplied between two rounds of orthogonalisation; 0: 8. An eigenvalue that comes
	// more often than that is found so often only: P has each of its own C times.
	Block    int
	Progress func(products int) // told after each block of products; nil: silent
}

// Eigen is the upper end of a spectrum.
type Eigen struct {
	Values   Spectrum   // largest first
	Vectors  *mat.Dense // [len(Values), N·C], orthonormal rows
	Products int        // K·v taken
}

// Top computes the largest eigenvalues of K and their vectors by block Lanczos with full reorthogonalisation: an
// orthonormal basis of the vectors Kʲ·v_b for random v_b grows until the wanted eigenpairs of K within it are those of
// K. It needs products alone and keeps a basis of some times K.K vectors; where that would be the whole space, and the
// kernel is stored, [SingularValues] is the better way.
func Top(ctx context.Context, op Operator, o TopOptions) (*Eigen, error) {
	size := op.Size()
	if o.K < 0 || o.Above < 0 || o.Tolerance < 0 || o.Block < 0 {
		return nil, fmt.Errorf("kernels: %d eigenpairs above %g to %g in blocks of %d: expected 0 (chosen) or more", o.K, o.Above, o.Tolerance, o.Block)
	}
	if o.K == 0 || o.K > size {
		o.K = size
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-8
	}
	if o.Block == 0 {
		o.Block = 8
	}
	b := &krylov{op: op, size: size, random: rand.New(rand.NewPCG(1, uint64(size)))}
	for range min(o.Block, size) {
		b.add(b.draw())
	}
	for check := 0; ; {
		if err := b.multiply(ctx); err != nil {
			return nil, err
		}
		if o.Progress != nil {
			o.Progress(len(b.products))
		}
		if len(b.products) < min(check, size) {
			continue
		}
		found, done, err := b.solve(&o)
		if err != nil || done {
			return found, err
		}
		check = len(b.products) + max(2*o.Block, len(b.products)/4)
	}
}

// krylov is an orthonormal basis that grows: q_0 … q_{m−1} with products, and those of the next block without.
type krylov struct {
	op       Operator
	size     int
	random   *rand.Rand
	basis    [][]float64 // q_i [size]
	products [][]float64 // h_ij = q_i·K q_j for every i up to the basis's end then: column j
}

// draw is a random vector.
func (b *krylov) draw() []float64 {
	v := make([]float64, b.size)
	for i := range v {
		v[i] = b.random.NormFloat64()
	}
	return v
}

// orthogonalise takes the basis's part out of v, twice, so that rounding leaves none, and returns it. The coefficients
// of different vectors are independent within each of the two rounds.
func (b *krylov) orthogonalise(v []float64) (coefficients []float64) {
	coefficients = make([]float64, len(b.basis))
	for range 2 {
		c := make([]float64, len(b.basis))
		share(len(c), func(from, to int) {
			for i := from; i < to; i++ {
				c[i] = floats.Dot(b.basis[i], v)
			}
		})
		share(len(v), func(from, to int) {
			for i, q := range b.basis {
				floats.AddScaled(v[from:to], -c[i], q[from:to])
			}
		})
		floats.Add(coefficients, c)
	}
	return coefficients
}

// add orthogonalises v and makes it the basis's next vector. One that lies in the basis, up to rounding, is replaced by
// a random one: the basis then holds an invariant subspace, and goes on beside it.
func (b *krylov) add(v []float64) (coefficients []float64) {
	before := floats.Norm(v, 2)
	coefficients = b.orthogonalise(v)
	norm := floats.Norm(v, 2)
	if norm <= 1e-14*before {
		norm = 0
	}
	coefficients = append(coefficients, norm)
	if len(b.basis) == b.size { // the basis is whole
		return coefficients
	}
	for norm == 0 {
		v = b.draw()
		b.orthogonalise(v)
		norm = floats.Norm(v, 2)
	}
	floats.Scale(1/norm, v)
	b.basis = append(b.basis, v)
	return coefficients
}

// multiply takes the products with the vectors that have none, which make the next ones.
func (b *krylov) multiply(ctx context.Context) error {
	for _, q := range b.basis[len(b.products):] {
		kq, err := b.op.Mul(ctx, q)
		if err != nil {
			return err
		}
		if len(kq) != b.size {
			return fmt.Errorf("kernels: a product K·v of %d numbers for v of %d: expected as many; is it a training kernel?", len(kq), b.size)
		}
		if norm := floats.Norm(kq, 2); math.IsNaN(norm) || math.IsInf(norm, 0) {
			return fmt.Errorf("kernels: a product K·v is not finite: check the weights and the logits")
		}
		b.products = append(b.products, b.add(kq))
	}
	return nil
}

// solve finds the eigenpairs of K within the products' part of the basis; done tells that they are K's.
func (b *krylov) solve(o *TopOptions) (found *Eigen, done bool, err error) {
	m := len(b.products)
	h := mat.NewSymDense(m, nil)
	for j, column := range b.products {
		for i := range min(j+1, m) {
			h.SetSym(i, j, column[i])
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(h, true) {
		return nil, false, fmt.Errorf("kernels: the eigenvalues of a %d×%d projection did not converge: is K·v symmetric?", m, m)
	}
	ascending := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	largest := ascending[m-1]
	count := 0
	for count < min(m, o.K) && ascending[m-1-count] > o.Above*largest {
		count++
	}
	done = m == b.size
	if !done && count < m {
		done = true
		watched := count
		if count < o.K {
			watched++ // the first that is left out must be known to be below
		}
		for k := range watched {
			if b.residual(&vectors, m-1-k) > o.Tolerance*largest {
				done = false
			}
		}
	}
	if !done {
		return nil, false, nil
	}
	found = &Eigen{Products: m}
	if count == 0 {
		return found, true, nil
	}
	found.Vectors = mat.NewDense(count, b.size, nil)
	for k := range count {
		found.Values = append(found.Values, ascending[m-1-k])
		for i := range m {
			floats.AddScaled(found.Vectors.RawRowView(k), vectors.At(i, m-1-k), b.basis[i])
		}
	}
	return found, true, nil
}

// residual is ‖K u − λ u‖ of the projection's k-th eigenpair: what K u has along the basis vectors without products.
func (b *krylov) residual(vectors *mat.Dense, k int) float64 {
	m := len(b.products)
	sum := 0.0
	for i := m; i < len(b.basis); i++ {
		along := 0.0
		for j, column := range b.products {
			if i < len(column) {
				along += column[i] * vectors.At(j, k)
			}
		}
		sum += along * along
	}
	return math.Sqrt(sum)
}
