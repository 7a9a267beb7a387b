package kernels

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// BlockNorms returns the trace norm, the sum of singular values, of every C×C block K(x_i, x_j): [M][N], never
// negative.
func BlockNorms(k *Kernel) ([][]float64, error) {
	if err := k.CheckEntries(); err != nil {
		return nil, err
	}
	norms := make([][]float64, k.M)
	block := mat.NewDense(k.C, k.C, nil)
	values := make([]float64, k.C)
	var svd mat.SVD
	for i := range norms {
		norms[i] = make([]float64, k.N)
		for j := range k.N {
			for c := range k.C {
				from := ((i*k.C+c)*k.N + j) * k.C
				block.SetRow(c, k.Data[from:from+k.C])
			}
			if !svd.Factorize(block, mat.SVDNone) {
				return nil, fmt.Errorf("kernels: the singular values of block [%d, %d] did not converge: check its entries", i, j)
			}
			norms[i][j] = floats.Sum(svd.Values(values))
		}
	}
	return norms, nil
}

// Order lists rows grouped by class.
type Order struct {
	Rows   []int // row numbers, class by class; within a class in the given order
	Counts []int // [C] rows of each class
}

// groupByClass sorts the rows 0 … len(labels)−1 by class and keeps the order within one. A class of which there is no
// row has count 0.
func groupByClass(labels []int, classes int) (Order, error) {
	groups := make([][]int, classes)
	for i, y := range labels {
		if y < 0 || y >= classes {
			return Order{}, fmt.Errorf("kernels: label %d of row %d: expected 0 … %d", y, i, classes-1)
		}
		groups[y] = append(groups[y], i)
	}
	o := Order{Counts: make([]int, classes)}
	for c, rows := range groups {
		o.Rows = append(o.Rows, rows...)
		o.Counts[c] = len(rows)
	}
	return o, nil
}

// TraceNormMap is a heat map, as in the paper's Figures 8 and 9.
type TraceNormMap struct {
	Values [][]float64 // [N][N] trace norms, rows and columns in the order of Order.Rows
	Order  Order
}

// GroupedBlockNorms computes the map of a training kernel with labels [N]: trace norms of all blocks, rows and columns
// grouped by class.
func GroupedBlockNorms(k *Kernel, labels []int) (*TraceNormMap, error) {
	if err := k.checkTraining("a heat map grouped by class"); err != nil {
		return nil, err
	}
	if err := k.CheckLabels(labels); err != nil {
		return nil, err
	}
	order, err := groupByClass(labels, k.C)
	if err != nil {
		return nil, err
	}
	norms, err := BlockNorms(k)
	if err != nil {
		return nil, err
	}
	values := make([][]float64, k.N)
	for a, i := range order.Rows {
		values[a] = make([]float64, k.N)
		for b, j := range order.Rows {
			values[a][b] = norms[i][j]
		}
	}
	return &TraceNormMap{Values: values, Order: order}, nil
}
