package ntk

import (
	"lpft/lpftlib/encoder"
)

// batch is a device batch of the rows of one side. Rows are numbered over both sides: the N
// training rows, then the M test rows.
type batch struct {
	rows  []int // global numbers
	n     int   // rows that count; an XLA batch may be filled with copies of its first row
	b, t  int   // device shape
	texts []encoder.Encoding
	index []int // a row's number on its own side
	test  bool
}

// batches cuts both sides into device batches of texts of similar length.
func batches(train, test []encoder.Encoding, engine string, tokens, limit int) []*batch {
	var out []*batch
	for _, side := range []struct {
		texts  []encoder.Encoding
		offset int
		test   bool
	}{{train, 0, false}, {test, len(train), true}} {
		for _, g := range encoder.Groups(side.texts, engine, tokens, limit) {
			b := &batch{n: len(g.Rows), b: len(g.Rows), t: g.T, test: side.test}
			for _, row := range g.Rows {
				b.rows = append(b.rows, side.offset+row)
				b.texts = append(b.texts, side.texts[row])
				b.index = append(b.index, row)
			}
			out = append(out, b)
		}
	}
	if engine != "go" {
		fill(out)
	}
	return out
}

// fill gives every batch of one length the same number of rows, so that XLA compiles one
// program a length. The copies are cut off again on the device.
func fill(list []*batch) {
	most := map[int]int{}
	for _, b := range list {
		most[b.t] = max(most[b.t], b.n)
	}
	for _, b := range list {
		b.fillTo(most[b.t])
	}
}

// fillTo adds copies of the first row until there are n.
func (b *batch) fillTo(n int) {
	for b.b = n; len(b.texts) < n; {
		b.texts, b.index = append(b.texts, b.texts[0]), append(b.index, b.index[0])
	}
}

// block is a set of batches whose rows form one side of a matrix product.
type block struct {
	batches []int // indices
	rows    []int // global row numbers in the order of the block
	test    bool
}

// blocks joins batches until a block has at least so many rows; sides are kept apart.
func blocks(list []*batch, least int) []block {
	var out []block
	for i, b := range list {
		last := len(out) - 1
		if last < 0 || out[last].test != b.test || len(out[last].rows) >= least {
			out = append(out, block{test: b.test})
			last++
		}
		out[last].batches = append(out[last].batches, i)
		out[last].rows = append(out[last].rows, b.rows...)
	}
	return out
}

// pair is a product of two blocks that the kernels need: the upper triangle of the training
// part (not where the test rows alone are asked for), and every test block with every training block.
type pair struct{ left, right int }

func pairs(list []block, crossOnly bool) []pair {
	var out []pair
	for k, left := range list {
		for l, right := range list {
			if right.test || (!left.test && (crossOnly || l < k)) {
				continue
			}
			out = append(out, pair{k, l})
		}
	}
	return out
}
