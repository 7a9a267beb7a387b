package kernels

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/encoder"
)

// Bad input is one error that names what is wrong, before work starts.
func TestBadInput(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "bert-2")
	head, train := randomHead(2, w.Config.Hidden, 4), randomTexts(w.Config, trainLengths, 1)
	broken := w.Clone()
	broken.Tensors["encoder.layer.1.output.dense.weight"][5] = float32(math.NaN())
	lora := randomLoRA(t, w.Config, w.Config.QueryValue(), 2, 2, true)
	lora.B["encoder.layer.0.attention.self.query"][1] = float32(math.Inf(1))
	nanHead := randomHead(2, w.Config.Hidden, 4)
	nanHead.B[1] = math.NaN()
	good := &Model{Weights: w}
	for name, c := range map[string]struct {
		model *Model
		head  *Head
		rows  []encoder.Encoding
		opt   Options
		want  string
	}{
		"NaN weight":        {&Model{Weights: broken}, head, train, Options{}, "encoder.layer.1.output.dense.weight"},
		"infinite factor":   {&Model{Weights: w, LoRA: lora}, head, train, Options{}, "encoder.layer.0.attention.self.query.lora_B"},
		"NaN head":          {good, nanHead, train, Options{}, "head: bias number 1"},
		"head of other h":   {good, randomHead(2, 7, 1), train, Options{}, "[C, 24]"},
		"no rows":           {good, head, nil, Options{}, "no training rows"},
		"unknown group":     {good, head, train, Options{Groups: []string{"attention.2"}}, "attention.0, ffn.0"},
		"no group":          {good, head, train, Options{Groups: []string{WordGroup}, Embedding: SkipEmbedding}, "no parameter group is left"},
		"unknown embedding": {good, head, train, Options{Embedding: "most"}, "paper-10-released"},
		"tiny memory":       {good, head, train, Options{Memory: 1000}, "needs 1 MiB at least"},
		"negative memory":   {good, head, train, Options{Memory: -1}, "memory -1"},
		"token too large":   {good, head, []encoder.Encoding{{IDs: []int32{999}, TypeIDs: []int32{0}}}, Options{}, "999"},
		"too long":          {good, head, randomTexts(w.Config, []int{50}, 1), Options{}, "50 tokens"},
	} {
		t.Run(name, func(t *testing.T) {
			c.opt.Backend = be
			_, err := NTK(context.Background(), c.model, c.head, c.rows, nil, c.opt)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := NTK(context.Background(), good, head, train, nil, Options{})
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
		"asymmetric":     {func(r *Result) { r.F.Data[1] += r.F.maxAbs() / 100 }, "F: kernels: entry"},
		"negative":       {func(r *Result) { scale(r.F, -1) }, "F: kernels: smallest eigenvalue"},
		"groups missing": {func(r *Result) { r.Groups = r.Groups[1:] }, "sum to F"},
		"Theta":          {func(r *Result) { scale(r.Theta, 2) }, "P + F is Theta"},
		"P":              {func(r *Result) { r.P.Data[0] *= 1.1; r.Theta = r.P.plus(r.F) }, "multiple of the identity"},
		"NaN":            {func(r *Result) { r.F.Data[3] = math.NaN() }, "F: kernels: entry"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NTK(context.Background(), &Model{Weights: w}, randomHead(2, w.Config.Hidden, 4), randomTexts(w.Config, trainLengths, 1), nil, Options{Backend: be})
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

func scale(k *Kernel, s float64) {
	for i := range k.Data {
		k.Data[i] *= s
	}
}

func TestParseMemory(t *testing.T) {
	for text, want := range map[string]int64{"2GiB": 2 << 30, "500MiB": 500 << 20, "1.5 GB": 1.5e9, "123": 123, "7B": 7} {
		got, err := ParseMemory(text)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "GiB", "-1GiB", "2 apples", "NaN", "1e99GiB", "0"} {
		_, err := ParseMemory(text)
		require.ErrorContains(t, err, "such as 2GiB", text)
	}
}

func TestDraw(t *testing.T) {
	a, err := DrawTrain(30, 100, 1)
	require.NoError(t, err)
	b, err := DrawTrain(30, 100, 1)
	require.NoError(t, err)
	require.Equal(t, a, b)
	other, err := DrawTrain(30, 100, 2)
	require.NoError(t, err)
	require.NotEqual(t, a, other)
	test, err := DrawTest(30, 100, 1)
	require.NoError(t, err)
	require.NotEqual(t, a, test)
	seen := map[int]bool{}
	for _, row := range a {
		require.False(t, seen[row])
		require.True(t, row >= 0 && row < 100)
		seen[row] = true
	}
	all, err := DrawTrain(100, 100, 1)
	require.NoError(t, err)
	require.Len(t, all, 100)
	_, err = DrawTrain(101, 100, 1)
	require.ErrorContains(t, err, "expected 1 to 100")
}
