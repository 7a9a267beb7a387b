package session

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"lpft/kernels"
	"lpft/lpftlib/study"
)

// KernelRows are how many training and test rows the profile's kernels have on a task.
func (s *Session) KernelRows(ctx context.Context, id string) (rows, testRows int, err error) {
	d, err := s.Data(ctx, id)
	if err != nil {
		return 0, 0, err
	}
	return min(s.Profile.NTKRows, len(d.Train)), min(s.Profile.NTKRows, len(d.Test)), nil
}

// kernelRows draws a kernel's rows.
func (s *Session) kernelRows(ctx context.Context, run study.Spec, n, m int) (rows kernels.Rows, err error) {
	d, err := s.Data(ctx, run.Task)
	if err != nil {
		return rows, err
	}
	if rows.Indices, err = drawTrainRows(n, len(d.Train), run.Seed); err != nil {
		return rows, err
	}
	rows.Labels = pick(study.Labels(d.Train), rows.Indices)
	if m == 0 {
		return rows, nil
	}
	rows.IndicesTest, err = drawTestRows(m, len(d.Test), run.Seed)
	if err == nil {
		rows.LabelsTest = pick(study.Labels(d.Test), rows.IndicesTest)
	}
	return rows, err
}

// Streams keep the draws of training and test rows apart.
const (
	streamTrainRows = 0x6b74726e
	streamTestRows  = 0x6b747374
)

// drawTrainRows draws n of a training split's rows, uniformly without replacement and in the
// split's order, from a generator of its own (PCG with the seed): no other random call can
// change the subset. More rows than there are is an error.
func drawTrainRows(n, of int, seed uint64) ([]int, error) {
	return drawRows("training", n, of, seed, streamTrainRows)
}

// drawTestRows is the same for a test split, from an independent generator.
func drawTestRows(n, of int, seed uint64) ([]int, error) {
	return drawRows("test", n, of, seed, streamTestRows)
}

func drawRows(split string, n, of int, seed, stream uint64) ([]int, error) {
	if n < 1 || n > of {
		return nil, fmt.Errorf("%d rows of the %s split: expected 1 to %d, the rows it has", n, split, of)
	}
	rows := rand.New(rand.NewPCG(seed, stream)).Perm(of)[:n]
	slices.Sort(rows)
	return rows, nil
}
