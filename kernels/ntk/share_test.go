package ntk

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Shares cut the groups into neighbours, none empty, none twice.
func TestSharesAreAPartition(t *testing.T) {
	m := &Model{Weights: loadFixture(t, "bert-2")}
	for of := 1; of <= len(Groups(m)); of++ {
		var all []string
		for part := 1; part <= of; part++ {
			share, err := Share(m, part, of)
			require.NoError(t, err)
			require.NotEmpty(t, share)
			all = append(all, share...)
		}
		require.Equal(t, Groups(m), all, "%d shares", of)
	}
	for _, bad := range [][2]int{{0, 2}, {3, 2}, {1, 0}, {1, len(Groups(m)) + 1}} {
		_, err := Share(m, bad[0], bad[1])
		require.ErrorContains(t, err, "expected", "%v", bad)
	}
}

// No share of two has more than two thirds of the work.
func TestSharesAreEven(t *testing.T) {
	m := &Model{Weights: loadFixture(t, "bert-2")}
	first, err := Share(m, 1, 2)
	require.NoError(t, err)
	work, total := 0.0, 0.0
	for _, g := range Groups(m) {
		total += m.Describe().work(g)
		if slices.Contains(first, g) {
			work += m.Describe().work(g)
		}
	}
	require.InDelta(t, 0.5, work/total, 1.0/6)
}

// Three processes' shares, put together by a fourth call, are the kernel of one.
func TestSharesAddUp(t *testing.T) {
	be := openBackend(t)
	m, head, train, test := someKernel(t)
	want, err := Compute(context.Background(), m, head, train, test, Options{Backend: be})
	require.NoError(t, err)

	dir := t.TempDir()
	for part := 1; part <= 3; part++ {
		groups, err := Share(m, part, 3)
		require.NoError(t, err)
		_, err = Compute(context.Background(), m, head, train, test, Options{Backend: be, ResumeDir: dir, Groups: groups})
		require.NoError(t, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "ntk-*.npz"))
	require.NoError(t, err)
	require.Len(t, files, len(Groups(m)))
	got, err := Compute(context.Background(), m, head, train, test, Options{Backend: be, ResumeDir: dir})
	require.NoError(t, err)
	require.Len(t, got.Report.Resumed, len(want.Groups))
	require.InDeltaSlice(t, want.Theta.Data, got.Theta.Data, 1e-5*want.Theta.FrobeniusNorm())
	require.InDeltaSlice(t, want.FTest.Data, got.FTest.Data, 1e-5*want.F.FrobeniusNorm())
}
