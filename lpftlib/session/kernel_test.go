package session

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/study"
)

// FT and LP-FT of one session share compiled kernel graphs, and so do LoRA and LP-LoRA: their
// heads differ in numbers, their rows are the same.
func TestMethodsShareCompiledKernels(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	built := func(m study.Method) int {
		_, err := s.Kernel(t.Context(), study.Spec{Task: "toy", Method: m, Seed: 1001})
		require.NoError(t, err)
		programs, err := s.kernelPrograms()
		require.NoError(t, err)
		return programs.Built()
	}
	ft := built(study.FT)
	require.Positive(t, ft)
	require.Equal(t, ft, built(study.LPFT), "LP-FT compiled anew")
	lora := built(study.LoRA)
	require.Greater(t, lora, ft, "LoRA has other gradients")
	require.Equal(t, lora, built(study.LPLoRA), "LP-LoRA compiled anew")
}

// P does not depend on the method: its statistics are computed once a task, and each method's say the same of it.
func TestStatisticsOfPAreComputedOnce(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	var first *study.KernelStats
	for _, m := range []study.Method{study.FT, study.LPFT, study.LoRA} {
		stats, err := s.KernelStats(t.Context(), study.Spec{Task: "toy", Method: m, Seed: 1001})
		require.NoError(t, err)
		if first == nil {
			first = stats
		}
		require.Equal(t, first.P, stats.P)
		require.Equal(t, first.SpectrumP, stats.SpectrumP)
		require.NotEqual(t, first.P.FrobeniusNorm, stats.Theta.FrobeniusNorm)
	}
	require.Equal(t, 1, events(t, s, 0)["pretrain-stats computed"])
}
