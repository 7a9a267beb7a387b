package kernels

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// gramKernel is J Jᵀ of random Jacobians [n·classes, rank]: a kernel of that rank.
func gramKernel(n, classes, rank int, seed uint64) *Kernel {
	j := randomMatrix(n*classes, rank, seed)
	var k mat.Dense
	k.Mul(j, j.T())
	return &Kernel{M: n, C: classes, N: n, Data: k.RawMatrix().Data}
}

func randomMatrix(rows, columns int, seed uint64) *mat.Dense {
	r := rand.New(rand.NewPCG(seed, 0))
	m := mat.NewDense(rows, columns, nil)
	for i := range m.RawMatrix().Data {
		m.RawMatrix().Data[i] = r.NormFloat64()
	}
	return m
}
