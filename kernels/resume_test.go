package kernels

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/progress"
)

// A kernel that was interrupted and started again has the same bits as one that was not.
func TestInterruptedAndResumed(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "bert-2")
	m, head := &Model{Weights: w}, randomHead(3, w.Config.Hidden, 4)
	train, test := randomTexts(w.Config, trainLengths, 1), randomTexts(w.Config, testLengths, 2)
	want, err := NTK(context.Background(), m, head, train, test, Options{Backend: be})
	require.NoError(t, err)

	dir := t.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	opt := Options{Backend: be, ResumeDir: dir, Progress: func(u progress.Update) {
		if left, _ := filepath.Glob(filepath.Join(dir, "ntk-*.npz")); len(left) >= 2 {
			stop()
		}
	}}
	_, err = NTK(ctx, m, head, train, test, opt)
	if err == nil {
		t.Skip("the kernel was finished before the progress bar moved")
	}
	require.ErrorIs(t, err, context.Canceled)
	opt.Progress = nil
	got, err := NTK(context.Background(), m, head, train, test, opt)
	require.NoError(t, err)
	require.NotEmpty(t, got.Report.Resumed)
	require.Less(t, len(got.Report.Resumed), len(want.Groups))
	require.Equal(t, want.F.Data, got.F.Data)
	require.Equal(t, want.ThetaTest.Data, got.ThetaTest.Data)

	again, err := NTK(context.Background(), m, head, train, test, opt) // everything is there
	require.NoError(t, err)
	require.Len(t, again.Report.Resumed, len(want.Groups))
	require.Equal(t, want.Theta.Data, again.Theta.Data)
}

// A file of another kernel, or a torn one, is refused by name.
func TestForeignAndTornFilesAreRefused(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "bert-2")
	m, head, train := &Model{Weights: w}, randomHead(2, w.Config.Hidden, 4), randomTexts(w.Config, trainLengths, 1)
	dir := t.TempDir()
	opt := Options{Backend: be, ResumeDir: dir, Groups: []string{"ffn.1", "embeddings.word"}}
	kernel := func(m *Model, h *Head, opt Options) error {
		_, err := NTK(context.Background(), m, h, train, nil, opt)
		return err
	}
	require.NoError(t, kernel(m, head, opt))
	other := w.Clone()
	other.Tensors["encoder.layer.0.output.dense.weight"][3]++
	require.ErrorContains(t, kernel(&Model{Weights: other}, head, opt), "ntk-embeddings.word.npz belongs to another kernel")
	require.ErrorContains(t, kernel(m, randomHead(2, w.Config.Hidden, 5), opt), "belongs to another kernel")
	require.ErrorContains(t, kernel(m, randomHead(3, w.Config.Hidden, 4), opt), "belongs to another kernel")
	wide := opt
	wide.Float64 = true
	require.ErrorContains(t, kernel(m, head, wide), "belongs to another kernel")

	path := filepath.Join(dir, "ntk-ffn.1.npz")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data[:len(data)/2], 0o644))
	require.ErrorContains(t, kernel(m, head, opt), path)
}
