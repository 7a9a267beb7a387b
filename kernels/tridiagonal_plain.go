//go:build !amd64 || !goexperiment.simd

package kernels

import "gonum.org/v1/gonum/floats"

const tileHeight = 1

func (p *reduction) subtract(i, height, start, end int) { p.subtractPlainly(i, height, start, end) }

// rowAndColumn adds scale·row to sum and returns the product of row and v.
func rowAndColumn(row, v, sum []float64, scale float64) float64 {
	floats.AddScaled(sum, scale, row)
	return floats.Dot(row, v)
}
