package finetune

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/kernels/dynamics"
	"lpft/kernels/ntk"
	"lpft/lpftlib/encoder"
)

// attention are the tensors of all attention blocks.
func attention(cfg *encoder.Config) (names []string) {
	for _, spec := range cfg.Specs() {
		if strings.HasPrefix(ntk.GroupOfTensor(spec.Name), "attention.") {
			names = append(names, spec.Name)
		}
	}
	return names
}

// Frozen tensors stay as they are and all others move; and the training is what the kernel without their part predicts.
func TestFrozenTensorsStandStill(t *testing.T) {
	f := fewRows(t)
	start := Start{Weights: smallModel(t), Head: f.head()}
	start.Frozen = attention(start.Weights.Config)
	recipe := descending(f, 0.01)
	var end *encoder.Weights
	var logits *dynamics.Path
	data := Data{Train: f.set(), Val: f.set()}
	err := Watch(t.Context(), openBackend(t), start, data, recipe, func(ctx context.Context, m *Moment) (err error) {
		if m.Step == 0 {
			logits = &dynamics.Path{}
		}
		train, err := m.TrainLogits(ctx)
		if err != nil {
			return err
		}
		logits.Train = append(logits.Train, train)
		end, _, _, err = m.Model()
		return err
	})
	require.NoError(t, err)
	for _, spec := range start.Weights.Config.Specs() {
		before, after := start.Weights.Tensors[spec.Name], end.Tensors[spec.Name]
		if slices.Contains(start.Frozen, spec.Name) {
			require.Equal(t, before, after, spec.Name)
		} else if strings.Contains(spec.Name, "output.dense.weight") {
			require.NotEqual(t, before, after, spec.Name)
		}
	}

	k, err := ntk.Compute(t.Context(), &ntk.Model{Weights: start.Weights}, start.Head, data.Train.Texts, nil, ntk.Options{Backend: openBackend(t), Float64: true})
	require.NoError(t, err)
	less := k.P
	for _, g := range k.Groups {
		if !strings.HasPrefix(g.Name, "attention.") {
			less = less.Plus(g.Train)
		}
	}
	k.Labels = data.Train.Labels
	whole := dynamics.Whole(&k.NTK)
	without := *whole
	without.Train = less
	last := len(logits.Train) - 1
	off := map[*dynamics.Problem]float64{}
	for _, p := range []*dynamics.Problem{whole, &without} {
		path, err := p.Descend(t.Context(), Batches(recipe, len(data.Train.Texts)), recipe.Clip)
		require.NoError(t, err)
		off[p] = dynamics.RelativeError(logits.Train[last], path.Train[last], path.Train[0])
	}
	require.Less(t, off[&without], 0.3)
	require.Less(t, off[&without], off[whole], "the kernel with the frozen part predicts another training")
}

func TestFrozenRefuses(t *testing.T) {
	f := fewRows(t)
	start := Start{Weights: smallModel(t), Head: f.head(), Frozen: []string{"attention"}}
	run := func() error {
		_, err := Run(t.Context(), openBackend(t), start, Data{Train: f.set(), Val: f.set()}, descending(f, 1e-3), Hooks{Score: accuracy})
		return err
	}
	require.ErrorContains(t, run(), `frozen tensor "attention" is none of the encoder's`)
	start.LoRA = f.lora(t, start.Weights.Config)
	require.ErrorContains(t, run(), "frozen tensors with LoRA")
}
