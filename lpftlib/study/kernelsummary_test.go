package study

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/kernels/regression"
	"lpft/lpftlib/probe"
)

func TestSummarise(t *testing.T) {
	const n, m, classes = 20, 8, 3
	x, all := randomMatrix(n, 5, 1), randomMatrix((n+m)*classes, 30, 2)
	xTest := randomMatrix(m, 5, 3)
	p, err := kernels.PretrainEffective(x, x, classes)
	require.NoError(t, err)
	pTest, err := kernels.PretrainEffective(xTest, x, classes)
	require.NoError(t, err)
	var gram mat.Dense
	gram.Mul(all, all.Slice(0, n*classes, 0, 30).T())
	f := &kernels.Kernel{M: n, C: classes, N: n, Data: gram.RawMatrix().Data[:n*classes*n*classes]}
	fTest := &kernels.Kernel{M: m, C: classes, N: n, Data: gram.RawMatrix().Data[n*classes*n*classes:]}
	labels, testLabels := make([]int, n), make([]int, m)
	for i := range labels {
		labels[i] = i * 7 % classes
	}
	last := 0
	in := SummaryInput{
		P: p, F: f, Labels: labels, Logits: randomMatrix(n, classes, 4), PTest: pTest, FTest: fTest, TestLabels: testLabels,
		Progress: func(done, total int) {
			require.Equal(t, last+1, done)
			require.Equal(t, 6*51, total)
			last = done
		},
	}
	s, err := Summarise(context.Background(), in)
	require.NoError(t, err)
	require.Equal(t, 6*51, last)

	require.Equal(t, 6*classes, s.P.Rank.Float32)
	require.Equal(t, 30, s.F.Rank.Float32)
	require.Equal(t, 6*classes+30, s.Theta.Rank.Float32)
	require.Equal(t, f.FrobeniusNorm(), s.F.FrobeniusNorm)
	theta := p.Plus(f)
	require.Equal(t, theta.FrobeniusNorm(), s.Theta.FrobeniusNorm)
	delta, err := kernels.Residuals(in.Logits, labels)
	require.NoError(t, err)
	ratio, err := kernels.FTRatio(p, f, delta)
	require.NoError(t, err)
	require.Equal(t, ratio, s.FTRatio)
	for stop, got := range map[probe.Stop]RegressionSummary{probe.StopSklearn17: s.Theta.Regression, probe.StopExact: s.Theta.Minimiser} {
		r, err := regression.Fit(context.Background(), theta, labels, regression.Options{Stop: stop})
		require.NoError(t, err)
		require.Equal(t, r.Kappa, got.Kappa)
		test, err := r.Score(pTest.Plus(fTest), testLabels)
		require.NoError(t, err)
		require.Equal(t, test, *got.Test)
	}

	raw, err := json.Marshal(s)
	require.NoError(t, err)
	var tree map[string]any
	require.NoError(t, json.Unmarshal(raw, &tree))
	require.Equal(t, s.F.Regression.Train.Pairs, tree["ft_e"].(map[string]any)["regression"].(map[string]any)["train"].(map[string]any)["pairs"])

	in.FTest, in.PTest, in.Progress = nil, nil, nil
	s, err = Summarise(context.Background(), in)
	require.NoError(t, err)
	require.Nil(t, s.F.Regression.Test)
	in.PTest = pTest
	_, err = Summarise(context.Background(), in)
	require.ErrorContains(t, err, "expected both or neither")
	in.PTest, in.P = nil, f
	_, err = Summarise(context.Background(), in)
	require.ErrorContains(t, err, "multiple of the identity")
	in.P = nil
	_, err = Summarise(context.Background(), in)
	require.ErrorContains(t, err, "at least one is missing")
}

func randomMatrix(rows, columns int, seed uint64) *mat.Dense {
	r := rand.New(rand.NewPCG(seed, 0))
	m := mat.NewDense(rows, columns, nil)
	for i := range m.RawMatrix().Data {
		m.RawMatrix().Data[i] = r.NormFloat64()
	}
	return m
}
