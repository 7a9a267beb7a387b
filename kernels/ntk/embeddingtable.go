package ntk

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// An embedding table's gradient of one row of data is zero but for the table rows that its
// tokens took: ∂f_c(x_i)/∂E[v] = Σ_{t: token v} δ_ict. So the Gram matrix is a sum over table
// rows v of the small Gram matrices of the data rows that contain v; zeros are never formed.

// occurrence is one data row's gradient of one table row, [C, h].
type occurrence struct {
	row      int // global
	gradient []float64
}

// occurrences collects gradients by table row.
type occurrences map[int32][]occurrence

// collect adds a batch: per class delta [B, T, h] on the host. Padding has no gradient, and neither
// has the pad token's row, in the text or not: Hugging Face's tables have a padding_idx.
func (o occurrences) collect(e *engine, u unit, b *batch, delta [][]float64) error {
	host, err := e.network.Batch(b.texts, b.t)
	if err != nil {
		return err
	}
	ids, h, c := host.Index[u.index], u.out, e.classes
	for i := range b.n {
		sums := map[int32][]float64{}
		for t := range b.t {
			id := ids[i*b.t+t]
			if host.Mask[i*b.t+t] == 0 || int(id) == u.noGradient {
				continue
			}
			if sums[id] == nil {
				sums[id] = make([]float64, c*h)
			}
			for k := range c {
				from := delta[k][(i*b.t+t)*h:][:h]
				for j, v := range from {
					sums[id][k*h+j] += v
				}
			}
		}
		for id, gradient := range sums {
			e.keepDrawn(u, id, gradient)
			o[id] = append(o[id], occurrence{b.rows[i], gradient})
		}
	}
	return nil
}

// keepDrawn zeroes the word table's entries that the paper-10 modes did not draw.
func (e *engine) keepDrawn(u unit, id int32, gradient []float64) {
	if e.sampling == nil || u.group != WordGroup {
		return
	}
	for i := range gradient {
		if !e.sampling.entry(id, i%u.out) {
			gradient[i] = 0
		}
	}
}

// ids are the table rows that occur, in order.
func (o occurrences) ids() []int32 {
	var out []int32
	for id := range o {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// level rounds a number of data rows up, so that few shapes are compiled: 1, 2, 3, 4, 6, 8, 12, …
func level(n int) int {
	for size := 1; ; size *= 2 {
		if n <= size {
			return size
		}
		if size > 1 && n <= size+size/2 {
			return size + size/2
		}
	}
}

// tableChunk is table rows with the same padded number of data rows.
type tableChunk struct {
	rows int // padded
	ids  []int32
}

// chunks groups the table rows for the device, numbers bounding a product's operands.
func (o occurrences) chunks(c, h, numbers int) []tableChunk {
	ids := o.ids()
	slices.SortStableFunc(ids, func(a, b int32) int { return cmp.Compare(level(len(o[a])), level(len(o[b]))) })
	var out []tableChunk
	for _, id := range ids {
		n := level(len(o[id]))
		most := max(1, numbers/(n*c*(h+n*c)))
		if last := len(out) - 1; last < 0 || out[last].rows != n || len(out[last].ids) >= most {
			out = append(out, tableChunk{rows: n})
		}
		out[len(out)-1].ids = append(out[len(out)-1].ids, id)
	}
	return out
}

// tableGram adds the Gram matrix of a table to s.
func (e *engine) tableGram(ctx context.Context, u unit, o occurrences, s *sums, lanes, numbers int) error {
	exec, err := e.programs.exec("table rows", batched)
	if err != nil {
		return err
	}
	list := o.chunks(e.classes, u.out, numbers)
	return inOrder(ctx, len(list), lanes, func(i int) ([]float64, error) { return e.tableProduct(exec, u, o, list[i]) },
		func(i int, product []float64) { s.addTable(o, list[i], product) })
}

func (e *engine) tableProduct(exec *graph.Exec, u unit, o occurrences, ch tableChunk) (product []float64, err error) {
	defer recovered(&err)
	size := e.classes * u.out
	data := make([]float64, len(ch.ids)*ch.rows*size)
	for g, id := range ch.ids {
		for k, occ := range o[id] {
			copy(data[(g*ch.rows+k)*size:], occ.gradient)
		}
	}
	outputs, err := e.be.Run(exec, []any{e.upload(data, len(ch.ids), ch.rows*e.classes, u.out)})
	if err != nil {
		return nil, fmt.Errorf("embedding's Gram matrix: %w", err)
	}
	defer outputs[0].FinalizeAll()
	return onHost(outputs[0])
}

// addTable adds the products of a chunk's table rows.
func (s *sums) addTable(o occurrences, ch tableChunk, product []float64) {
	width := ch.rows * s.c
	for g, id := range ch.ids {
		for a, left := range o[id] {
			for c := range s.c {
				row := product[(g*width+a*s.c+c)*width:][:width]
				for b, right := range o[id] {
					for d := range s.c {
						if b*s.c+d >= a*s.c+c {
							s.put(left.row*s.c+c, right.row*s.c+d, row[b*s.c+d])
						}
					}
				}
			}
		}
	}
}
