package ntk

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/kernels"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// However the work is cut, the kernel is the same: group selection, device batches (and with
// them the length buckets), column chunks, memory budgets with one pass or many.
func TestCutsDoNotChangeTheKernel(t *testing.T) {
	be := openBackend(t)
	rng := rand.New(rand.NewPCG(11, 12))
	for _, name := range fixtures {
		w := loadFixture(t, name)
		m := &Model{Weights: w}
		train, test := randomTexts(w.Config, []int{5, 17, 1, 12, 9, 33, 17, 4}, 1), randomTexts(w.Config, testLengths, 2)
		head := randomHead(3, w.Config.Hidden, 4)
		want, err := Compute(context.Background(), m, head, train, test, Options{Backend: be, Float64: true})
		require.NoError(t, err)
		rounds, passes := 12, map[int]bool{}
		if be.Engine != "go" {
			rounds = 2 // every cut compiles anew
		}
		for round := range rounds {
			opt := Options{Backend: be, Float64: true, BatchTokens: 1 + rng.IntN(120), ChunkColumns: 1 + rng.IntN(1000)}
			for _, g := range Groups(m) {
				if round > 0 && rng.IntN(3) > 0 {
					opt.Groups = append(opt.Groups, g)
				}
			}
			opt.Memory = leastMemory(t, m, head, train, test, opt) + int64(rng.IntN(400_000))
			k, err := Compute(context.Background(), m, head, train, test, opt)
			require.NoError(t, err)
			passes[k.Report.Passes] = true
			what := fmt.Sprintf("%s, round %d, %d passes, batches of %d", name, round, k.Report.Passes, opt.BatchTokens)
			for _, g := range k.Groups {
				requireRelative(t, groupNamed(t, want, g.Name).Train.Data, g.Train.Data, 1e-12, what+", "+g.Name)
				requireRelative(t, groupNamed(t, want, g.Name).Test.Data, g.Test.Data, 1e-12, what+", test, "+g.Name)
			}
			requireRelative(t, want.P.Data, k.P.Data, 1e-12, what+", P")
			require.NoError(t, k.Check())
		}
		if be.Engine == "go" {
			require.Greater(t, len(passes), 2, "budgets should lead to different numbers of passes")
		}
	}
}

// leastMemory asks the plan for the smallest budget that it takes for these options.
func leastMemory(t *testing.T, m *Model, head *head.Head, train, test []encoder.Encoding, opt Options) int64 {
	t.Helper()
	e, err := newEngine(m, m.Describe(), head, &opt)
	require.NoError(t, err)
	defer e.close()
	groups, err := m.Describe().pickGroups(opt.Groups, ExactEmbedding)
	require.NoError(t, err)
	low, high := int64(1), int64(1)<<40
	for low < high {
		opt.Memory = (low + high) / 2
		if _, err := e.makePlan(m.Describe().units(groups), train, test, &opt); err != nil {
			low = opt.Memory + 1
		} else {
			high = opt.Memory
		}
	}
	return low
}

func groupNamed(t testing.TB, r *Result, name string) kernels.Group {
	t.Helper()
	for _, g := range r.Groups {
		if g.Name == name {
			return g
		}
	}
	require.Fail(t, "no group "+name)
	return kernels.Group{}
}

// Forming per-sample gradients and multiplying token by token give the same matrix.
func TestBothWaysAgree(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "bert-2")
	m, head := &Model{Weights: w}, randomHead(2, w.Config.Hidden, 4)
	train, test := randomTexts(w.Config, []int{7, 3, 12}, 1), randomTexts(w.Config, testLengths, 2)
	in := &input{network: m, d: m.Describe(), head: head, train: train, test: test, opt: Options{Backend: be, Float64: true}}
	require.NoError(t, in.check())
	e, err := newEngine(m, m.Describe(), head, &in.opt)
	require.NoError(t, err)
	defer e.close()
	r := &run{input: in, e: e}
	p, units := r.wholePlan()
	data, _, err := r.reverse(context.Background(), p, p.passes[0], "")
	require.NoError(t, err)
	defer data.free()
	g := newGram(e, p.batches, 2)
	compared := 0
	for i, u := range units {
		if u.kind != denseUnit {
			continue
		}
		formed, tokens := newSums(len(train), len(test), 2), newSums(len(train), len(test), 2)
		require.NoError(t, r.multiply(context.Background(), p, g, planned{unit: u, method: PerSample, width: 7}, data.unit(i), formed))
		require.NoError(t, r.multiply(context.Background(), p, g, planned{unit: u, method: Tokens}, data.unit(i), tokens))
		requireRelative(t, formed.train, tokens.train, 1e-12, u.name)
		requireRelative(t, formed.test, tokens.test, 1e-12, u.name)
		compared++
	}
	require.Equal(t, 2*6, compared)
}

// V0 → sV0 gives s²F and leaves P; LoRA's α doubled gives 4F where B = 0.
func TestScaling(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "roberta-2")
	train, v0 := randomTexts(w.Config, trainLengths, 1), randomHead(2, w.Config.Hidden, 4)
	opt := Options{Backend: be, Float64: true}
	kernel := func(m *Model, h *head.Head) *Result {
		k, err := Compute(context.Background(), m, h, train, nil, opt)
		require.NoError(t, err)
		return k
	}
	times := func(list []float64, s float64) []float64 {
		out := append([]float64(nil), list...)
		for i := range out {
			out[i] *= s
		}
		return out
	}
	one := kernel(&Model{Weights: w}, v0)
	three := kernel(&Model{Weights: w}, v0.ScaleBy(3))
	requireRelative(t, times(one.F.Data, 9), three.F.Data, 1e-12, "9F")
	require.Equal(t, one.P.Data, three.P.Data)

	small := kernel(&Model{Weights: w, LoRA: randomLoRA(t, w.Config, w.Config.QueryValue(), 3, 4, true)}, v0)
	large := kernel(&Model{Weights: w, LoRA: randomLoRA(t, w.Config, w.Config.QueryValue(), 3, 8, true)}, v0)
	requireRelative(t, times(small.F.Data, 4), large.F.Data, 1e-12, "4F")
	require.Equal(t, one.P.Data, large.P.Data, "P of LoRA is that of FT")
}
