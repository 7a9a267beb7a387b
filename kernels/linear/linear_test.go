package linear

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"lpft/kernels"
)

const (
	classes = 3
	h       = 5
	d       = 8
	n       = 6
)

// setting is a model, training rows that span 6 of 8 dimensions, their labels, and test rows.
func setting(seed uint64) (m *Model, x *mat.Dense, labels []int, test *mat.Dense) {
	r := rand.New(rand.NewPCG(seed, 1))
	labels = make([]int, n)
	for i := range labels {
		labels[i] = i % classes
	}
	return Random(classes, h, d, seed), Normal(n, d, 1, r), labels, Normal(4, d, 1, r)
}

// jacobian is ∂f_c(x_i)/∂θ [N·C, p] over the entries of the given matrices by central differences of step 1, which
// are exact to rounding: every logit is linear in each single entry.
func jacobian(logits func() *mat.Dense, parameters ...*mat.Dense) *mat.Dense {
	var columns []float64
	rows, count := 0, 0
	for _, p := range parameters {
		for i := range p.RawMatrix().Data {
			entry := &p.RawMatrix().Data[i]
			at := *entry
			*entry = at + 1
			above := logits()
			*entry = at - 1
			above.Sub(above, logits())
			*entry = at
			above.Scale(0.5, above)
			columns = append(columns, above.RawMatrix().Data...)
			rows = len(above.RawMatrix().Data)
			count++
		}
	}
	return mat.DenseCopyOf(mat.NewDense(count, rows, columns).T())
}

func requireKernel(t *testing.T, jx, jy *mat.Dense, k *kernels.Kernel) {
	t.Helper()
	want := times(jx, jy.T())
	require.InDeltaSlice(t, want.RawMatrix().Data, k.Data, 1e-11*mat.Norm(want, 2))
}

// P, F and Θ^φ are the Gram matrices of the gradients for V, for B, and of φ for B (Definition 1).
func TestKernelsAgainstDifferentiation(t *testing.T) {
	m, x, _, test := setting(1)
	on := func(rows *mat.Dense) func() *mat.Dense { return func() *mat.Dense { return m.Logits(rows) } }
	requireKernel(t, jacobian(on(test), m.V), jacobian(on(x), m.V), m.PretrainEffective(test, x))
	requireKernel(t, jacobian(on(test), m.B), jacobian(on(x), m.B), m.FTEffective(test, x))
	features := func(rows *mat.Dense) func() *mat.Dense { return func() *mat.Dense { return m.Features(rows) } }
	requireKernel(t, jacobian(features(test), m.B), jacobian(features(x), m.B), m.FeatureKernel(test, x))
	require.NoError(t, m.PretrainEffective(x, x).CheckPretrainEffective())
	require.NoError(t, m.FTEffective(x, x).Check())
}

// F scales as ‖V‖², P does not move.
func TestScaleOfHead(t *testing.T) {
	m, x, _, _ := setting(2)
	p, f := m.PretrainEffective(x, x), m.FTEffective(x, x)
	m.V.Scale(7, m.V)
	require.Equal(t, p, m.PretrainEffective(x, x))
	require.InEpsilon(t, 49*f.FrobeniusNorm(), m.FTEffective(x, x).FrobeniusNorm(), 1e-12)
}

// Step is −η times the gradient of the summed cross entropy.
func TestStepIsGradientDescent(t *testing.T) {
	m, x, labels, _ := setting(3)
	const eta, step = 0.1, 1e-5
	after, err := m.Step(x, labels, eta)
	require.NoError(t, err)
	loss := func() (sum float64) {
		f := m.Logits(x)
		for i, y := range labels {
			sum += floats.LogSumExp(f.RawRowView(i)) - f.At(i, y)
		}
		return sum
	}
	for name, pair := range map[string][2]*mat.Dense{"V": {m.V, after.V}, "B": {m.B, after.B}} {
		for i := range pair[0].RawMatrix().Data {
			entry := &pair[0].RawMatrix().Data[i]
			at := *entry
			*entry = at + step
			above := loss()
			*entry = at - step
			gradient := (above - loss()) / (2 * step)
			*entry = at
			require.InDelta(t, -eta*gradient, pair[1].RawMatrix().Data[i]-at, 1e-8, "%s[%d]", name, i)
		}
	}
}

// One step matches (4) with an error of order η², and (5) to rounding.
func TestStepMatchesTheory(t *testing.T) {
	m, x, labels, test := setting(4)
	etas := []float64{1e-1, 1e-2, 1e-3, 1e-4}
	table, err := m.StepErrors(x, labels, test, etas)
	require.NoError(t, err)
	for i, e := range table {
		require.Greater(t, e.FeatureChange, 0.1*e.Eta)
		require.Less(t, e.FeatureError, 1e-12*math.Max(e.FeatureChange, 1))
		require.Less(t, e.LogitError, e.LogitChange)
		if i > 0 {
			slope := math.Log10(table[i-1].LogitError / e.LogitError)
			require.InDelta(t, 2, slope, 0.01, "between η = %g and %g", table[i-1].Eta, e.Eta)
			require.InDelta(t, 1, math.Log10(table[i-1].LogitChange/e.LogitChange), 0.1)
		}
	}
}

// Corollary 1, equation (6): however long it is trained, φ does not move for x orthogonal to the training rows.
func TestOrthogonalInputsKeepTheirFeatures(t *testing.T) {
	m, x, labels, test := setting(5)
	var svd mat.SVD
	require.True(t, svd.Factorize(x, mat.SVDFull))
	var right mat.Dense
	svd.VTo(&right)
	orthogonal := mat.DenseCopyOf(right.Slice(0, d, n, d).T()) // [2, d]
	require.Less(t, mat.Norm(times(orthogonal, x.T()), 2), 1e-13)
	predicted, err := m.PredictedFeatureChange(orthogonal, x, labels, 1)
	require.NoError(t, err)
	require.Less(t, mat.Norm(predicted, 2), 1e-13)

	after, err := m.Train(x, labels, 0.05, 500)
	require.NoError(t, err)
	change, _ := compare(after.Features(orthogonal), m.Features(orthogonal), mat.NewDense(d-n, h, nil))
	require.Less(t, change, 1e-12)
	change, _ = compare(after.Features(test), m.Features(test), mat.NewDense(4, h, nil))
	require.Greater(t, change, 0.5)
}

// (7) and (8) against central differences in cos τ_k and ‖v_k‖.
func TestGrowthAgainstDifferentiation(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 0))
	v, b, phi := Normal(classes, h, 1, r), []float64{0.3, -0.1, 0.2}, Normal(1, h, 1, r).RawRowView(0)
	g := NewGeometry(v, b, phi)
	f := g.Logits()
	for k := range classes {
		require.InDelta(t, floats.Dot(v.RawRowView(k), phi)+b[k], f[k], 1e-12)
	}
	const step = 1e-5
	for y := range classes {
		numeric := func(parameters []float64) []float64 {
			out := make([]float64, classes)
			for k := range parameters {
				at := parameters[k]
				parameters[k] = at + step
				above := g.Loss(y)
				parameters[k] = at - step
				out[k] = (above - g.Loss(y)) / (2 * step)
				parameters[k] = at
			}
			return out
		}
		require.InDeltaSlice(t, numeric(g.Cosines), g.CosineGradient(y), 1e-8)
		require.InDeltaSlice(t, numeric(g.HeadNorms), g.NormGradient(y), 1e-8)
		for k, v := range g.CosineGradient(y) {
			require.Equal(t, k == y, v < 0)
		}
	}
}

// Once the features point the right way, every row of the head grows; and gradient descent does make them grow.
func TestHeadGrows(t *testing.T) {
	g := &Geometry{HeadNorms: []float64{1, 2, 1}, Cosines: []float64{0.8, -0.3, -0.1}, Bias: make([]float64, 3), FeatureNorm: 3}
	for _, v := range g.NormGradient(0) {
		require.Negative(t, v)
	}
	require.Positive(t, g.NormGradient(1)[0]) // but not for another label

	m := Random(classes, h, classes, 7)
	m.V.Scale(0.1, m.V)
	x, labels := mat.DenseCopyOf(identity(classes)), []int{0, 1, 2}
	before, err := m.Train(x, labels, 0.1, 200)
	require.NoError(t, err)
	for i, y := range labels { // the hypothesis of the statement
		for k, cosine := range NewGeometry(before.V, make([]float64, classes), before.Features(x).RawRowView(i)).Cosines {
			require.Equal(t, k == y, cosine > 0)
		}
	}
	after, err := before.Step(x, labels, 0.01)
	require.NoError(t, err)
	for k := range classes {
		require.Greater(t, floats.Norm(after.V.RawRowView(k), 2), floats.Norm(before.V.RawRowView(k), 2))
	}
}

// (9), and both of LoRA's kernels, against differentiation: at the start, where the gradient of A is zero, and away
// from it.
func TestLoRAKernels(t *testing.T) {
	m, x, _, test := setting(8)
	r := rand.New(rand.NewPCG(8, 2))
	lora := NewLoRA(m, 2, 0.5, r)
	require.Equal(t, m.PretrainEffective(test, x), lora.PretrainEffective(test, x)) // to the last bit
	check := func() {
		on := func(rows *mat.Dense) func() *mat.Dense { return func() *mat.Dense { return lora.Logits(rows) } }
		requireKernel(t, jacobian(on(test), lora.A, lora.Up), jacobian(on(x), lora.A, lora.Up), lora.FTEffective(test, x))
		requireKernel(t, jacobian(on(test), lora.V), jacobian(on(x), lora.V), lora.PretrainEffective(test, x))
	}
	check()
	start := lora.FTEffective(x, x).FrobeniusNorm()
	lora.Scale = 3 // F ∝ s²
	require.InEpsilon(t, 9*start, lora.FTEffective(x, x).FrobeniusNorm(), 1e-12)
	check()
	lora.Up = Normal(h, 2, 1, r)
	check()
	require.NotEqual(t, m.PretrainEffective(test, x), lora.PretrainEffective(test, x))
}

// Proposition 2: the frequency with which (10) fails stays under the bound wherever the bound says something.
func TestExceedance(t *testing.T) {
	m, x, _, _ := setting(9)
	epsilons := []float64{0.1, 0.3, 0.5, 2. / 3}
	const draws = 2000
	table, err := Exceedances(m, x.RawRowView(0), x.RawRowView(1), []int{8, 64, 256, 1024}, epsilons, 0.3, draws, 1)
	require.NoError(t, err)
	require.Len(t, table, 16)
	informative := 0
	for i, e := range table {
		require.Equal(t, epsilons[i%4], e.Epsilon)
		require.InEpsilon(t, 4*math.Exp(-(e.Epsilon*e.Epsilon-math.Pow(e.Epsilon, 3))*float64(e.Rank)/4), e.Bound, 1e-12)
		if e.Informative() {
			informative++
			require.LessOrEqual(t, e.Frequency, e.Bound, "r = %d, ε = %g", e.Rank, e.Epsilon)
		}
		if e.Rank == 8 { // what the bound says nothing about: there (10) does fail
			require.False(t, e.Informative())
		}
		if i%4 > 0 {
			require.LessOrEqual(t, e.Frequency, table[i-1].Frequency)
		}
	}
	require.Equal(t, 9, informative) // r = 64: ε ≥ 0.5, r = 256: ε ≥ 0.3, r = 1024: all
	require.Greater(t, table[0].Frequency, 0.5)
	require.Greater(t, table[1].Frequency, table[5].Frequency)
}

// The deviation is |⟨Ax, Ay⟩/(σ²r) − ⟨x, y⟩|/c²: mean square ((⟨x, x⟩⟨y, y⟩ + ⟨x, y⟩²)/r)/c⁴, whatever V and σ.
func TestDeviationsFallWithRank(t *testing.T) {
	m, rows, _, _ := setting(10)
	x, y := rows.RawRowView(0), rows.RawRowView(1)
	c := math.Max(floats.Norm(x, 2), floats.Norm(y, 2))
	xy := floats.Dot(x, y)
	for _, r := range []int{8, 64} {
		deviations, err := Deviations(m, x, y, r, 0.7, 4000, rand.New(rand.NewPCG(3, 0)))
		require.NoError(t, err)
		square := floats.Dot(deviations, deviations) / 4000
		want := (floats.Dot(x, x)*floats.Dot(y, y) + xy*xy) / float64(r) / math.Pow(c, 4)
		require.InEpsilon(t, want, square, 0.1)
		require.Less(t, stat.Quantile(0.5, stat.Empirical, deviations, nil), math.Sqrt(want))
		m.V.Scale(100, m.V)
		again, err := Deviations(m, x, y, r, 0.01, 4000, rand.New(rand.NewPCG(3, 0)))
		require.NoError(t, err)
		require.InEpsilonSlice(t, deviations[1000:], again[1000:], 1e-9)
	}
	_, err := Deviations(m, make([]float64, d), make([]float64, d), 8, 1, 10, rand.New(rand.NewPCG(3, 0)))
	require.ErrorContains(t, err, "expected positive numbers")
}

// The bound says nothing for r ≤ 37: its smallest value over ε, at 2/3, is then 1 or more.
func TestBoundIsEmptyForSmallRanks(t *testing.T) {
	for epsilon := 0.01; epsilon < 1; epsilon += 0.01 {
		require.GreaterOrEqual(t, Bound(epsilon, 37), 1.0)
		require.GreaterOrEqual(t, Bound(epsilon, 8), Bound(2./3, 8))
	}
	require.Less(t, Bound(2./3, 38), 1.0)
}
