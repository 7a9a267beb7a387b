package ntk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lpft/kernels"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// Options of [Compute]; only Backend is needed.
type Options struct {
	Backend   *backend.Backend
	Groups    []string      // parameter groups, see [Groups]; nil: all that train
	Embedding EmbeddingMode // "": exact
	Seed      uint64        // of the draws of the paper-10 modes
	Float64   bool          // everything in float64
	Memory    int64         // bytes beyond the parameters; 0: a quarter of the machine's memory, half of the card's
	ResumeDir string        // keeps finished groups' sums, so that a second start continues; "": none
	// Progress, if set, is told the work done and the whole, in 10⁹ operations, and what is under way; calls do not overlap.
	Progress func(done, total int, note string)
	Programs *Programs // compiled graphs to use and add to; nil: compiled for this call

	BatchTokens  int // padded tokens of a device batch; 0: the engine's
	ChunkColumns int // parameters of a Jacobian block multiplied at once; 0: the engine's

	crossOnly bool // test rows against training rows alone: the training part stays 0
}

// Result is the kernel at the start of the FT stage, with features and logits of all rows.
type Result struct {
	kernels.NTK
	Report Report
}

// Report says how a kernel was computed.
type Report struct {
	Passes    int           `json:"passes"`  // over the layers, as memory allowed
	Batches   int           `json:"batches"` // device batches a pass
	Lanes     int           `json:"lanes"`   // under way at once
	Memory    int64         `json:"memory"`  // bytes planned beyond the parameters
	Layers    []LayerReport `json:"layers"`
	Reverse   float64       `json:"reverse_seconds"` // forward and reverse passes
	Gram      float64       `json:"gram_seconds"`    // Jacobian blocks and their products
	GramFlops float64       `json:"gram_flops"`      // needed by Gram: forming and products
	Resumed   []string      `json:"resumed,omitempty"`
}

// LayerReport says how one layer's Gram matrix was computed.
type LayerReport struct {
	Group  string `json:"group"`
	Layer  string `json:"layer"`
	Method Method `json:"method"`
}

// input is what a kernel was asked for, checked.
type input struct {
	network     Network
	d           *Description
	head        *head.Head
	train, test []encoder.Encoding
	opt         Options
	groups      []string
}

// Compute is the exact empirical NTK of f(x) = Vφ(x) + b in evaluation mode, Θ = P + F, of
// the training rows and, if there are any, of test rows against training rows.
//
// F_{(i,c),(j,d)} = ⟨∂f_c(x_i)/∂θ^φ, ∂f_d(x_j)/∂θ^φ⟩ needs C reverse passes of the logits a
// batch. The gradients at every layer's output are kept; then, layer by layer and in column
// chunks, the block of per-sample gradients [rows·C, columns] is formed, multiplied into the
// Gram matrix and dropped.
func Compute(ctx context.Context, network Network, head *head.Head, train, test []encoder.Encoding, opt Options) (*Result, error) {
	in, e, err := open(network, head, train, test, opt)
	if err != nil {
		return nil, err
	}
	defer e.close()
	if sampled(in.opt.Embedding) {
		drawn, err := e.d.sampledTable(opt.Seed)
		if err != nil {
			return nil, err
		}
		e.sample(drawn)
	}
	r := &run{input: in, e: e, sums: map[string]*sums{}}
	if err := r.all(ctx); err != nil {
		return nil, err
	}
	return r.result()
}

// open checks what was asked for and puts the network on the backend; the caller closes it.
func open(network Network, head *head.Head, train, test []encoder.Encoding, opt Options) (*input, *engine, error) {
	in := &input{network: network, d: network.Describe(), head: head, train: train, test: test, opt: opt}
	if err := in.check(); err != nil {
		return nil, nil, err
	}
	e, err := newEngine(network, in.d, head, &opt)
	return in, e, err
}

func (in *input) check() (err error) {
	if len(in.train) == 0 {
		return fmt.Errorf("ntk: no training rows: expected at least one")
	}
	if in.opt.Embedding, err = kernels.ParseEmbeddingMode(string(in.opt.Embedding)); err != nil {
		return err
	}
	if in.opt.BatchTokens < 0 || in.opt.ChunkColumns < 0 { // a memory budget is refused with the least that works, see tooSmall
		return fmt.Errorf("ntk: batch tokens %d, chunk columns %d: expected 0 (chosen) or more", in.opt.BatchTokens, in.opt.ChunkColumns)
	}
	in.groups, err = in.d.pickGroups(in.opt.Groups, in.opt.Embedding)
	return err
}

// run is a kernel under way.
type run struct {
	*input
	e        *engine
	sums     map[string]*sums
	features []float64 // [N+M, h]
	report   Report
	done     float64 // flops
	total    float64
}

// all computes every group that is not on disk.
func (r *run) all(ctx context.Context) error {
	disk, err := r.resume()
	if err != nil {
		return err
	}
	for _, name := range r.groups {
		s, err := disk.take(name)
		if err != nil {
			return err
		}
		if s != nil {
			r.sums[name] = s
			r.report.Resumed = append(r.report.Resumed, name)
		}
	}
	p, err := r.e.makePlan(r.d.units(r.groups), r.train, r.test, &r.opt)
	if err != nil {
		return err
	}
	r.dropResumed(p)
	r.report.Passes, r.report.Batches, r.report.Lanes, r.report.Memory = len(p.passes), len(p.batches), p.lanes, p.memory
	r.report.GramFlops = p.gram
	r.total = p.reverse + p.gram
	r.features = make([]float64, (len(r.train)+len(r.test))*r.e.d.Width)
	g := newGram(r.e, p.batches, p.rows)
	left := map[string]int{}
	for _, pass := range p.passes {
		for _, u := range pass {
			left[u.group]++
		}
	}
	for i, pass := range p.passes {
		if err := r.pass(ctx, p, g, pass, i, disk, left); err != nil {
			return err
		}
	}
	return nil
}

// dropResumed leaves out the passes whose groups are all there. The other passes stay whole: the
// same programs as without an interruption give the same bits.
func (r *run) dropResumed(p *plan) {
	var passes [][]planned
	gram := 0.0
	for _, pass := range p.passes {
		left := false
		for _, u := range pass {
			if !r.resumed(u.group) {
				left = true
				gram += u.flops
			}
		}
		if left {
			passes = append(passes, pass)
		}
	}
	if passes == nil {
		passes = [][]planned{nil} // features only
	}
	p.passes, p.gram, p.reverse = passes, gram, float64(len(passes))*p.reverseFlops(r.e)
}

func (r *run) resumed(group string) bool { return slices.Contains(r.report.Resumed, group) }

// advance tells the progress.
func (r *run) advance(flops float64, note string) {
	r.done += flops
	if r.opt.Progress != nil {
		r.opt.Progress(int(r.done/1e9), int(r.total/1e9)+1, note)
	}
}

// pass runs the reverse passes for some units and multiplies them.
func (r *run) pass(ctx context.Context, p *plan, g *gram, pass []planned, number int, disk *resume, left map[string]int) error {
	start := time.Now()
	data, tables, err := r.reverse(ctx, p, pass, fmt.Sprintf("reverse pass %d of %d", number+1, len(p.passes)))
	defer data.free()
	if err != nil {
		return err
	}
	r.report.Reverse += time.Since(start).Seconds()
	for i, u := range pass {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.resumed(u.group) {
			continue
		}
		start := time.Now()
		s := r.sums[u.group]
		if s == nil {
			s = newSums(len(r.train), len(r.test), r.e.classes)
			r.sums[u.group] = s
		}
		if u.kind == tableUnit {
			err = r.e.tableGram(ctx, u.unit, tables[i], s, p.lanes, tableNumbers)
		} else {
			err = r.multiply(ctx, p, g, u, data.unit(i), s)
		}
		if err != nil {
			return err
		}
		r.report.Gram += time.Since(start).Seconds()
		r.report.Layers = append(r.report.Layers, LayerReport{Group: u.group, Layer: u.name, Method: u.method})
		if left[u.group]--; left[u.group] == 0 {
			if err := r.finish(u.group, disk); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish applies what a mode does to a whole group, and keeps it.
func (r *run) finish(group string, disk *resume) error {
	if group == WordGroup && r.e.sampling != nil {
		r.sums[group].scale(10) // a tenth of the entries stands for all
		if r.opt.Embedding == Paper10ReleasedEmbedding {
			r.sums[group] = r.sums[group].misplaced()
		}
	}
	return disk.write(group, r.sums[group])
}

// taps are a pass's kept tensors, [batch][unit].
type taps [][]kept

func (t taps) unit(i int) []kept {
	out := make([]kept, len(t))
	for b := range t {
		out[b] = t[b][i]
	}
	return out
}

func (t taps) free() {
	for _, list := range t {
		for _, k := range list {
			k.free()
		}
	}
}

// reverse runs every batch; tables come to the host at once.
func (r *run) reverse(ctx context.Context, p *plan, pass []planned, note string) (taps, []occurrences, error) {
	units := make([]unit, len(pass))
	tables := make([]occurrences, len(pass))
	for i, u := range pass {
		units[i] = u.unit
		if u.kind == tableUnit {
			tables[i] = occurrences{}
		}
	}
	rev, err := r.e.programs.reverse(r.e.arch, units)
	if err != nil {
		return nil, nil, err
	}
	data := make(taps, len(p.batches))
	h, flops := r.e.d.Width, p.reverseFlops(r.e)/float64(len(p.batches))
	var failed error
	err = inOrder(ctx, len(p.batches), p.lanes, func(i int) ([]float64, error) {
		phi, kept, err := rev.run(r.e, p.batches[i])
		data[i] = kept
		return phi, err
	}, func(i int, phi []float64) {
		b := p.batches[i]
		for k, row := range b.rows {
			copy(r.features[row*h:(row+1)*h], phi[k*h:(k+1)*h])
		}
		if err := r.collect(units, tables, b, data[i]); err != nil {
			failed = err
		}
		r.advance(flops, note)
	})
	if err == nil {
		err = failed
	}
	return data, tables, err
}

// collect brings the embeddings' gradients of a batch to the host and frees them.
func (r *run) collect(units []unit, tables []occurrences, b *batch, data []kept) error {
	for i, u := range units {
		if u.kind != tableUnit {
			continue
		}
		delta, err := allOnHost(data[i].delta)
		if err != nil {
			return err
		}
		if err := tables[i].collect(r.e, u, b, delta); err != nil {
			return err
		}
	}
	for i, u := range units {
		if u.kind == tableUnit {
			data[i].free()
		}
	}
	return nil
}

// multiply adds a unit's Gram matrix to s.
func (r *run) multiply(ctx context.Context, p *plan, g *gram, u planned, data []kept, s *sums) error {
	list := g.jobs(u.unit, u.method == Tokens, u.width)
	return inOrder(ctx, len(list), p.lanes, func(i int) ([][]float64, error) { return g.run(list[i], data) },
		func(i int, products [][]float64) {
			g.add(s, products)
			r.advance(u.flops/float64(len(list)), u.group)
		})
}

// result sums the groups.
func (r *run) result() (*Result, error) {
	n, m, c, h := len(r.train), len(r.test), r.e.classes, r.e.d.Width
	for i, v := range r.features {
		if notFinite(v) {
			return nil, fmt.Errorf("ntk: the features of row %d are not finite (%v): the weights overflow in the forward pass", i/h, v)
		}
	}
	f := newSums(n, m, c)
	out := &Result{Report: r.report}
	for _, name := range r.groups {
		f.plus(r.sums[name])
		out.Groups = append(out.Groups, kernels.Group{Name: name, Train: r.sums[name].trainKernel(), Test: r.sums[name].testKernel()})
	}
	out.F, out.FTest = f.trainKernel(), f.testKernel()
	out.Phi, out.Logits = evaluated(r.head, r.features[:n*h])
	var err error
	if out.P, err = kernels.PretrainEffective(out.Phi, out.Phi, c); err != nil {
		return nil, err
	}
	out.Theta = out.P.Plus(out.F)
	if m == 0 {
		return out, nil
	}
	out.PhiTest, out.LogitsTest = evaluated(r.head, r.features[n*h:])
	if out.PTest, err = kernels.PretrainEffective(out.PhiTest, out.Phi, c); err != nil {
		return nil, err
	}
	out.ThetaTest = out.PTest.Plus(out.FTest)
	return out, nil
}
