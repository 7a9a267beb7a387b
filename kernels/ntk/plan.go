package ntk

import (
	"lpft/lpftlib/encoder"
)

// Method says how a layer's Gram matrix was computed.
type Method string

const (
	PerSample Method = "per-sample gradients" // Jacobian blocks formed, multiplied and dropped
	Tokens    Method = "token products"       // Σ_ts ⟨x_t, x'_s⟩⟨δ_t, δ'_s⟩
	TableRows Method = "table rows"           // an embedding: one product a table row that occurs
)

// plan is how a kernel is computed within a memory budget.
type plan struct {
	batches []*batch
	lanes   int
	rows    int // least rows of a block
	columns int // most numbers a row in a chunk
	passes  [][]planned
	memory  int64 // estimate of the most that is held at once, beyond the parameters
	reverse float64
	gram    float64
}

// planned is a unit with the way its Gram matrix is computed.
type planned struct {
	unit
	method Method
	width  int     // of a chunk of the larger side
	flops  float64 // of the product
}

const (
	tableNumbers = 1 << 22 // of a table product's operands
	elementCost  = 16      // a token product's element-wise work in multiply-adds
)

// shape is how an engine likes its work cut.
type shape struct {
	tokens  int // padded tokens of a device batch
	columns int // of a chunk; sums over chunks are in float64
	rows    int // least numbers (rows times C) in one side of a product
}

// shapeOf: on the processor device batches of 256 to 1,024 tokens take the same time, and a chunk of a small kernel stays in its caches (measured: 2^15 columns
// and blocks of 96 are best of 2^13 to 2^17 and 24 to 96, and the kernel's error is the same from
// 2^12 to 2^18). A card wants large products and few copies to the host; those numbers are
// reckoned, not measured.
func shapeOf(engine string) shape {
	if engine == "xla:cuda" {
		return shape{tokens: 4096, columns: 1 << 18, rows: 256}
	}
	return shape{tokens: 512, columns: 1 << 15, rows: 96}
}

// makePlan chooses batches, lanes and passes: the fewest passes that device batches of a reasonable
// size allow. It comes down to one layer, one lane, one row and one column at a time before it gives up.
func (e *engine) makePlan(units []unit, train, test []encoder.Encoding, opt *Options) (*plan, error) {
	tokens, columns := shapeOf(e.be.Engine).tokens, shapeOf(e.be.Engine).columns
	if opt.BatchTokens > 0 {
		tokens = opt.BatchTokens
	}
	if opt.ChunkColumns > 0 {
		columns = opt.ChunkColumns
	}
	budget, why := opt.Memory, "asked for"
	if budget == 0 {
		budget, why = defaultMemory(e.be)
	}
	var p, best *plan
	for cut := 1; best == nil || cut <= 4; cut *= 2 {
		for lanes := e.be.Lanes(); lanes >= 1; lanes /= 2 {
			width := columns
			if cut > 4 {
				width = max(1, columns/cut)
			}
			p = e.planWith(units, train, test, max(1, tokens/cut), lanes, width)
			if p.split(e, budget) && (best == nil || len(p.passes) < len(best.passes)) {
				best = p
			}
		}
		if best == nil && cut >= tokens && cut >= columns {
			return nil, tooSmall(budget, why, len(train)+len(test), p.least(e))
		}
	}
	return best, nil
}

func (e *engine) planWith(units []unit, train, test []encoder.Encoding, tokens, lanes, columns int) *plan {
	p := &plan{batches: batches(train, test, e.be.Engine, tokens, e.d.MaxTokens), lanes: lanes, columns: columns,
		rows: max(1, shapeOf(e.be.Engine).rows/e.classes)}
	g := newGram(e, p.batches, p.rows)
	var all []planned
	for _, u := range units {
		all = append(all, e.choose(u, p, g))
	}
	p.passes = [][]planned{all}
	return p
}

// choose takes the cheaper way for a unit.
func (e *engine) choose(u unit, p *plan, g *gram) planned {
	out := planned{unit: u, method: PerSample}
	c, size := float64(e.classes), float64(u.out)
	rowPairs := g.rowPairs()
	if u.kind == tableUnit {
		out.method = TableRows
		return out
	}
	if u.kind == vectorUnit {
		out.width, out.flops = chunkWidth(u.out, p.columns), 2*rowPairs*c*c*size
		return out
	}
	area := float64(u.in) * size
	out.width = chunkWidth(u.wide(), p.columns/min(u.in, u.out))
	form, longest, most := 0.0, 1.0, 0
	for _, b := range p.batches {
		t := 1.0
		if !u.oneToken {
			t = float64(b.t)
		}
		form += float64(b.n) * c * t * area
		longest = max(longest, t)
	}
	for _, b := range g.blocks {
		most = max(most, len(b.rows))
	}
	out.flops = 2 * (form + rowPairs*c*c*area)
	tokens := 2 * rowPairs * longest * longest * (float64(u.in) + c*c*(size+elementCost))
	operands := float64(most) * longest * c
	if tokens < out.flops && operands*operands <= tableNumbers*16 {
		out.method, out.flops = Tokens, tokens
	}
	return out
}

// chunkWidth cuts size columns into chunks of at most most: equal ones, which are one compiled
// shape, where a divisor not much smaller allows it.
func chunkWidth(size, most int) int {
	most = max(1, min(size, most))
	for width := most; 2*width > most; width-- {
		if size%width == 0 {
			return width
		}
	}
	return most
}

// rowPairs counts the pairs of rows that are multiplied.
func (g *gram) rowPairs() float64 {
	n := 0.0
	for _, pr := range g.pairs {
		n += float64(len(g.blocks[pr.left].rows)) * float64(len(g.blocks[pr.right].rows))
	}
	return n
}

// split cuts the units into passes that fit the budget; false where one unit alone does not.
func (p *plan) split(e *engine, budget int64) bool {
	units := p.passes[0]
	fixed := p.fixed(e)
	var passes [][]planned
	var held int64
	for _, u := range units {
		need := p.kept(e, u.unit)
		if fixed+need > budget {
			return false
		}
		if len(passes) == 0 || fixed+held+need > budget {
			passes, held = append(passes, nil), 0
		}
		held += need
		p.memory = max(p.memory, fixed+held)
		passes[len(passes)-1] = append(passes[len(passes)-1], u)
	}
	p.passes = passes
	p.reverse, p.gram = 0, 0
	for _, pass := range passes {
		p.reverse += p.reverseFlops(e)
		for _, u := range pass {
			p.gram += u.flops
		}
	}
	return true
}

// least is what a plan of one unit a pass would need.
func (p *plan) least(e *engine) int64 {
	var most int64
	for _, u := range p.passes[0] {
		most = max(most, p.kept(e, u.unit))
	}
	return p.fixed(e) + most
}

// kept estimates a unit's taps in bytes. Units that share an input are counted as if not.
func (p *plan) kept(e *engine, u unit) int64 {
	var numbers, wide int64
	for _, b := range p.batches {
		t := int64(b.t)
		if u.oneToken {
			t = 1
		}
		rows, c := int64(b.b), int64(e.classes)
		switch u.kind {
		case denseUnit:
			numbers += rows * t * (int64(u.in) + c*int64(u.out))
		case vectorUnit:
			numbers += rows * c * int64(u.out)
		case tableUnit:
			wide += rows * t * c * int64(u.out)
		}
	}
	return numbers*int64(e.size()) + wide*8
}

// fixed estimates everything else: the Gram sums, and either the activations of the batches
// under way or the chunks under way.
func (p *plan) fixed(e *engine) int64 {
	c, rows := int64(e.classes), int64(0)
	widest, _ := e.d.widest()
	var active int64
	for _, b := range p.batches {
		rows += int64(b.n)
		active = max(active, e.activations(b))
	}
	gramBytes := rows * c * rows * c
	chunk := rows*c*int64(max(p.columns, widest))*int64(e.size()) + gramBytes*int64(e.size()+8)
	return 8*2*gramBytes + int64(p.lanes)*max(active, chunk)
}

// activations estimates what a batch's forward and reverse passes hold at once: inputs and outputs of
// every layer, attention's weights, and a reverse pass at the widest layer.
func (e *engine) activations(b *batch) int64 {
	weights := int64(e.d.Heads) * int64(b.t)
	perToken := 3 * int64(e.d.Blocks) * weights
	for _, l := range e.d.Layers {
		perToken += int64(l.In + 2*l.Out)
	}
	widest, _ := e.d.widest()
	perToken += int64(e.classes) * (4*int64(e.d.Width) + 2*int64(widest) + 2*weights)
	return int64(b.b) * int64(b.t) * perToken * int64(e.size())
}

// reverseFlops is one forward and C reverse passes over every row.
func (p *plan) reverseFlops(e *engine) float64 {
	tokens, rows := 0.0, 0.0
	for _, b := range p.batches {
		rows += float64(b.b)
		tokens += float64(b.b) * float64(b.t)
	}
	products := 0.0
	for _, l := range e.d.Layers {
		if area := float64(l.In) * float64(l.Out); l.OneToken {
			products += rows * area
		} else {
			products += tokens * area
		}
	}
	return 2 * products * float64(1+e.classes)
}
