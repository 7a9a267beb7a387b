package linear

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Model is f(x) = V B x (Definition 1).
type Model struct {
	V *mat.Dense // head [C, h]
	B *mat.Dense // encoder [h, d]
}

// Random draws a model of C classes, h features and d inputs: entries of V ~ N(0, 1/h), of B ~ N(0, 1/d).
func Random(classes, h, d int, seed uint64) *Model {
	r := rand.New(rand.NewPCG(seed, 0))
	return &Model{V: Normal(classes, h, 1/math.Sqrt(float64(h)), r), B: Normal(h, d, 1/math.Sqrt(float64(d)), r)}
}

// Normal draws a matrix [rows, columns] with independent entries ~ N(0, sigma²).
func Normal(rows, columns int, sigma float64, r *rand.Rand) *mat.Dense {
	m := mat.NewDense(rows, columns, nil)
	for i := range m.RawMatrix().Data {
		m.RawMatrix().Data[i] = sigma * r.NormFloat64()
	}
	return m
}

// Features is φ(x) = Bx for every row of x [N, d]: [N, h].
func (m *Model) Features(x *mat.Dense) *mat.Dense { return times(x, m.B.T()) }

// Logits is f(x) = Vφ(x) for every row of x [N, d]: [N, C].
func (m *Model) Logits(x *mat.Dense) *mat.Dense { return times(m.Features(x), m.V.T()) }

// times is the product of a and b.
func times(a, b mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.Mul(a, b)
	return &out
}
