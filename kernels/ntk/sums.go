package ntk

import (
	"lpft/kernels"
)

// sums are a parameter group's Gram sums in float64: the training part [N·C, N·C] and the
// test part [M·C, N·C].
type sums struct {
	n, m, c     int
	train, test []float64
}

func newSums(n, m, c int) *sums {
	return &sums{n: n, m: m, c: c, train: make([]float64, n*c*n*c), test: make([]float64, m*c*n*c)}
}

// add adds the product of two blocks, [C·rows, C·rows]: classes in order, and for each the
// block's rows. Of a block with itself the upper half counts and is mirrored, so the kernel is
// symmetric to the bit.
func (s *sums) add(left, right []int, same bool, product []float64) {
	n, m := len(left), len(right)
	for a := range s.c * n {
		p, row := left[a%n]*s.c+a/n, product[a*s.c*m:][:s.c*m]
		first := 0
		if same {
			first = a
		}
		for b := first; b < len(row); b++ {
			s.put(p, right[b%m]*s.c+b/m, row[b])
		}
	}
}

// put adds v at row p and column q, numbered over both sides; pairs of test rows are dropped.
func (s *sums) put(p, q int, v float64) {
	nc := s.n * s.c
	switch {
	case p < nc && q < nc:
		s.train[p*nc+q] += v
		if p != q {
			s.train[q*nc+p] += v
		}
	case p >= nc && q < nc:
		s.test[(p-nc)*nc+q] += v
	case p < nc:
		s.test[(q-nc)*nc+p] += v
	}
}

// plus adds other sums.
func (s *sums) plus(o *sums) {
	for i, v := range o.train {
		s.train[i] += v
	}
	for i, v := range o.test {
		s.test[i] += v
	}
}

// scale multiplies everything.
func (s *sums) scale(factor float64) {
	for i := range s.train {
		s.train[i] *= factor
	}
	for i := range s.test {
		s.test[i] *= factor
	}
}

// misplaced are the sums with the released code's row error on both sides.
func (s *sums) misplaced() *sums {
	out := newSums(s.n, s.m, s.c)
	move := func(to, from []float64, rows int) {
		nc := s.n * s.c
		for i := range rows {
			for j := range s.n {
				a, b := misplace(i), misplace(j)
				if a < 0 || b < 0 {
					continue
				}
				for c := range s.c {
					copy(to[(i*s.c+c)*nc+j*s.c:][:s.c], from[(a*s.c+c)*nc+b*s.c:][:s.c])
				}
			}
		}
	}
	move(out.train, s.train, s.n)
	move(out.test, s.test, s.m)
	return out
}

func (s *sums) trainKernel() *kernels.Kernel {
	return &kernels.Kernel{M: s.n, C: s.c, N: s.n, Data: s.train}
}

// testKernel is nil where there are no test rows.
func (s *sums) testKernel() *kernels.Kernel {
	if s.m == 0 {
		return nil
	}
	return &kernels.Kernel{M: s.m, C: s.c, N: s.n, Data: s.test}
}
