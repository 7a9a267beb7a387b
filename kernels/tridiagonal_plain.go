//go:build !amd64 || !goexperiment.simd

package kernels

const tileHeight = 1

func (p *reduction) subtract(i, height, start, end int) { p.subtractPlainly(i, height, start, end) }

func (p *reduction) mirror(i, height, first int, v, sum []float64) { p.mirrorRow(i, first, i, v, sum) }
