package ntk

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/kernels"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// Bad input is one error that names what is wrong, before work starts.
func TestBadInput(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "bert-2")
	v0, train := randomHead(2, w.Config.Hidden, 4), randomTexts(w.Config, trainLengths, 1)
	broken := w.Clone()
	broken.Tensors["encoder.layer.1.output.dense.weight"][5] = float32(math.NaN())
	lora := randomLoRA(t, w.Config, w.Config.QueryValue(), 2, 2, true)
	lora.B["encoder.layer.0.attention.self.query"][1] = float32(math.Inf(1))
	nanHead := randomHead(2, w.Config.Hidden, 4)
	nanHead.B[1] = math.NaN()
	good := &Model{Weights: w}
	for name, c := range map[string]struct {
		model *Model
		head  *head.Head
		rows  []encoder.Encoding
		opt   Options
		want  string
	}{
		"NaN weight":        {&Model{Weights: broken}, v0, train, Options{}, "encoder.layer.1.output.dense.weight"},
		"infinite factor":   {&Model{Weights: w, LoRA: lora}, v0, train, Options{}, "encoder.layer.0.attention.self.query.lora_B"},
		"NaN head":          {good, nanHead, train, Options{}, "head: bias number 1"},
		"head of other h":   {good, randomHead(2, 7, 1), train, Options{}, "[C, 24]"},
		"no rows":           {good, v0, nil, Options{}, "no training rows"},
		"unknown group":     {good, v0, train, Options{Groups: []string{"attention.2"}}, "attention.0, ffn.0"},
		"no group":          {good, v0, train, Options{Groups: []string{WordGroup}, Embedding: SkipEmbedding}, "no parameter group is left"},
		"unknown embedding": {good, v0, train, Options{Embedding: "most"}, "paper-10-released"},
		"tiny memory":       {good, v0, train, Options{Memory: 1000}, "memory budget of 1000 bytes (asked for) is too small: one layer of these 5 rows needs 1 MiB at least"},
		"negative memory":   {good, v0, train, Options{Memory: -1}, "nothing or less (asked for) is too small: one layer of these 5 rows needs 1 MiB at least"},
		"negative tokens":   {good, v0, train, Options{BatchTokens: -1}, "batch tokens -1"},
		"token too large":   {good, v0, []encoder.Encoding{{IDs: []int32{999}, TypeIDs: []int32{0}}}, Options{}, "999"},
		"too long":          {good, v0, randomTexts(w.Config, []int{50}, 1), Options{}, "50 tokens"},
	} {
		t.Run(name, func(t *testing.T) {
			c.opt.Backend = be
			_, err := Compute(context.Background(), c.model, c.head, c.rows, nil, c.opt)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := Compute(context.Background(), good, v0, train, nil, Options{})
	require.ErrorContains(t, err, "backend.Open")
}

// Kernels that are no kernels are found out.
func TestCheckFindsBrokenKernels(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "bert-2")
	for name, c := range map[string]struct {
		spoil func(r *Result)
		want  string
	}{
		"fine":           {func(*Result) {}, ""},
		"asymmetric":     {func(r *Result) { r.F.Data[1] += r.F.MaxAbs() / 100 }, "F: kernels: entry"},
		"negative":       {func(r *Result) { scale(r.F, -1) }, "F: kernels: smallest eigenvalue"},
		"groups missing": {func(r *Result) { r.Groups = r.Groups[1:] }, "sum to F"},
		"Theta":          {func(r *Result) { scale(r.Theta, 2) }, "P + F is Theta"},
		"P":              {func(r *Result) { r.P.Data[0] *= 1.1; r.Theta = r.P.Plus(r.F) }, "multiple of the identity"},
		"NaN":            {func(r *Result) { r.F.Data[3] = math.NaN() }, "F: kernels: entry"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Compute(context.Background(), &Model{Weights: w}, randomHead(2, w.Config.Hidden, 4), randomTexts(w.Config, trainLengths, 1), nil, Options{Backend: be})
			require.NoError(t, err)
			c.spoil(r)
			if c.want == "" {
				require.NoError(t, r.Check())
				return
			}
			require.ErrorContains(t, r.Check(), c.want)
		})
	}
}

func scale(k *kernels.Kernel, s float64) {
	for i := range k.Data {
		k.Data[i] *= s
	}
}
