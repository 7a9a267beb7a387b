package encoder

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/backend"
)

// Runner computes features with one model on one backend.
type Runner struct {
	cfg    *Config
	width  int // numbers that exec gives for a text
	be     *backend.Backend
	params []*tensors.Tensor // in the order of cfg.Specs()
	lora   *LoRAWeights
	exec   *graph.Exec
	run    func(exec *graph.Exec, args []any) ([]*tensors.Tensor, error) // the backend's
	tokens atomic.Int64                                                  // padded tokens in one device batch
	batch  func(encodings []Encoding, t int) (*Batch, error)
}

// DeviceTokens is how many padded tokens a device batch holds: enough to fill the engine's
// matrix kernels, small enough for the processor's caches and memory.
func DeviceTokens(engine string) int {
	if engine == "xla:cuda" {
		return 16384
	}
	return 1024
}

// NewRunner puts the weights on the backend.
func NewRunner(be *backend.Backend, w *Weights, lora *LoRAWeights) (*Runner, error) {
	r, err := w.Place(be)
	if err != nil {
		return nil, err
	}
	return r.Runner(lora)
}

// NewRunnerOn is NewRunner for parameters that are tensors already, in the order of
// [Config.Specs]; training evaluates with it.
func NewRunnerOn(be *backend.Backend, cfg *Config, params []*tensors.Tensor, lora *LoRAWeights) (*Runner, error) {
	r := &Runner{cfg: cfg, width: cfg.Hidden, be: be, params: params, lora: lora, run: be.Run, batch: cfg.NewBatch}
	r.tokens.Store(int64(DeviceTokens(be.Engine)))
	if err := be.Place(params); err != nil {
		return nil, fmt.Errorf("parameters to the backend: %w", err)
	}
	var err error
	r.exec, err = featureGraph(be, cfg, lora.Structure(), lastLayer)
	return r, err
}

// SetParams replaces the parameters, after an optimiser step say.
func (r *Runner) SetParams(params []*tensors.Tensor, lora *LoRAWeights) {
	r.params, r.lora = params, lora
}

// WithBatcher replaces [Config.NewBatch], for callers that rename ids.
func (r *Runner) WithBatcher(batch func(encodings []Encoding, t int) (*Batch, error)) *Runner {
	r.batch = batch
	return r
}

// read is what a feature graph gives of a forward pass.
type read struct {
	name string
	of   func(Hidden) *graph.Node // [B, width]
}

var (
	lastLayer = read{"features", func(h Hidden) *graph.Node { return h.First }}
	allLayers = read{"features of all layers", firstOfLayers}
)

// featureGraph maps a batch, parameters and LoRA factors to what is read of the forward pass. Numbers are its arguments, so that
// every model of one structure shares it: pre-trained or trained, of any task and seed.
func featureGraph(be *backend.Backend, cfg *Config, lora *LoRAWeights, what read) (*graph.Exec, error) {
	exec, err := be.Once(backend.Graphs, fmt.Sprintf("%s %+v%s", what.name, *cfg, lora.Key()), func() (any, error) {
		exec, err := graph.NewExec(be.Backend, func(in []*graph.Node) *graph.Node {
			p, rest := cfg.BindParams(in[4:])
			return what.of(cfg.Forward(p, Inputs{IDs: in[0], Positions: in[1], Types: in[2], Mask: in[3]}, ForwardOptions{LoRA: lora.Bind(rest)}))
		})
		if err != nil {
			return nil, fmt.Errorf("feature graph: %w", err)
		}
		return exec.WithName(what.name).SetMaxCache(-1), nil
	})
	if err != nil {
		return nil, err
	}
	return exec.(*graph.Exec), nil
}

// BindParams names the leading nodes as the encoder's parameters and returns the others.
func (c *Config) BindParams(nodes []*graph.Node) (Params, []*graph.Node) {
	specs := c.Specs()
	p := make(Params, len(specs))
	for i, spec := range specs {
		p[spec.Name] = nodes[i]
	}
	return p, nodes[len(specs):]
}

// Features are φ(x) in evaluation mode for every encoding, [N, h] in row order; for a runner of [Resident.LayersRunner] φ after
// 0, 1, … blocks, [N, L+1, h]. progress, if not nil, is called with the rows done.
func (r *Runner) Features(ctx context.Context, encodings []Encoding, progress func(done, total int)) ([]float32, error) {
	h := r.width
	out := make([]float32, len(encodings)*h)
	done := 0
	var mu sync.Mutex
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(min(r.be.Lanes(), runtime.GOMAXPROCS(0)))
	for _, g := range Groups(encodings, r.be.Engine, int(r.tokens.Load()), r.cfg.MaxTokens()) {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			phi, err := r.fit(encodings, g)
			if err != nil {
				return err
			}
			for i, row := range g.Rows {
				copy(out[row*h:(row+1)*h], phi[i*h:(i+1)*h])
			}
			mu.Lock()
			defer mu.Unlock()
			done += len(g.Rows)
			if progress != nil {
				progress(done, len(encodings))
			}
			return nil
		})
	}
	return out, work.Wait()
}

// fit runs a group in as many device batches as the device's memory asks for. When it is too
// small, batches are half as large from then on, down to one text.
func (r *Runner) fit(encodings []Encoding, g Group) ([]float32, error) {
	tokens := r.tokens.Load()
	room := max(1, int(tokens)/g.T)
	if len(g.Rows) > room {
		first, err := r.fit(encodings, Group{Rows: g.Rows[:room], T: g.T})
		if err != nil {
			return nil, err
		}
		rest, err := r.fit(encodings, Group{Rows: g.Rows[room:], T: g.T})
		return append(first, rest...), err
	}
	phi, err := r.group(encodings, g, room)
	if !backend.OutOfMemory(err) {
		return phi, err
	}
	if r.be.Drop(backend.Weights) { // kept for later steps
		return r.fit(encodings, g)
	}
	if room == 1 {
		return phi, err
	}
	if r.tokens.CompareAndSwap(tokens, tokens/2) { // else another lane has just done so
		r.be.Say(fmt.Sprintf("the device has no memory for %d texts of %d tokens at once: going on with half as many", room, g.T))
	}
	return r.fit(encodings, g)
}

// group runs one device batch of at most room rows. On XLA the last, short batch of a bucket is filled with
// copies of its first row, so that each bucket is one compiled shape.
func (r *Runner) group(encodings []Encoding, g Group, room int) ([]float32, error) {
	rows := make([]Encoding, 0, len(g.Rows))
	for _, row := range g.Rows {
		rows = append(rows, encodings[row])
	}
	if r.be.Engine != "go" {
		for len(rows) < room {
			rows = append(rows, rows[0])
		}
	}
	b, err := r.batch(rows, g.T)
	if err != nil {
		return nil, err
	}
	args := b.Tensors()
	for _, t := range r.params {
		args = append(args, t)
	}
	args = append(args, r.lora.Args()...)
	outputs, err := r.run(r.exec, args)
	if err != nil {
		return nil, fmt.Errorf("features of %d texts at length %d: %w", b.B, b.T, err)
	}
	defer outputs[0].FinalizeAll()
	return tensors.CopyFlatData[float32](outputs[0])
}
