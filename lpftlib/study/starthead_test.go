package study

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/probe"
)

// FT and LoRA start from the head that training draws; LP-FT from the probe of all rows in the
// seed's order, which for two classes is not halved.
func TestStartHeads(t *testing.T) {
	cfg := &encoder.Config{Hidden: 5, InitRange: 0.02}
	drawn := finetune.NewHead(3, 5, 0.02, 7)
	require.Equal(t, widen(drawn.Weight), RandomHead(cfg, 3, 7).Weight)
	require.Equal(t, make([]float64, 3), RandomHead(cfg, 3, 7).Bias)

	const n = 40
	rng := rand.New(rand.NewPCG(1, 2))
	phi, labels := make([]float32, n*5), make([]int, n)
	for i := range n {
		labels[i] = i % 2
		for j := range 5 {
			phi[i*5+j] = float32(rng.NormFloat64()) + float32(labels[i])
		}
	}
	head, err := ProbeHead(context.Background(), phi, labels, 2, 7, nil)
	require.NoError(t, err)
	require.False(t, head.Halved)
	order := finetune.Order(7, 0, n)
	x, y := make([]float32, 0, n*5), make([]int, 0, n)
	for _, row := range order {
		x, y = append(x, phi[row*5:(row+1)*5]...), append(y, labels[row])
	}
	want, err := probe.Fit(context.Background(), dense(x, n, 5), y, 2, probe.Options{})
	require.NoError(t, err)
	require.Equal(t, want.Weight, head.Weight)

	_, err = ProbeHead(context.Background(), phi, labels[:39], 2, 7, nil)
	require.ErrorContains(t, err, "39 rows")
	rank, alpha := LPLoRA.Factors()
	require.Equal(t, 8, rank)
	require.Equal(t, 8.0, alpha)
	rank, _ = LPFT.Factors()
	require.Zero(t, rank)
}
