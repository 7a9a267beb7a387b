package networks

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels/ntk"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// oracle is what testdata/make_fixtures.py writes.
type oracle struct {
	Head        []float64
	Classes     int
	Train, Test [][]int32
	Phi         [][]float64
	F           map[string][]float64
	FTest       map[string][]float64 `json:"f_test"`
}

func readOracle(t *testing.T, name string) (o oracle, v0 *head.Head, train, test []encoder.Encoding) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name, "fixture.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &o))
	v0 = &head.Head{V: mat.NewDense(o.Classes, len(o.Head)/o.Classes, o.Head), B: make([]float64, o.Classes)}
	return o, v0, encodings(o.Train), encodings(o.Test)
}

func encodings(texts [][]int32) (out []encoder.Encoding) {
	for _, ids := range texts {
		out = append(out, encoder.Encoding{IDs: ids, TypeIDs: make([]int32, len(ids))})
	}
	return out
}

func open(t *testing.T, name string) ntk.Network {
	t.Helper()
	dir := filepath.Join("testdata", name)
	if name == "roberta-classifier-2" {
		net, _, err := LoadRobertaClassifier(dir)
		require.NoError(t, err)
		return net
	}
	net, err := Load(dir)
	require.NoError(t, err)
	return net
}

var names = []string{"distilbert-2", "gpt2-2", "roberta-classifier-2"}

// Features are transformers', and group by group the kernel is PyTorch's by one reverse pass a text
// and class, both in float64.
func TestAgainstPyTorch(t *testing.T) {
	be, err := backend.Open("")
	require.NoError(t, err)
	for _, name := range names {
		o, v0, train, test := readOracle(t, name)
		for wide, tolerance := range map[bool]float64{false: 2e-5, true: 1e-9} {
			k, err := ntk.Compute(context.Background(), open(t, name), v0, train, test, ntk.Options{Backend: be, Float64: wide})
			require.NoError(t, err)
			require.NoError(t, k.Check())
			for i, phi := range o.Phi {
				requireRelative(t, phi, k.Phi.RawRowView(i), tolerance, name+", φ")
			}
			require.Len(t, k.Groups, len(o.F))
			for _, g := range k.Groups {
				requireRelative(t, o.F[g.Name], g.Train.Data, tolerance, name+", "+g.Name)
				requireRelative(t, o.FTest[g.Name], g.Test.Data, tolerance, name+", "+g.Name+", test")
			}
		}
	}
}

// K·v from two passes over the rows is K times v, and a group's Jacobian multiplies to its part of F.
func TestProductAndJacobian(t *testing.T) {
	be, err := backend.Open("")
	require.NoError(t, err)
	for _, name := range names {
		_, v0, train, _ := readOracle(t, name)
		net, opt := open(t, name), ntk.Options{Backend: be, Float64: true}
		k, err := ntk.Compute(context.Background(), net, v0, train, nil, opt)
		require.NoError(t, err)
		v := make([]float64, len(train)*v0.Classes())
		for i := range v {
			v[i] = float64(i%5) - 1.7
		}
		_, f, err := ntk.Product(context.Background(), net, v0, train, train, v, opt)
		require.NoError(t, err)
		var want mat.VecDense
		want.MulVec(k.F.Matrix(), mat.NewVecDense(len(v), v))
		requireRelative(t, want.RawVector().Data, f, 1e-9, name+", F·v")
		for _, g := range k.Groups {
			block, err := ntk.Jacobian(context.Background(), net, v0, g.Name, train, opt)
			require.NoError(t, err)
			j := mat.NewDense(len(v), block.P, block.Data)
			var gram mat.Dense
			gram.Mul(j, j.T())
			requireRelative(t, g.Train.Data, gram.RawMatrix().Data, 1e-9, name+", "+g.Name)
		}
	}
}

// The columns of a block lie as the tensor does: GPT-2's weights are [in, out].
func TestColumnsHaveTheTensorsShape(t *testing.T) {
	be, err := backend.Open("")
	require.NoError(t, err)
	_, v0, train, _ := readOracle(t, "gpt2-2")
	block, err := ntk.Jacobian(context.Background(), open(t, "gpt2-2"), v0, "attention.1", train, ntk.Options{Backend: be})
	require.NoError(t, err)
	for _, c := range block.Columns {
		if c.Tensor == "h.1.attn.c_attn.weight" {
			require.Equal(t, []int{24, 72}, c.Shape)
			return
		}
	}
	require.Fail(t, "no column h.1.attn.c_attn.weight")
}

func requireRelative(t *testing.T, want, got []float64, tolerance float64, what string) {
	t.Helper()
	require.Len(t, got, len(want), what)
	size := max(mat.Max(mat.NewVecDense(len(want), want)), -mat.Min(mat.NewVecDense(len(want), want)))
	for i := range want {
		require.InDelta(t, want[i], got[i], tolerance*size, what)
	}
}

// Folders that do not fit are one line that names the file and the tensor or key.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		folder, from, to string
		want             string
	}{
		"other width":   {"gpt2-2", `"n_embd": 24`, `"n_embd": 48`, `"wte.weight" has shape [60 24]: config.json asks for [60 48]`},
		"fewer layers":  {"gpt2-2", `"n_layer": 2`, `"n_layer": 1`, `unknown tensor "h.1.`},
		"more layers":   {"distilbert-2", `"n_layers": 2`, `"n_layers": 3`, `"transformer.layer.2.attention.q_lin.weight" of shape [24 24] is missing`},
		"other gelu":    {"distilbert-2", `"activation": "gelu"`, `"activation": "relu"`, `activation is "relu": only "gelu" is supported`},
		"scaled layers": {"gpt2-2", `"scale_attn_by_inverse_layer_idx": false`, `"scale_attn_by_inverse_layer_idx": true`, "only false is supported"},
		"heads":         {"gpt2-2", `"n_head": 3`, `"n_head": 5`, "n_embd 24 is not a multiple of n_head 5"},
		"a string":      {"distilbert-2", `"dim": 24`, `"dim": "24"`, `dim is "24"`},
		"negative":      {"distilbert-2", `"dim": 24`, `"dim": -24`, "dim is -24: expected a positive number"},
		"another kind":  {"distilbert-2", `"model_type": "distilbert"`, `"model_type": "mpnet"`, `unsupported architecture "mpnet"`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, file := range []string{"config.json", "model.safetensors"} {
				data, err := os.ReadFile(filepath.Join("testdata", c.folder, file))
				require.NoError(t, err)
				if file == "config.json" {
					changed := replaceOnce(t, string(data), c.from, c.to)
					data = []byte(changed)
				}
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), data, 0o644))
			}
			_, err := Load(dir)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := Load(t.TempDir())
	require.ErrorContains(t, err, "no readable config.json")
	_, _, err = LoadRobertaClassifier(filepath.Join("..", "..", "..", "lpftlib", "encoder", "testdata", "roberta-2"))
	require.ErrorContains(t, err, `"classifier.`)
}

// Texts that the model cannot read name the text and the number.
func TestTexts(t *testing.T) {
	net := open(t, "gpt2-2")
	for want, ids := range map[string][]int32{"token id 60": {3, 60}, "has 0 tokens": {}, "has 41 tokens": make([]int32, 41)} {
		_, err := net.Batch(encodings([][]int32{{1, 2}, ids}), 64)
		require.ErrorContains(t, err, "text 1")
		require.ErrorContains(t, err, want)
	}
}

func replaceOnce(t *testing.T, text, from, to string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(text, from), "%s in\n%s", from, text)
	return strings.Replace(text, from, to, 1)
}
