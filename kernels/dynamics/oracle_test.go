package dynamics_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/kernels/dynamics"
	"lpft/kernels/ntk"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// oracle is what testdata/make_fixtures.py writes of the model that is linear in its parameters, found without a kernel.
type oracle struct {
	Head, Bias  []float64
	Train, Test []struct{ IDs, Types []int32 }
	Labels      []int
	Clip        float64

	Rate             float64     // of one step on all training rows
	Features, Logits [][]float64 // of the test rows before and after it

	Steps    []dynamics.Step // on mini-batches, clipped
	Path     [][]float64     // logits of the training rows before the first and after each
	PathTest [][]float64     `json:"path_test"`

	AdamRate float64     `json:"adam_rate"` // times the rates of Steps
	Adam     [][]float64 // logits of training and then test rows before the first and after each, by Adam
	AdamHead [][]float64 `json:"adam_head"` // with the encoder standing still
}

// oracleModel is a fixture with the model that it is of.
type oracleModel struct {
	oracle
	model       *ntk.Model
	head        *head.Head
	train, test []encoder.Encoding
}

func readOracle(t *testing.T, name string) *oracleModel {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	require.NoError(t, err)
	o := &oracleModel{}
	require.NoError(t, json.Unmarshal(data, &o.oracle))
	dir := filepath.Join("..", "..", "lpftlib", "encoder", "testdata", name)
	cfg, err := encoder.ReadConfig(dir)
	require.NoError(t, err)
	weights, err := encoder.LoadWeights(dir, cfg)
	require.NoError(t, err)
	o.model = &ntk.Model{Weights: weights}
	o.head = &head.Head{V: mat.NewDense(len(o.Bias), cfg.Hidden, o.Head), B: o.Bias}
	for _, text := range o.Train {
		o.train = append(o.train, encoder.Encoding{IDs: text.IDs, TypeIDs: text.Types})
	}
	for _, text := range o.Test {
		o.test = append(o.test, encoder.Encoding{IDs: text.IDs, TypeIDs: text.Types})
	}
	return o
}

// requireMoved compares how far something moved with how far it should have, in relative norm.
func requireMoved(t *testing.T, before, after, got []float64, tolerance float64, what string) {
	t.Helper()
	want := floats.SubTo(make([]float64, len(after)), after, before)
	require.Positive(t, floats.Norm(want, 2), what)
	require.LessOrEqual(t, floats.Distance(got, want, 2)/floats.Norm(want, 2), tolerance, what)
}

// What the kernel predicts, of logits and of features, is what PyTorch's forward mode says of the linearised model.
func TestPredictionsAgainstPyTorch(t *testing.T) {
	be, err := backend.Open("")
	require.NoError(t, err)
	for _, name := range []string{"bert-2", "roberta-2"} {
		o := readOracle(t, name)
		for wide, tolerance := range map[bool]float64{false: 1e-5, true: 1e-10} {
			opt := ntk.Options{Backend: be, Float64: wide}
			k, err := ntk.Compute(t.Context(), o.model, o.head, o.train, o.test, opt)
			require.NoError(t, err)
			k.Labels = o.Labels
			delta, err := kernels.Residuals(k.Logits, o.Labels)
			require.NoError(t, err)
			delta.Scale(o.Rate/float64(len(o.train)), delta)
			logits, err := k.ThetaTest.Times(delta)
			require.NoError(t, err)
			requireMoved(t, o.Logits[0], o.Logits[1], logits.RawMatrix().Data, tolerance, name+", equation (4)")

			_, features, err := ntk.FeatureKernel(t.Context(), o.model, o.train, o.test, opt)
			require.NoError(t, err)
			var pull mat.Dense
			pull.Mul(delta, o.head.V)
			moved, err := features.Times(&pull)
			require.NoError(t, err)
			requireMoved(t, o.Features[0], o.Features[1], moved.RawMatrix().Data, tolerance, name+", equation (5)")
			phi0, phi, err := ntk.LinearisedFeatures(t.Context(), o.model, o.head, o.test, o.train, o.Labels, o.Rate/float64(len(o.train)), opt)
			require.NoError(t, err)
			requireMoved(t, o.Features[0], o.Features[1], floats.SubTo(phi, phi, phi0), tolerance, name+", equation (5) without its kernel")

			path, err := dynamics.Whole(&k.NTK).Descend(t.Context(), o.Steps, o.Clip)
			require.NoError(t, err)
			for step := 1; step < len(o.Path); step++ {
				requireMoved(t, o.Path[0], o.Path[step], change(path.Train, step), tolerance, name+", training rows, step by step")
				requireMoved(t, o.PathTest[0], o.PathTest[step], change(path.Test, step), tolerance, name+", test rows, step by step")
			}
		}
	}
}

// change is how far a path's logits moved from its start.
func change(path []*mat.Dense, step int) []float64 {
	var d mat.Dense
	d.Sub(path[step], path[0])
	return d.RawMatrix().Data
}

// The linearised model trained by Adam is what torch.optim.Adam makes of it, with every parameter and with the head alone.
func TestAdamAgainstPyTorch(t *testing.T) {
	be, err := backend.Open("")
	require.NoError(t, err)
	adam := dynamics.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	for _, name := range []string{"bert-2", "roberta-2"} {
		o := readOracle(t, name)
		steps, all := slices.Clone(o.Steps), []int{1, 2, 3, 4}
		for i := range steps {
			steps[i].Rate *= o.AdamRate
		}
		for wide, tolerance := range map[bool]float64{false: 1e-5, true: 1e-10} {
			tangent, err := ntk.NewTangent(t.Context(), o.model, o.head, slices.Concat(o.train, o.test), ntk.Options{Backend: be, Float64: wide})
			require.NoError(t, err)
			path, err := adam.Train(t.Context(), tangent, o.Labels, steps, o.Clip, all)
			tangent.Close()
			require.NoError(t, err)
			requirePath(t, o.Adam, path, tolerance, name)

			phi, f0, err := ntk.Evaluate(t.Context(), o.model, o.head, slices.Concat(o.train, o.test), ntk.Options{Backend: be, Float64: wide})
			require.NoError(t, err)
			path, err = adam.Train(t.Context(), dynamics.Head{Phi: phi, Start: f0}, o.Labels, steps, o.Clip, all)
			require.NoError(t, err)
			requirePath(t, o.AdamHead, path, tolerance, name+", the head alone")
		}
	}
}

// requirePath compares a path of training and test rows with the logits of both after each step.
func requirePath(t *testing.T, want [][]float64, path *dynamics.Path, tolerance float64, what string) {
	t.Helper()
	require.Len(t, path.At, len(want))
	for step := 1; step < len(want); step++ {
		got := slices.Concat(change(path.Train, step), change(path.Test, step))
		requireMoved(t, want[0], want[step], got, tolerance, fmt.Sprintf("%s, step %d", what, step))
	}
}
