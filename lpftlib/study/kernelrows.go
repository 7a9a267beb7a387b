package study

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Streams keep the draws of training and test rows apart.
const (
	streamTrainRows = 0x6b74726e
	streamTestRows  = 0x6b747374
)

// DrawKernelRows draws n of a training split's rows, uniformly without replacement and in the
// split's order, from a generator of its own (PCG with the seed): no other random call can
// change the subset. More rows than there are is an error.
func DrawKernelRows(n, of int, seed uint64) ([]int, error) {
	return drawRows("training", n, of, seed, streamTrainRows)
}

// DrawKernelTestRows is the same for a test split, from an independent generator.
func DrawKernelTestRows(n, of int, seed uint64) ([]int, error) {
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
