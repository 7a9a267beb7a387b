package finetune

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph" //nolint // graph code reads better without the prefix
	"github.com/gomlx/gomlx/core/tensors"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/stage"
)

// engine holds the compiled functions of a training step and what they are compiled from.
type engine struct {
	be      *backend.Backend
	cfg     *encoder.Config
	lora    *encoder.LoRAWeights // its structure
	dropout bool
	clip    float64
	kind    stage.Optimiser
	trained []bool // per parameter: does the optimiser move it?
	again   bool   // gradients compute each block's activations a second time, to hold less
	*graphs
	run func(exec *Exec, args []any) ([]*tensors.Tensor, error) // the backend's
}

// graphs are the functions: gradients of one device batch, the same added to those of the batches
// before it, the sum of two lanes, the sum of squares, and the optimiser's update.
type graphs struct{ first, more, sum, norm, update *Exec }

// Arguments of the gradient graph before the parameters.
const (
	argIDs = iota
	argPositions
	argTypes
	argMask
	argLabels
	argRows    // rows of the whole batch as a scalar: the loss is a mean over them
	argDropout // key of the masks
	numArgs
)

// newEngine takes the graphs of an earlier run of the same structure, with another seed say: on
// XLA compiling them takes longer than a small run's steps.
func newEngine(be *backend.Backend, cfg *encoder.Config, lora *encoder.LoRAWeights, r Recipe, trained []bool) (*engine, error) {
	e := &engine{be: be, cfg: cfg, lora: lora.Structure(), dropout: r.Dropout, clip: r.Clip, kind: r.Optimiser, trained: trained, run: be.Run}
	return e, e.compile()
}

// compile builds the graphs, or takes those of an engine of the same structure.
func (e *engine) compile() error {
	structure := fmt.Sprintf("training step %+v dropout %v trained %v recompute %v by %q%s", *e.cfg, e.dropout, e.trained, e.again, e.kind, e.lora.Key())
	frozen := *e // graphs are compiled as shapes come, when this engine may have turned to recompute
	made, err := e.be.Once(backend.Graphs, structure, frozen.build)
	if err != nil {
		return err
	}
	e.graphs = made.(*graphs)
	return nil
}

// recompute turns to gradients that hold less; false where they do already.
func (e *engine) recompute() (bool, error) {
	if e.again {
		return false, nil
	}
	e.again = true
	return true, e.compile()
}

func (e *engine) build() (any, error) {
	g, update := &graphs{}, e.adam
	if e.kind == stage.SGD {
		update = e.descent
	}
	for _, build := range []struct {
		to   **Exec
		name string
		fn   func([]*Node) []*Node
	}{{&g.first, "gradients", e.gradients}, {&g.more, "gradients added", e.gradientsAdded}, {&g.sum, "sum of lanes", e.addLists}, {&g.norm, "squares", e.squares}, {&g.update, "update", update}} {
		exec, err := NewExec(e.be.Backend, build.fn)
		if err != nil {
			return nil, fmt.Errorf("training graph %q: %w", build.name, err)
		}
		*build.to = exec.WithName(build.name).SetMaxCache(-1)
	}
	return g, nil
}

// split separates the parameter nodes: encoder, LoRA factors, V, b.
func (e *engine) split(nodes []*Node) (p encoder.Params, lora *encoder.LoRA, weight, bias *Node) {
	p, rest := e.cfg.BindParams(nodes)
	n := len(e.lora.Specs())
	return p, e.lora.Bind(rest[:n]), rest[n], rest[n+1]
}

// gradients maps a device batch and all parameters to (loss, summed ‖logits‖, gradients of
// the trained parameters). The loss is Σ CE / rows, so that summing device batches gives the
// batch's mean loss and its gradient.
func (e *engine) gradients(in []*Node) []*Node {
	all := in[numArgs:]
	p, lora, weight, bias := e.split(all)
	opt := encoder.ForwardOptions{LoRA: lora, Recompute: e.again}
	if e.dropout {
		opt.Dropout = encoder.NewDropout(in[argDropout])
	}
	hidden := e.cfg.Forward(p, encoder.Inputs{IDs: in[argIDs], Positions: in[argPositions], Types: in[argTypes], Mask: in[argMask]}, opt)
	logits := e.cfg.HeadLogits(hidden.First, weight, bias, opt.Dropout)
	loss := Div(ReduceAllSum(crossEntropy(logits, in[argLabels])), in[argRows])
	norms := ReduceAllSum(Sqrt(ReduceSum(Square(logits), -1)))
	var trained []*Node
	for i, node := range all {
		if e.trained[i] {
			trained = append(trained, node)
		}
	}
	return append([]*Node{loss, norms}, Gradient(loss, trained...)...)
}

// crossEntropy is −log softmax(logits)_y per row [B].
func crossEntropy(logits, labels *Node) *Node {
	shifted := Sub(logits, StopGradient(ReduceAndKeep(logits, ReduceMax, -1)))
	logZ := Log(ReduceSum(Exp(shifted), -1))
	picked := ReduceSum(Mul(shifted, OneHot(labels, logits.Shape().Dimensions[1], logits.DType())), -1)
	return Sub(logZ, picked)
}

// gradientsAdded is gradients plus the sums of the device batches before: they follow the
// parameters among the arguments.
func (e *engine) gradientsAdded(in []*Node) []*Node {
	n := numArgs + len(e.trained)
	out := e.gradients(in[:n])
	for i, before := range in[n:] {
		out[i] = Add(out[i], before)
	}
	return out
}

// addLists adds two lists of equal length, which follow each other, element by element.
func (e *engine) addLists(in []*Node) []*Node {
	n := len(in) / 2
	out := make([]*Node, n)
	for i := range out {
		out[i] = Add(in[i], in[n+i])
	}
	return out
}

// addUp adds the lanes' sums in order.
func (e *engine) addUp(lanes [][]*tensors.Tensor) ([]*tensors.Tensor, error) {
	total := lanes[0]
	for _, lane := range lanes[1:] {
		args, err := donate(e.be, total, lane)
		if err != nil {
			return nil, err
		}
		if total, err = e.run(e.sum, args); err != nil {
			return nil, err
		}
	}
	return total, nil
}

// donate gives tensors that nobody needs any more to the engine, to be overwritten.
func donate(be *backend.Backend, lists ...[]*tensors.Tensor) ([]any, error) {
	var args []any
	for _, list := range lists {
		for _, t := range list {
			donated, err := DonateTensorBuffer(t, be.Backend, be.Num)
			if err != nil {
				return nil, err
			}
			args = append(args, donated)
		}
	}
	return args, nil
}

// squares is Σ g² over all gradients given, in float64. It sums columns in float32, which XLA does
// several at a time, and the columns' sums in float64: one long float32 sum over millions of
// squares would lose digits.
func (e *engine) squares(grads []*Node) []*Node {
	var total *Node
	for _, g := range grads {
		sum := ReduceAllSum(ConvertDType(ReduceSum(Square(g), 0), dtypes.Float64))
		if total == nil {
			total = sum
			continue
		}
		total = Add(total, sum)
	}
	return []*Node{total}
}

// Arguments of the update graph before parameters, moments and gradients.
const (
	argScale = iota // of the gradients: below 1 where they are clipped
	argRate         // learning rate · √(1 − β2ᵗ) / (1 − β1ᵗ)
	argEps          // ε · √(1 − β2ᵗ)
	numUpdateArgs
)

// adam takes one Adam step: new parameters, first and second moments. The bias corrections
// are folded into rate and ε, which is the same arithmetic with fewer passes over memory:
// (m/c1) / (√v/c2 + ε) = (c2/c1)·m / (√v + ε·c2), c1 = 1 − β1ᵗ, c2 = √(1 − β2ᵗ).
func (e *engine) adam(in []*Node) []*Node {
	scalars, rest := in[:numUpdateArgs], in[numUpdateArgs:]
	n := len(rest) / 4
	params, ms, vs, grads := rest[:n], rest[n:2*n], rest[2*n:3*n], rest[3*n:]
	newParams, newMs, newVs := make([]*Node, n), make([]*Node, n), make([]*Node, n)
	for i, g := range grads {
		g = Mul(g, scalars[argScale])
		m := Add(MulScalar(ms[i], beta1), MulScalar(g, 1-beta1))
		v := Add(MulScalar(vs[i], beta2), MulScalar(Square(g), 1-beta2))
		step := Mul(Div(m, Add(Sqrt(v), scalars[argEps])), scalars[argRate])
		newParams[i], newMs[i], newVs[i] = Sub(params[i], step), m, v
	}
	return append(append(newParams, newMs...), newVs...)
}

// descent takes one step of plain gradient descent. The moments pass through as they are, so that both optimisers have one
// state.
func (e *engine) descent(in []*Node) []*Node {
	scalars, rest := in[:numUpdateArgs], in[numUpdateArgs:]
	n := len(rest) / 4
	length := Mul(scalars[argScale], scalars[argRate])
	out := make([]*Node, n)
	for i, g := range rest[3*n:] {
		out[i] = Sub(rest[i], Mul(g, length))
	}
	return append(out, rest[n:3*n]...)
}
