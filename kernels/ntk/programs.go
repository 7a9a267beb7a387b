package ntk

import (
	"fmt"
	"sync"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
)

// Programs keeps compiled graphs for a backend. Weights, head and texts are their arguments, so
// kernels of one architecture, number of classes and set of lengths share them: FT and LP-FT of a
// task compile once. XLA compiles for seconds; who wants several kernels opens one and gives it to
// every call in [Options.Programs].
//
//	programs := ntk.NewPrograms(be)
//	defer programs.Close()
//	ft, err := ntk.Compute(ctx, model, random, train, test, ntk.Options{Backend: be, Programs: programs})
//	lpft, err := ntk.Compute(ctx, model, probed, train, test, ntk.Options{Backend: be, Programs: programs})
//
// Calls may overlap.
type Programs struct {
	be *backend.Backend

	mu       sync.Mutex
	execs    map[string]*graph.Exec
	reverses map[string]*reverse
	built    int
}

// NewPrograms keeps nothing yet.
func NewPrograms(be *backend.Backend) *Programs {
	return &Programs{be: be, execs: map[string]*graph.Exec{}, reverses: map[string]*reverse{}}
}

// Built is how many graphs have been built and compiled so far: one for each set of shapes.
func (p *Programs) Built() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.built
}

// Close frees everything; no call may be under way.
func (p *Programs) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, exec := range p.execs {
		exec.Finalize()
	}
	clear(p.execs)
	clear(p.reverses)
}

// exec is the program of a key, made of build when it is new. The key must tell everything that
// build depends on beside the inputs' shapes.
func (p *Programs) exec(key string, build func(in []*graph.Node) []*graph.Node) (*graph.Exec, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.locked(key, build)
}

// locked is exec for who holds the lock.
func (p *Programs) locked(key string, build func(in []*graph.Node) []*graph.Node) (*graph.Exec, error) {
	if exec := p.execs[key]; exec != nil {
		return exec, nil
	}
	exec, err := graph.NewExec(p.be.Backend, func(in []*graph.Node) []*graph.Node {
		p.count()
		return build(in)
	})
	if err != nil {
		return nil, fmt.Errorf("ntk: graph: %w", err)
	}
	p.execs[key] = exec.SetMaxCache(-1)
	return exec, nil
}

func (p *Programs) count() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.built++
}

// reverse is the program of an architecture's reverse passes for some units.
func (p *Programs) reverse(a arch, units []unit) (*reverse, error) {
	key := fmt.Sprintf("reverse passes, %s: %+v", a.key(), units)
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.reverses[key]; r != nil {
		return r, nil
	}
	r := &reverse{arch: a, units: units}
	exec, err := p.locked(key, r.graph)
	if err != nil {
		return nil, err
	}
	r.exec, p.reverses[key] = exec, r
	return r, nil
}

// arch is what graphs depend on beside their inputs.
type arch struct {
	cfg     *encoder.Config
	lora    *encoder.LoRAWeights // its layers, rank and α
	classes int
	dtype   dtypes.DType
	masked  bool // logits of masked features too: the paper-10 modes
}

func (a arch) key() string {
	key := fmt.Sprintf("%+v, C = %d, %s, masked %v", *a.cfg, a.classes, a.dtype, a.masked)
	if a.lora != nil {
		key += fmt.Sprintf(", r = %d, α = %g on %q", a.lora.Rank, a.lora.Alpha, a.lora.Layers)
	}
	return key
}
