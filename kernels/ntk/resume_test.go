package ntk

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
	"lpft/lpftlib/npy"
)

// someKernel is what a kernel is computed from: a model, a head, training and test rows.
func someKernel(t *testing.T) (m *Model, head *head.Head, train, test []encoder.Encoding) {
	w := loadFixture(t, "bert-2")
	return &Model{Weights: w}, randomHead(3, w.Config.Hidden, 4), randomTexts(w.Config, trainLengths, 1), randomTexts(w.Config, testLengths, 2)
}

// A kernel that was interrupted and started again has the same bits as one that was not.
func TestInterruptedAndResumed(t *testing.T) {
	be := openBackend(t)
	m, head, train, test := someKernel(t)
	want, err := Compute(context.Background(), m, head, train, test, Options{Backend: be})
	require.NoError(t, err)

	dir := t.TempDir()
	opt := Options{Backend: be, ResumeDir: dir}
	_, err = Compute(untilFiles{context.Background(), dir, 2}, m, head, train, test, opt)
	require.ErrorIs(t, err, context.Canceled)
	got, err := Compute(context.Background(), m, head, train, test, opt)
	require.NoError(t, err)
	require.Len(t, got.Report.Resumed, 2)
	require.Equal(t, want.F.Data, got.F.Data)
	require.Equal(t, want.ThetaTest.Data, got.ThetaTest.Data)

	again, err := Compute(context.Background(), m, head, train, test, opt) // everything is there
	require.NoError(t, err)
	require.Len(t, again.Report.Resumed, len(want.Groups))
	require.Equal(t, want.Theta.Data, again.Theta.Data)
}

// untilFiles is a context that is cancelled once a folder holds so many finished groups.
type untilFiles struct {
	context.Context
	dir   string
	count int
}

func (c untilFiles) Err() error {
	if files, _ := filepath.Glob(filepath.Join(c.dir, "ntk-*.npz")); len(files) >= c.count {
		return context.Canceled
	}
	return nil
}

// A file of another kernel is refused by name.
func TestForeignFilesAreRefused(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "bert-2")
	m, v0, train := &Model{Weights: w}, randomHead(2, w.Config.Hidden, 4), randomTexts(w.Config, trainLengths, 1)
	dir := t.TempDir()
	opt := Options{Backend: be, ResumeDir: dir, Groups: []string{"ffn.1", "embeddings.word"}}
	kernel := func(m *Model, h *head.Head, opt Options) error {
		_, err := Compute(context.Background(), m, h, train, nil, opt)
		return err
	}
	require.NoError(t, kernel(m, v0, opt))
	other := w.Clone()
	other.Tensors["encoder.layer.0.output.dense.weight"][3]++
	require.ErrorContains(t, kernel(&Model{Weights: other}, v0, opt), "ntk-embeddings.word.npz belongs to another kernel")
	require.ErrorContains(t, kernel(m, randomHead(2, w.Config.Hidden, 5), opt), "belongs to another kernel")
	require.ErrorContains(t, kernel(m, randomHead(3, w.Config.Hidden, 4), opt), "belongs to another kernel")
	wide := opt
	wide.Float64 = true
	require.ErrorContains(t, kernel(m, v0, wide), "belongs to another kernel")
}

// A damaged group is set aside, said and computed again: the kernel has the bits of one that nothing disturbed.
func TestDamagedGroupIsComputedAgain(t *testing.T) {
	be := openBackend(t)
	said := ""
	be.Say = func(line string) { said += line + "\n" }
	w := loadFixture(t, "bert-2")
	m, v0, train := &Model{Weights: w}, randomHead(2, w.Config.Hidden, 4), randomTexts(w.Config, trainLengths, 1)
	dir := t.TempDir()
	opt := Options{Backend: be, ResumeDir: dir, Groups: []string{"ffn.1", "embeddings.word"}}
	want, err := Compute(context.Background(), m, v0, train, nil, opt)
	require.NoError(t, err)
	path := filepath.Join(dir, "ntk-ffn.1.npz")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	flipped := append([]byte{}, whole...)
	flipped[len(flipped)/2] ^= 0x40
	infinite, err := npy.DecodeNpz(whole)
	require.NoError(t, err)
	infinite["train"].Float64[0] = math.Inf(1)
	written := filepath.Join(t.TempDir(), "infinite.npz")
	require.NoError(t, npy.WriteSealed(written, []npy.NamedArray{{Name: "guard", Shape: []int{1}, Data: infinite["guard"].Strings},
		{Name: "train", Shape: infinite["train"].Shape, Data: infinite["train"].Float64}, {Name: "test", Shape: infinite["test"].Shape, Data: infinite["test"].Float64}}))
	inf, err := os.ReadFile(written)
	require.NoError(t, err)
	for n, harmed := range [][]byte{whole[:len(whole)/2], nil, flipped, inf} {
		said = ""
		require.NoError(t, os.WriteFile(path, harmed, 0o644))
		got, err := Compute(context.Background(), m, v0, train, nil, opt)
		require.NoError(t, err)
		require.Equal(t, []string{"embeddings.word"}, got.Report.Resumed)
		require.Equal(t, want.F.Data, got.F.Data)
		aside := fmt.Sprintf("%s.bad-%d", path, n+1)
		require.FileExists(t, aside)
		require.Contains(t, said, filepath.Base(aside))
	}
}
