package ntk

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/kernels"
)

// A kernel in blocks is the kernel in one piece; rows behind the old ones cost the new blocks alone.
func TestGrow(t *testing.T) {
	be := openBackend(t)
	m, v0, train, test := someKernel(t)
	rows := append(append(train, test...), randomTexts(m.Weights.Config, []int{9, 4, 6, 13, 2}, 8)...)
	want, err := Compute(context.Background(), m, v0, rows, nil, Options{Backend: be, Float64: true})
	require.NoError(t, err)
	dir := t.TempDir()
	computed := 0
	opt := GrowOptions{BlockRows: 3, Options: Options{Backend: be, Float64: true, Programs: NewPrograms(be), Progress: func(int, int, string) { computed++ }}}
	defer opt.Programs.Close()
	first := len(rows) - 4
	_, err = Grow(context.Background(), m, v0, rows[:first], dir, opt)
	require.NoError(t, err)
	before := modified(t, dir)

	b, err := Grow(context.Background(), m, v0, rows, dir, opt)
	require.NoError(t, err)
	after := modified(t, dir)
	full := first / 3
	for _, row := range b.F[:full] {
		for _, file := range row {
			require.Equal(t, before[file], after[file], "%s was there", file)
		}
	}
	require.Len(t, after, 1+len(b.Phi)+len(b.Phi)*(len(b.Phi)+1)/2, "nothing is left of blocks that were not full")

	for part, kernel := range map[kernels.Part]*kernels.Kernel{kernels.PartF: want.F, kernels.PartP: want.P, kernels.PartTheta: want.Theta} {
		whole, err := b.Kernel(part)
		require.NoError(t, err)
		requireRelative(t, kernel.Data, whole.Data, 1e-12, string(part))
	}
	all, err := kernels.SingularValues(want.Theta)
	require.NoError(t, err)
	opened, err := kernels.OpenBlocked(dir)
	require.NoError(t, err)
	top, err := kernels.Top(context.Background(), opened.Operator(kernels.PartTheta), kernels.TopOptions{K: 4})
	require.NoError(t, err)
	requireRelative(t, all[:4], top.Values, 1e-10, "top eigenvalues")
}

// modified are a folder's files with their times.
func modified(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	out := map[string]int64{}
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		out[e.Name()] = info.ModTime().UnixNano()
	}
	return out
}

// Stopped in the middle it continues; another head's blocks are never taken; a flipped bit is found.
func TestGrowContinues(t *testing.T) {
	be := openBackend(t)
	m, v0, rows, _ := someKernel(t)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	opt := GrowOptions{BlockRows: 2, Options: Options{Backend: be, Progress: func(done, total int, _ string) {
		if done == 2 {
			cancel()
		}
	}}}
	_, err := Grow(ctx, m, v0, rows, dir, opt)
	require.ErrorIs(t, err, context.Canceled)
	_, err = kernels.OpenBlocked(dir)
	require.ErrorContains(t, err, "ntk.Grow")
	before := modified(t, dir)
	require.NotEmpty(t, before)

	opt.Progress = nil
	b, err := Grow(context.Background(), m, v0, rows, dir, opt)
	require.NoError(t, err)
	after := modified(t, dir)
	for file, at := range before {
		require.Equal(t, at, after[file], file)
	}
	other, err := Grow(context.Background(), m, v0.ScaleBy(2), rows, dir, opt)
	require.NoError(t, err)
	require.NotEqual(t, b.F, other.F)

	path := filepath.Join(dir, other.F[1][0])
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)/2] ^= 4
	require.NoError(t, os.WriteFile(path, data, 0o644))
	_, err = other.Kernel(kernels.PartF)
	require.ErrorContains(t, err, other.F[1][0])
}

// What Grow cannot do is said before work starts.
func TestGrowRefuses(t *testing.T) {
	be := openBackend(t)
	m, v0, rows, _ := someKernel(t)
	for want, opt := range map[string]GrowOptions{
		"blocks of -1 rows":         {BlockRows: -1, Options: Options{Backend: be}},
		`resume folder "x"`:         {Options: Options{Backend: be, ResumeDir: "x"}},
		`embedding mode "paper-10"`: {Options: Options{Backend: be, Embedding: Paper10Embedding}},
	} {
		_, err := Grow(context.Background(), m, v0, rows, t.TempDir(), opt)
		require.ErrorContains(t, err, want)
	}
	_, err := Grow(context.Background(), m, v0, nil, t.TempDir(), GrowOptions{Options: Options{Backend: be}})
	require.ErrorContains(t, err, "no training rows")
	_, err = Grow(context.Background(), m, v0, rows, t.TempDir(), GrowOptions{})
	require.ErrorContains(t, err, "backend.Open")
}
