package ntk

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// K·v without K equals K times v, for FT and LoRA, P and F.
func TestProductWithoutTheKernel(t *testing.T) {
	be := openBackend(t)
	for _, name := range fixtures {
		w := loadFixture(t, name)
		train, test := randomTexts(w.Config, trainLengths, 1), randomTexts(w.Config, testLengths, 2)
		head := randomHead(3, w.Config.Hidden, 4)
		v := randomHead(3, 5, 9).Weight() // [N, C]
		for kind, m := range map[string]*Model{"FT": {Weights: w}, "LoRA": {Weights: w, LoRA: randomLoRA(t, w.Config, w.Config.QueryValue(), 3, 6, false)}} {
			for wide, tolerance := range map[bool]float64{false: 1e-5, true: 1e-10} {
				opt := Options{Backend: be, Float64: wide}
				k, err := Compute(context.Background(), m, head, train, test, opt)
				require.NoError(t, err)
				p, f, err := Product(context.Background(), m, head, test, train, v, opt)
				require.NoError(t, err)
				requireRelative(t, times(k.PTest, v), p, tolerance, name+" "+kind+" P")
				requireRelative(t, times(k.FTest, v), f, tolerance, name+" "+kind+" F")
			}
		}
	}
}

// J of Jᵀv is Θv, of some rows as of all, and the start is that of the kernel.
func TestTangentIsTheKernelsFactor(t *testing.T) {
	be := openBackend(t)
	for _, name := range fixtures {
		w := loadFixture(t, name)
		train, test := randomTexts(w.Config, trainLengths, 1), randomTexts(w.Config, testLengths, 2)
		head := randomHead(3, w.Config.Hidden, 4)
		weights := mat.NewDense(2, 3, randomHead(3, 2, 9).Weight())
		some, all := []int{4, 1}, slices.Concat(train, test)
		for kind, m := range map[string]*Model{"FT": {Weights: w}, "LoRA": {Weights: w, LoRA: randomLoRA(t, w.Config, w.Config.QueryValue(), 3, 6, false)}} {
			opt := Options{Backend: be, Float64: true}
			k, err := Compute(t.Context(), m, head, train, test, opt)
			require.NoError(t, err)
			v := make([]float64, len(train)*3)
			for i, row := range some {
				copy(v[row*3:], weights.RawRowView(i))
			}
			tangent, err := NewTangent(t.Context(), m, head, all, opt)
			require.NoError(t, err)
			u, err := tangent.VJP(t.Context(), some, weights)
			require.NoError(t, err)
			require.Len(t, u, tangent.Parameters())
			change, err := tangent.JVP(t.Context(), nil, u)
			require.NoError(t, err)
			requireRelative(t, slices.Concat(times(k.Theta, v), times(k.ThetaTest, v)), change.RawMatrix().Data, 1e-10, name+" "+kind)
			part, err := tangent.JVP(t.Context(), some, u)
			require.NoError(t, err)
			for i, row := range some {
				requireRelative(t, change.RawRowView(row), part.RawRowView(i), 1e-10, name+" "+kind+", some rows")
			}
			requireRelative(t, slices.Concat(k.Logits.RawMatrix().Data, k.LogitsTest.RawMatrix().Data), tangent.Logits().RawMatrix().Data, 1e-12, "logits")
			tangent.Close()
		}
	}
}

func TestTangentRefuses(t *testing.T) {
	m, head, train, _ := someKernel(t)
	tangent, err := NewTangent(t.Context(), m, head, train, Options{Backend: openBackend(t)})
	require.NoError(t, err)
	defer tangent.Close()
	_, err = tangent.VJP(t.Context(), []int{len(train)}, mat.NewDense(1, head.Classes(), nil))
	require.ErrorContains(t, err, "expected 0 …")
	_, err = tangent.VJP(t.Context(), nil, mat.NewDense(1, head.Classes(), nil))
	require.ErrorContains(t, err, "expected [B, C]")
	_, err = tangent.JVP(t.Context(), nil, make([]float64, 3))
	require.ErrorContains(t, err, "a move of 3 numbers")
	_, err = tangent.JVP(t.Context(), []int{}, make([]float64, tangent.Parameters()))
	require.ErrorContains(t, err, "no rows")
	_, err = NewTangent(t.Context(), m, head, train, Options{Backend: openBackend(t), Embedding: "paper-10"})
	require.ErrorContains(t, err, "expected exact or skip")
}

// sliced is a network that takes its features by a Slice.
type sliced struct{ *Model }

func (s sliced) Forward(p *Pass) *graph.Node {
	phi := s.Model.Forward(p)
	twice := graph.Concatenate([]*graph.Node{phi, phi}, 1)
	return graph.Slice(twice, graph.AxisRange(), graph.AxisRange(0, s.Weights.Config.Hidden))
}

// A kernel takes one derivative of the network. What takes two says so where GoMLX has none.
func TestNoSecondGradient(t *testing.T) {
	m, head, train, _ := someKernel(t)
	opt := Options{Backend: openBackend(t)}
	_, err := Compute(t.Context(), sliced{m}, head, train, nil, opt)
	require.NoError(t, err)
	_, _, err = Product(t.Context(), sliced{m}, head, train, train, make([]float64, len(train)*head.Classes()), opt)
	require.ErrorContains(t, err, "for a Slice, take Pass.FirstTokens, Pass.Split")
}

// The largest eigenvalues of Θ without the kernel are those of the kernel.
func TestTopWithoutTheKernel(t *testing.T) {
	be := openBackend(t)
	m, head, train, _ := someKernel(t)
	programs := NewPrograms(be)
	defer programs.Close()
	opt := Options{Backend: be, Float64: true, Programs: programs}
	k, err := Compute(context.Background(), m, head, train, nil, opt)
	require.NoError(t, err)
	want, err := kernels.SingularValues(k.Theta)
	require.NoError(t, err)
	top, err := kernels.Top(context.Background(), &Operator{Network: m, Head: head, Rows: train, Options: opt}, kernels.TopOptions{K: 3, Block: 3})
	require.NoError(t, err)
	require.InEpsilonSlice(t, want[:3], top.Values, 1e-9)
}

// A kernel carries the features and logits of its rows, which a forward pass gives too.
func TestKernelCarriesFeaturesAndLogits(t *testing.T) {
	be := openBackend(t)
	m, head, train, test := someKernel(t)
	opt := Options{Backend: be, Float64: true}
	k, err := Compute(context.Background(), m, head, train, test, opt)
	require.NoError(t, err)
	phi, logits, err := Evaluate(context.Background(), m, head, test, opt)
	require.NoError(t, err)
	requireRelative(t, phi.RawMatrix().Data, k.PhiTest.RawMatrix().Data, 1e-12, "φ")
	requireRelative(t, logits.RawMatrix().Data, k.LogitsTest.RawMatrix().Data, 1e-12, "logits")
	for i, text := range train {
		brute, _ := bruteJacobian(t, m, head, text)
		requireRelative(t, brute, k.Phi.RawRowView(i), 1e-10, "φ")
		requireRelative(t, logitsOf(head, brute), k.Logits.RawRowView(i), 1e-10, "logits")
	}
}

func times(k *kernels.Kernel, v []float64) []float64 {
	width := k.N * k.C
	out := make([]float64, k.M*k.C)
	for p := range out {
		for q := range width {
			out[p] += k.Data[p*width+q] * v[q]
		}
	}
	return out
}

// One real step of full-batch gradient descent differs from equations (4) and (5) by O(η²):
// the slope of the error against η is 2.
func TestStepAgainstLinearisation(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "roberta-2")
	train, test := randomTexts(w.Config, trainLengths, 1), randomTexts(w.Config, testLengths, 2)
	labels := []int{0, 2, 1, 1, 0}
	head := randomHead(3, w.Config.Hidden, 4)
	m := &Model{Weights: w}
	opt := Options{Backend: be, Float64: true}
	var x, logits, features []float64
	for _, eta := range []float64{1e-3, 5e-4, 2.5e-4} {
		_, f, err := LinearisedLogits(context.Background(), m, head, test, train, labels, eta, opt)
		require.NoError(t, err)
		_, phi, err := LinearisedFeatures(context.Background(), m, head, test, train, labels, eta, opt)
		require.NoError(t, err)
		realPhi, realF := step(t, m, head, train, labels, test, eta)
		x = append(x, math.Log(eta))
		logits = append(logits, math.Log(distance(f, realF)))
		features = append(features, math.Log(distance(phi, realPhi)))
	}
	require.InDelta(t, 2, slope(x, logits), 0.1, "logits")
	require.InDelta(t, 2, slope(x, features), 0.1, "features")
}

// step takes the step on every parameter, from brute-force gradients, and evaluates: φ, f.
// Weights are float32 on the host, so the moved model is evaluated by its own float64 graph.
func step(t *testing.T, m *Model, head *head.Head, train []encoder.Encoding, labels []int, test []encoder.Encoding, eta float64) (phi, f []float64) {
	t.Helper()
	c := head.Classes()
	delta, err := residuals(context.Background(), m, head, train, labels, Options{Backend: openBackend(t), Float64: true})
	require.NoError(t, err)
	moved := map[string][]float64{}
	for _, spec := range m.Weights.Config.Specs() {
		for _, v := range m.Weights.Tensors[spec.Name] {
			moved[spec.Name] = append(moved[spec.Name], float64(v))
		}
	}
	after := head.Clone()
	h := m.Weights.Config.Hidden
	for i, text := range train {
		phi, jacobian := bruteJacobian(t, m, head, text)
		for k := range c {
			d := eta * delta[i*c+k]
			after.B[k] += d
			for j := range h {
				after.V.Set(k, j, after.V.At(k, j)+d*phi[j])
			}
			for name, g := range jacobian {
				for j, v := range g[k] {
					moved[name][j] += d * v
				}
			}
		}
	}
	for _, text := range test {
		phi = append(phi, forwardFloat64(t, m.Weights.Config, moved, text)...)
	}
	return phi, logitsOf(after, phi)
}

func distance(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum)
}

// slope is the least-squares slope of y against x.
func slope(x, y []float64) float64 {
	var sx, sy, sxx, sxy float64
	for i := range x {
		sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
	}
	n := float64(len(x))
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}
