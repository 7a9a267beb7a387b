package ntk

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/head"
)

// Programs of one call serve the next one of the same shapes, with other weights and head, and
// change no number; other shapes and other parameters are compiled anew.
func TestProgramsAreSharedAndRight(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "bert-2")
	other := w.Clone()
	other.Tensors["encoder.layer.1.output.dense.weight"][5]++
	train, test := randomTexts(w.Config, trainLengths, 1), randomTexts(w.Config, testLengths, 2)
	programs := NewPrograms(be)
	defer programs.Close()
	kernel := func(m *Model, head *head.Head, p *Programs) *Result {
		k, err := Compute(context.Background(), m, head, train, test, Options{Backend: be, Programs: p})
		require.NoError(t, err)
		return k
	}
	one, two := randomHead(2, w.Config.Hidden, 4), randomHead(2, w.Config.Hidden, 5)
	require.Zero(t, programs.Built())
	kernel(&Model{Weights: w}, one, programs)
	built := programs.Built()
	require.Positive(t, built)

	shared := kernel(&Model{Weights: other}, two, programs)
	require.Equal(t, built, programs.Built())
	alone := kernel(&Model{Weights: other}, two, nil)
	require.Equal(t, alone.Theta.Data, shared.Theta.Data)
	require.Equal(t, alone.ThetaTest.Data, shared.ThetaTest.Data)

	for name, m := range map[string]*Model{
		"LoRA":          {Weights: w, LoRA: randomLoRA(t, w.Config, w.Config.QueryValue(), 3, 6, false)},
		"other α":       {Weights: w, LoRA: randomLoRA(t, w.Config, w.Config.QueryValue(), 3, 3, false)},
		"three classes": {Weights: w},
	} {
		head := two
		if m.LoRA == nil {
			head = randomHead(3, w.Config.Hidden, 4)
		}
		before := programs.Built()
		shared := kernel(m, head, programs)
		require.Greater(t, programs.Built(), before, name)
		require.Equal(t, kernel(m, head, nil).Theta.Data, shared.Theta.Data, name)
	}

	block, err := Jacobian(context.Background(), &Model{Weights: w}, one, "ffn.1", train, Options{Backend: be, Programs: programs})
	require.NoError(t, err)
	want, err := Jacobian(context.Background(), &Model{Weights: w}, one, "ffn.1", train, Options{Backend: be})
	require.NoError(t, err)
	require.Equal(t, want, block)
}

// Programs of another backend are refused.
func TestForeignProgramsAreRefused(t *testing.T) {
	be := openBackend(t)
	second, err := backend.Open("go")
	require.NoError(t, err)
	defer second.Finalize()
	w := loadFixture(t, "bert-2")
	_, err = Compute(context.Background(), &Model{Weights: w}, randomHead(2, w.Config.Hidden, 4), randomTexts(w.Config, trainLengths, 1), nil,
		Options{Backend: be, Programs: NewPrograms(second)})
	require.ErrorContains(t, err, "another backend")
}
