package kernels

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/probe"
)

// gramKernel is J Jᵀ of random Jacobians [n·classes, rank]: a kernel of that rank.
func gramKernel(n, classes, rank int, seed uint64) *Kernel {
	j := randomMatrix(n*classes, rank, seed)
	var k mat.Dense
	k.Mul(j, j.T())
	return &Kernel{N: n, C: classes, M: n, Data: k.RawMatrix().Data}
}

func randomMatrix(rows, columns int, seed uint64) *mat.Dense {
	r := rand.New(rand.NewPCG(seed, 0))
	m := mat.NewDense(rows, columns, nil)
	for i := range m.RawMatrix().Data {
		m.RawMatrix().Data[i] = r.NormFloat64()
	}
	return m
}

func TestSpectrum(t *testing.T) {
	k := gramKernel(10, 3, 7, 1)
	s, err := SingularValues(k)
	require.NoError(t, err)
	require.Len(t, s, 30)
	require.Equal(t, Ranks{7, 7, 7}, s.Ranks())
	require.InEpsilon(t, k.FrobeniusNorm(), floats.Norm(s, 2), 1e-12)
	require.InEpsilon(t, k.matrix().Trace(), floats.Sum(s), 1e-12) // a Gram matrix's singular values are its eigenvalues
	normalised, err := s.Normalised()
	require.NoError(t, err)
	require.Equal(t, 1.0, normalised[0])
	require.InEpsilon(t, s[3]/s[0], normalised[3], 1e-15)
}

// The three tolerances, between values that lie on their two sides.
func TestRankTolerances(t *testing.T) {
	const size = 100
	values := make([]float64, size)
	for i, v := range []float64{1, 1e-3, 1.3e-5, 1.1e-5, 1.1e-6, 0.9e-6, 3e-14, 1e-14} {
		values[i] = 5 * v
	}
	k := &Kernel{N: size / 2, C: 2, M: size / 2, Data: make([]float64, size*size)}
	for i, v := range values {
		k.Data[(size-1-i)*(size+1)] = v
	}
	s, err := SingularValues(k)
	require.NoError(t, err)
	// 100·2⁻²³ = 1.19e-5, 100·2⁻⁵² = 2.2e-14.
	require.Equal(t, Ranks{Float32: 3, Float64: 7, Millionth: 5}, s.Ranks())
}

// P = G ⊗ I_C has every singular value C times: its rank is a multiple of C, as in the paper's tables.
func TestRankOfP(t *testing.T) {
	x := randomMatrix(12, 4, 2)
	p, err := PretrainEffective(x, x, 3)
	require.NoError(t, err)
	s, err := SingularValues(p)
	require.NoError(t, err)
	require.Equal(t, 3*5, s.Ranks().Float32) // four features and the bias
	for i := 0; i < 15; i += 3 {
		require.InEpsilon(t, s[i], s[i+2], 1e-10)
	}
}

func TestZeroKernelHasNoSpectrum(t *testing.T) {
	k := &Kernel{N: 2, C: 2, M: 2, Data: make([]float64, 16)}
	s, err := SingularValues(k)
	require.NoError(t, err)
	require.Equal(t, Ranks{}, s.Ranks())
	_, err = s.Normalised()
	require.ErrorContains(t, err, "is the kernel zero?")
}

func TestResiduals(t *testing.T) {
	logits := mat.NewDense(2, 3, []float64{1, 2, 3, 1000, 0, -1000})
	delta, err := Residuals(logits, []int{2, 1})
	require.NoError(t, err)
	z := math.E + math.Exp(2) + math.Exp(3)
	require.InDeltaSlice(t, []float64{-math.E / z, -math.Exp(2) / z, 1 - math.Exp(3)/z}, delta.RawRowView(0), 1e-12)
	require.InDeltaSlice(t, []float64{-1, 1, 0}, delta.RawRowView(1), 1e-12)
	_, err = Residuals(logits, []int{0})
	require.ErrorContains(t, err, "1 labels for 2 rows")
	_, err = Residuals(logits, []int{0, 3})
	require.ErrorContains(t, err, "label 3 of row 1")
	logits.Set(1, 0, math.NaN())
	_, err = Residuals(logits, []int{0, 0})
	require.ErrorContains(t, err, "logits of row 1")
}

func TestFTRatio(t *testing.T) {
	p, f := gramKernel(6, 2, 5, 3), gramKernel(6, 2, 9, 4)
	delta := randomMatrix(6, 2, 5)
	got, err := FTRatio(p, f, delta)
	require.NoError(t, err)
	want := 0.0
	for j := range 6 {
		part, whole := make([]float64, 2), make([]float64, 2)
		for i := range 6 {
			for c := range 2 {
				for d := range 2 {
					part[c] += f.At(j, c, i, d) * delta.At(i, d)
					whole[c] += (p.At(j, c, i, d) + f.At(j, c, i, d)) * delta.At(i, d)
				}
			}
		}
		want += math.Hypot(part[0], part[1]) / math.Hypot(whole[0], whole[1]) / 6
	}
	require.InEpsilon(t, want, got, 1e-12)

	scaled := func(k *Kernel, s float64) *Kernel {
		out := &Kernel{N: k.N, C: k.C, M: k.M, Data: append([]float64(nil), k.Data...)}
		floats.Scale(s, out.Data)
		return out
	}
	for s, want := range map[float64]float64{1: 0.5, 1. / 3: 0.75, 0: 1, -0.5: 2} { // P = s·F: 1/(1 + s), beyond 1 if they cancel
		ratio, err := FTRatio(scaled(f, s), f, delta)
		require.NoError(t, err)
		require.InEpsilon(t, want, ratio, 1e-12)
	}
}

func TestFTRatioNamesTheRowThatDoesNotMove(t *testing.T) {
	p, f := gramKernel(3, 2, 6, 3), gramKernel(3, 2, 6, 4)
	_, err := FTRatio(p, f, mat.NewDense(3, 2, nil))
	require.ErrorContains(t, err, "row 0 is 0/0")
	for _, k := range []*Kernel{p, f} { // row 1 sees nobody
		for c := range 2 {
			clear(k.Data[(2+c)*6 : (3+c)*6])
		}
	}
	_, err = FTRatio(p, f, randomMatrix(3, 2, 1))
	require.ErrorContains(t, err, "row 1 is 0/0")
	_, err = FTRatio(p, f, randomMatrix(4, 2, 1))
	require.ErrorContains(t, err, "residuals [4, 2]")
	_, err = FTRatio(p, gramKernel(4, 2, 6, 4), randomMatrix(4, 2, 1))
	require.ErrorContains(t, err, "expected the same rows and classes")
}

func TestBlockNorms(t *testing.T) {
	// diag(3, −4) has trace norm 7, [[0, 2], [0, 0]] has 2.
	k := &Kernel{N: 1, C: 2, M: 2, Data: []float64{3, 0, 0, 2, 0, -4, 0, 0}}
	norms, err := BlockNorms(k)
	require.NoError(t, err)
	require.Len(t, norms, 1)
	require.InDeltaSlice(t, []float64{7, 2}, norms[0], 1e-12)
	// On the diagonal of a Gram matrix the blocks are positive: trace norm = trace.
	g := gramKernel(4, 3, 20, 7)
	norms, err = BlockNorms(g)
	require.NoError(t, err)
	for i := range 4 {
		require.InEpsilon(t, g.At(i, 0, i, 0)+g.At(i, 1, i, 1)+g.At(i, 2, i, 2), norms[i][i], 1e-12)
		require.InEpsilon(t, norms[0][i], norms[i][0], 1e-12)
	}
}

func TestGroupByClassKeepsOrder(t *testing.T) {
	o, err := GroupByClass([]int{3, 0, 3, 1, 0, 0}, 4)
	require.NoError(t, err)
	require.Equal(t, Order{Rows: []int{1, 4, 5, 3, 0, 2}, Counts: []int{3, 1, 0, 2}}, o)
	require.Equal(t, []int{3, 4}, o.Boundaries()) // class 2 has no row and no line
	_, err = GroupByClass([]int{0, -1}, 2)
	require.ErrorContains(t, err, "label -1 of row 1")

	k := gramKernel(6, 4, 30, 8)
	m, err := GroupedBlockNorms(k, []int{3, 0, 3, 1, 0, 0})
	require.NoError(t, err)
	norms, err := BlockNorms(k)
	require.NoError(t, err)
	require.Equal(t, norms[4][0], m.Values[1][4])
	require.Equal(t, norms[1][3], m.Values[0][3])
}

func TestFitScalar(t *testing.T) {
	ft := gramKernel(4, 2, 9, 1)
	lora := &Kernel{N: 4, C: 2, M: 4, Data: append([]float64(nil), ft.Data...)}
	floats.Scale(0.002, lora.Data)
	fit, err := FitScalar(ft, lora)
	require.NoError(t, err)
	require.InEpsilon(t, 0.002, fit.Scalar, 1e-12)
	require.Less(t, fit.Residual, 1e-14)

	one := func(v ...float64) *Kernel { return &Kernel{N: 1, C: 2, M: 1, Data: v} }
	fit, err = FitScalar(one(1, 0, 0, 0), one(0, 0, 0, 3))
	require.NoError(t, err)
	require.Equal(t, ScalarFit{0, 1}, fit)
	fit, err = FitScalar(one(1, 0, 0, 0), one(1, 0, 0, 1))
	require.NoError(t, err)
	require.InDelta(t, math.Sqrt(0.5), fit.Residual, 1e-12)
	_, err = FitScalar(one(0, 0, 0, 0), one(1, 0, 0, 1))
	require.ErrorContains(t, err, "kernel of zeros")
	_, err = FitScalar(ft, one(1, 0, 0, 1))
	require.ErrorContains(t, err, "expected the same rows")
}

func TestTraceShares(t *testing.T) {
	a, b := gramKernel(3, 2, 4, 1), gramKernel(3, 2, 40, 2)
	shares, err := TraceShares([]*Kernel{a, b})
	require.NoError(t, err)
	require.InDelta(t, 1, shares[0]+shares[1], 1e-12)
	require.InEpsilon(t, a.matrix().Trace()/b.matrix().Trace(), shares[0]/shares[1], 1e-12)
	_, err = TraceShares(nil)
	require.ErrorContains(t, err, "no parameter groups")
	_, err = TraceShares([]*Kernel{{N: 1, C: 1, M: 1, Data: []float64{0}}})
	require.ErrorContains(t, err, "is the head zero?")
}

func TestCheck(t *testing.T) {
	require.NoError(t, gramKernel(5, 3, 4, 1).Check())

	k := gramKernel(5, 2, 4, 1)
	k.Data[1*10+7] += 0.01 // [0, 1, 3, 1]
	require.ErrorContains(t, k.Check(), "entry [0, 1, 3, 1]")

	k = gramKernel(5, 2, 4, 1)
	for i := range 10 {
		k.Data[i*11] -= 0.01
	}
	require.ErrorContains(t, k.Check(), "smallest eigenvalue -0.01")

	k = gramKernel(5, 2, 4, 1)
	k.Data[3*10+5] = math.Inf(1)
	require.ErrorContains(t, k.Check(), "entry [1, 1, 2, 1] is +Inf")

	require.ErrorContains(t, (&Kernel{N: 1, C: 2, M: 2, Data: make([]float64, 8)}).Check(), "N = 1 and M = 2")
	require.ErrorContains(t, (&Kernel{N: 2, C: 2, M: 2, Data: make([]float64, 15)}).Check(), "15 entries")
}

func TestCheckPretrainEffective(t *testing.T) {
	x, y := randomMatrix(5, 3, 1), randomMatrix(4, 3, 2)
	p, err := PretrainEffective(y, x, 3)
	require.NoError(t, err)
	require.NoError(t, p.CheckPretrainEffective())
	p.Data[((2*3+1)*5+4)*3+2] = 0.1
	require.ErrorContains(t, p.CheckPretrainEffective(), "entry [2, 1, 4, 2] of P is 0.1, expected 0")
	require.ErrorContains(t, gramKernel(3, 2, 6, 1).CheckPretrainEffective(), "multiple of the identity")
}

// At LP's optimum Σ_i δ_i φ_iᵀ = V/κ and Σ_i δ_i = 0, so that Σ_i P(x, x_i) δ_i = Vφ(x)/κ for every x (protocol,
// section 6): one test for P, δ and the solver. It is why FT Ratio is near 1 after LP on the same rows.
func TestIdentityOfHeadAndStrength(t *testing.T) {
	for _, classes := range []int{2, 3} {
		r := rand.New(rand.NewPCG(9, uint64(classes)))
		x, other, labels := randomMatrix(60, 7, 1), randomMatrix(11, 7, 2), make([]int, 60)
		for i := range labels { // the label follows the first feature, with noise
			labels[i] = min(classes-1, max(0, int(x.At(i, 0)+r.NormFloat64()+float64(classes)/2)))
		}
		head, err := probe.Fit(context.Background(), x, labels, classes, probe.Options{})
		require.NoError(t, err)
		delta, err := Residuals(head.Logits(x), labels)
		require.NoError(t, err)
		p, err := PretrainEffective(other, x, classes)
		require.NoError(t, err)
		left, err := p.Times(delta)
		require.NoError(t, err)
		var right mat.Dense
		right.Mul(other, mat.NewDense(classes, 7, head.Weight).T())
		right.Scale(1/head.Kappa, &right)
		left.Sub(left, &right)
		require.Less(t, mat.Norm(left, 2)/mat.Norm(&right, 2), 1e-6, "κ = %g", head.Kappa)

		halved, err := probe.Fit(context.Background(), x, labels, classes, probe.Options{PaperCompatible: true})
		require.NoError(t, err)
		if classes == 2 { // the published code's head is not the optimum
			delta, err = Residuals(halved.Logits(x), labels)
			require.NoError(t, err)
			left, err = p.Times(delta)
			require.NoError(t, err)
			left.Sub(left, &right)
			require.Greater(t, mat.Norm(left, 2)/mat.Norm(&right, 2), 0.1)
		}
	}
}

func TestSummarise(t *testing.T) {
	const n, m, classes = 20, 8, 3
	x, all := randomMatrix(n, 5, 1), randomMatrix((n+m)*classes, 30, 2)
	xTest := randomMatrix(m, 5, 3)
	p, err := PretrainEffective(x, x, classes)
	require.NoError(t, err)
	pTest, err := PretrainEffective(xTest, x, classes)
	require.NoError(t, err)
	var gram mat.Dense
	gram.Mul(all, all.Slice(0, n*classes, 0, 30).T())
	f := &Kernel{N: n, C: classes, M: n, Data: gram.RawMatrix().Data[:n*classes*n*classes]}
	fTest := &Kernel{N: m, C: classes, M: n, Data: gram.RawMatrix().Data[n*classes*n*classes:]}
	labels, testLabels := make([]int, n), make([]int, m)
	for i := range labels {
		labels[i] = i * 7 % classes
	}
	last := 0
	in := SummaryInput{
		P: p, F: f, Labels: labels, Logits: randomMatrix(n, classes, 4), PTest: pTest, FTest: fTest, TestLabels: testLabels,
		Progress: func(done, total int) {
			require.Equal(t, last+1, done)
			require.Equal(t, 6*51, total)
			last = done
		},
	}
	s, err := Summarise(context.Background(), in)
	require.NoError(t, err)
	require.Equal(t, 6*51, last)

	require.Equal(t, 6*classes, s.P.Rank.Float32)
	require.Equal(t, 30, s.F.Rank.Float32)
	require.Equal(t, 6*classes+30, s.Theta.Rank.Float32)
	require.Equal(t, f.FrobeniusNorm(), s.F.FrobeniusNorm)
	theta := sumOf(p, f)
	require.Equal(t, theta.FrobeniusNorm(), s.Theta.FrobeniusNorm)
	delta, err := Residuals(in.Logits, labels)
	require.NoError(t, err)
	ratio, err := FTRatio(p, f, delta)
	require.NoError(t, err)
	require.Equal(t, ratio, s.FTRatio)
	for _, minimiser := range []bool{false, true} {
		r, err := FitRegression(context.Background(), theta, labels, RegressionOptions{Minimiser: minimiser})
		require.NoError(t, err)
		got := s.Theta.Regression
		if minimiser {
			got = s.Theta.Minimiser
		}
		require.Equal(t, r.Kappa, got.Kappa)
		test, err := r.Score(sumOf(pTest, fTest), testLabels)
		require.NoError(t, err)
		require.Equal(t, test, *got.Test)
	}

	raw, err := json.Marshal(s)
	require.NoError(t, err)
	var tree map[string]any
	require.NoError(t, json.Unmarshal(raw, &tree))
	require.Equal(t, s.F.Regression.Train.Pairs, tree["ft_e"].(map[string]any)["regression"].(map[string]any)["train"].(map[string]any)["pairs"])

	in.FTest, in.PTest, in.Progress = nil, nil, nil
	s, err = Summarise(context.Background(), in)
	require.NoError(t, err)
	require.Nil(t, s.F.Regression.Test)
	in.PTest = pTest
	_, err = Summarise(context.Background(), in)
	require.ErrorContains(t, err, "expected both or neither")
	in.PTest, in.P = nil, f
	_, err = Summarise(context.Background(), in)
	require.ErrorContains(t, err, "multiple of the identity")
	in.P = nil
	_, err = Summarise(context.Background(), in)
	require.ErrorContains(t, err, "at least one is missing")
}
