package ntk

import (
	"bytes"
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

// A kernel in blocks whose files are damaged is mended by the same call, with the bits that it had.
func TestGrowMendsDamage(t *testing.T) {
	be := openBackend(t)
	said := ""
	be.Say = func(line string) { said += line + "\n" }
	m, v0, rows, _ := someKernel(t)
	dir := t.TempDir()
	opt := GrowOptions{BlockRows: 2, Options: Options{Backend: be}}
	b, err := Grow(context.Background(), m, v0, rows, dir, opt)
	require.NoError(t, err)
	want, err := b.Kernel(kernels.PartTheta)
	require.NoError(t, err)
	swap := b.F[2][1]
	for name, harm := range map[string]func(data []byte) []byte{
		b.F[1][0]:            func(data []byte) []byte { data[len(data)/2] ^= 4; return data },
		b.Phi[0]:             func(data []byte) []byte { return data[:len(data)-3] },
		b.F[2][0]:            func([]byte) []byte { other, _ := os.ReadFile(filepath.Join(dir, swap)); return other },
		kernels.BlockedIndex: func(data []byte) []byte { return bytes.Replace(data, []byte("[2,2"), []byte("[2,3"), 1) },
	} {
		said = ""
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, harm(data), 0o644))
		if opened, err := kernels.OpenBlocked(dir); err == nil { // reading finds it
			_, err = opened.Kernel(kernels.PartTheta)
			require.ErrorContains(t, err, name)
		} else {
			require.ErrorContains(t, err, name)
		}
		again, err := Grow(context.Background(), m, v0, rows, dir, opt)
		require.NoError(t, err)
		got, err := again.Kernel(kernels.PartTheta)
		require.NoError(t, err)
		require.Equal(t, want.Data, got.Data)
		require.Contains(t, said, name+".bad-1")
	}
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
