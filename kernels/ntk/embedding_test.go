package ntk

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/encoder"
)

// skip leaves the word embedding out and nothing else.
func TestSkipLeavesTheWordEmbeddingOut(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "roberta-2")
	m, head, train := &Model{Weights: w}, randomHead(2, w.Config.Hidden, 4), randomTexts(w.Config, trainLengths, 1)
	exact, err := Compute(context.Background(), m, head, train, nil, Options{Backend: be})
	require.NoError(t, err)
	skip, err := Compute(context.Background(), m, head, train, nil, Options{Backend: be, Embedding: SkipEmbedding})
	require.NoError(t, err)
	require.Len(t, skip.Groups, len(exact.Groups)-1)
	requireRelative(t, exact.F.Data, skip.F.Plus(groupNamed(t, exact, WordGroup).Train).Data, 1e-6, "F")
}

// paper-10 as docs/protocol.md describes it under Embedding modes, from the features' Jacobian: per row the drawn
// outputs alone, divided by 0.1; the drawn entries alone, the kernel divided by 0.1.
func TestPaper10IsTheSampledProduct(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "bert-2")
	m, h, c := &Model{Weights: w}, w.Config.Hidden, 3
	head := randomHead(c, h, 4)
	train, test := randomTexts(w.Config, []int{5, 17, 1, 12, 9, 4, 4, 6, 8, 3}, 1), randomTexts(w.Config, testLengths, 2)
	opt := Options{Backend: be, Float64: true, Seed: 7, Embedding: Paper10Embedding}
	k, err := Compute(context.Background(), m, head, train, test, opt)
	require.NoError(t, err)
	draw := newSampling(w.Config.VocabSize, h, h, 7)
	jacobian := func(texts []encoder.Encoding) (out [][]float64) { // rows (i, c)
		for i, text := range texts {
			_, brute := bruteJacobian(t, m, FeatureHead(h), text)
			features := draw.features(i)
			for a := range c {
				row := make([]float64, w.Config.VocabSize*h)
				for j, factor := range features {
					for p, v := range brute[encoder.WordEmbeddings][j] {
						if draw.entries[p] {
							row[p] += head.V.At(a, j) * factor * v
						}
					}
				}
				out = append(out, row)
			}
		}
		return out
	}
	gram := func(left, right [][]float64) (out []float64) {
		for _, a := range left {
			for _, b := range right {
				sum := 0.0
				for p := range a {
					sum += a[p] * b[p]
				}
				out = append(out, 10*sum)
			}
		}
		return out
	}
	trainRows := jacobian(train)
	word := groupNamed(t, k, WordGroup)
	requireRelative(t, gram(trainRows, trainRows), word.Train.Data, 1e-10, "train")
	requireRelative(t, gram(jacobian(test), trainRows), word.Test.Data, 1e-10, "test")

	opt.Embedding = Paper10ReleasedEmbedding
	released, err := Compute(context.Background(), m, head, train, test, opt)
	require.NoError(t, err)
	wrong := groupNamed(t, released, WordGroup).Train
	for i := range train {
		for j := range train {
			for a := range c {
				for b := range c {
					want := 0.0
					if i%8 == 0 && j%8 == 0 {
						want = word.Train.At(i/8, a, j/8, b)
					}
					require.InDelta(t, want, wrong.At(i, a, j, b), 1e-12*word.Train.MaxAbs())
				}
			}
		}
	}
	for _, name := range []string{RestGroup, "ffn.0"} {
		require.Equal(t, groupNamed(t, k, name).Train.Data, groupNamed(t, released, name).Train.Data)
	}
}

// The draws have the sizes of docs/protocol.md, Embedding modes, and the means they are made for.
func TestSamplingDraws(t *testing.T) {

	s := newSampling(503, 96, 96, 1)
	drawn := 0
	for _, yes := range s.entries {
		if yes {
			drawn++
		}
	}
	require.Equal(t, 503*96/10, drawn)
	counts := make([]float64, 96)
	for k := range 2000 {
		f := s.features(k)
		require.Equal(t, 9, len(f)-len(slices.DeleteFunc(slices.Clone(f), func(v float64) bool { return v != 0 })))
		for j, v := range f {
			counts[j] += v / 2000
		}
	}
	for _, mean := range counts {
		require.InDelta(t, 10*9.0/96, mean, 4*10*math.Sqrt(9.0/96/2000))
	}
	require.NotEqual(t, newSampling(503, 96, 96, 2).entries, s.entries)
	require.NotEqual(t, s.features(1), s.features(2))
	require.Equal(t, s.features(1), newSampling(503, 96, 96, 1).features(1))
	filled := map[int]int{}
	for _, n := range []int{225, 250, 56} {
		for i := range n {
			if misplace(i) >= 0 {
				filled[n]++
			}
		}
	}
	require.Equal(t, map[int]int{225: 29, 250: 32, 56: 7}, filled)
}
