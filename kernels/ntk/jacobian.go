package ntk

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"lpft/kernels"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// Block is the Jacobian of the logits with respect to one parameter group.
type Block struct {
	N, C, P int
	Columns []Column
	Data    []float64 // [N, C, P]: ∂f_c(x_i)/∂θ_p
}

// Column is a run of a block's columns that belong to one tensor, in the tensor's own order.
type Column struct {
	Tensor string
	Shape  []int // dense [out, in], bias and LayerNorm [h]; of a table the rows that occur [rows, h]
	Offset int
	Rows   []int32 // of a table: which of its rows; nil elsewhere
}

// Jacobian is the block [N, C, p] of a parameter group, in evaluation mode: everything at
// once, so it is for small groups and few rows. Its Gram matrix is the group's part of F.
// An embedding table has columns for the rows that occur in rows; the others are zero.
// Options' Groups, Memory and ResumeDir mean nothing here; the embedding mode must be exact.
func Jacobian(ctx context.Context, model *Model, head *head.Head, group string, rows []encoder.Encoding, opt Options) (*Block, error) {
	opt.Groups = []string{group}
	if opt.Embedding != "" && opt.Embedding != ExactEmbedding {
		return nil, fmt.Errorf("ntk: Jacobian in embedding mode %q: only exact is defined", opt.Embedding)
	}
	in, e, err := open(model, head, rows, nil, opt)
	if err != nil {
		return nil, err
	}
	defer e.close()
	r := &run{input: in, e: e}
	p, units := r.wholePlan()
	data, tables, err := r.reverse(ctx, p, p.passes[0], "reverse pass")
	defer data.free()
	if err != nil {
		return nil, err
	}
	b := &Block{N: len(rows), C: e.classes}
	var parts []part
	for i, u := range units {
		list, err := e.columns(u, p.batches, data.unit(i), tables[i])
		if err != nil {
			return nil, err
		}
		parts = append(parts, list...)
	}
	b.join(parts)
	return b, nil
}

// wholePlan is one pass over all units of the chosen groups.
func (r *run) wholePlan() (*plan, []unit) {
	units := r.model.units(r.groups)
	tokens := shapeOf(r.e.be.Engine).tokens
	if r.opt.BatchTokens > 0 {
		tokens = r.opt.BatchTokens
	}
	p := &plan{batches: batches(r.train, r.test, r.e.be.Engine, tokens, r.e.cfg.MaxTokens()), lanes: r.e.be.Lanes()}
	pass := make([]planned, len(units))
	for i, u := range units {
		pass[i].unit = u
	}
	p.passes = [][]planned{pass}
	r.features = make([]float64, (len(r.train)+len(r.test))*r.e.cfg.Hidden)
	return p, units
}

// part is the Jacobian of one tensor, [N, C, size].
type part struct {
	Column
	data []float64
}

// join puts parts side by side.
func (b *Block) join(parts []part) {
	for i := range parts {
		parts[i].Offset = b.P
		b.Columns = append(b.Columns, parts[i].Column)
		b.P += product(parts[i].Shape)
	}
	b.Data = make([]float64, b.N*b.C*b.P)
	for _, p := range parts {
		size := product(p.Shape)
		for row := range b.N * b.C {
			copy(b.Data[row*b.P+p.Offset:], p.data[row*size:(row+1)*size])
		}
	}
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// columns forms a unit's Jacobian on the host.
func (e *engine) columns(u unit, list []*batch, data []kept, table occurrences) ([]part, error) {
	rows := 0
	for _, b := range list {
		rows += b.n
	}
	if u.kind == tableUnit {
		return []part{e.tableColumns(u, rows, table)}, nil
	}
	width := u.out
	if u.kind == denseUnit {
		width *= u.in
	}
	whole := make([]float64, rows*e.classes*width)
	for i, b := range list {
		block, err := e.form(u, b, data[i])
		if err != nil {
			return nil, err
		}
		for k, row := range b.rows {
			size := e.classes * width
			copy(whole[row*size:(row+1)*size], block[k*size:(k+1)*size])
		}
	}
	if u.kind == denseUnit {
		return []part{{Column{Tensor: u.name + ".weight", Shape: []int{u.out, u.in}}, whole}}, nil
	}
	var parts []part
	at := 0
	for _, v := range u.vectors {
		p := part{Column{Tensor: v.parameter(), Shape: []int{v.size}}, make([]float64, rows*e.classes*v.size)}
		for row := range rows * e.classes {
			copy(p.data[row*v.size:(row+1)*v.size], whole[row*width+at:])
		}
		parts, at = append(parts, p), at+v.size
	}
	return parts, nil
}

// form is a batch's Jacobian block of a dense or vector unit, [n, C, out·in].
func (e *engine) form(u unit, b *batch, k kept) (block []float64, err error) {
	defer recovered(&err)
	var args []any
	for _, d := range k.delta {
		args = append(args, d)
	}
	dense, c := u.kind == denseUnit, e.classes
	if dense {
		args = append(args, k.x)
	}
	build := func(in []*graph.Node) []*graph.Node {
		delta := graph.Stack(in[:c], 1)
		if dense {
			delta = graph.DotGeneral(delta, []int{2}, []int{0}, in[c], []int{2}, []int{0}) // Σ_t δ_t ⊗ x_t
		}
		return []*graph.Node{delta}
	}
	exec, err := e.programs.exec(fmt.Sprintf("Jacobian block, C = %d, dense %v", c, dense), build)
	if err != nil {
		return nil, err
	}
	outputs, err := e.be.Run(exec, args)
	if err != nil {
		return nil, fmt.Errorf("ntk: Jacobian block: %w", err)
	}
	defer outputs[0].FinalizeAll()
	return onHost(outputs[0])
}

// tableColumns is the Jacobian of the table rows that occur.
func (e *engine) tableColumns(u unit, rows int, table occurrences) part {
	ids, h := table.ids(), e.cfg.Hidden
	size := len(ids) * h
	p := part{Column{Tensor: u.name, Shape: []int{len(ids), h}, Rows: slices.Clone(ids)}, make([]float64, rows*e.classes*size)}
	for k, id := range ids {
		for _, occ := range table[id] {
			for c := range e.classes {
				copy(p.data[(occ.row*e.classes+c)*size+k*h:], occ.gradient[c*h:(c+1)*h])
			}
		}
	}
	return p
}

// mostFeatures bounds FeatureKernel: Θ^φ costs h reverse passes in one graph.
const mostFeatures = 128

// FeatureKernel is Θ^φ(x, x') = Σ_p ∂φ(x)/∂p (∂φ(x')/∂p)ᵀ of the encoder's features, h×h a pair
// of rows: [N, h, N, h], and [M, h, N, h] where there are test rows. It takes h reverse passes
// a batch and is refused for h above 128; F = V Θ^φ Vᵀ is what [Compute] takes in C.
func FeatureKernel(ctx context.Context, model *Model, train, test []encoder.Encoding, opt Options) (trainKernel, testKernel *kernels.Kernel, err error) {
	h := model.Weights.Config.Hidden
	if h > mostFeatures {
		return nil, nil, fmt.Errorf("ntk: Θ^φ of %d features: it takes as many reverse passes and is meant for small models, up to %d; V Θ^φ Vᵀ of any model is Compute's F", h, mostFeatures)
	}
	k, err := Compute(ctx, model, FeatureHead(h), train, test, opt)
	if err != nil {
		return nil, nil, err
	}
	return k.F, k.FTest, nil
}
