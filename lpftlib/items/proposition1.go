package items

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/kernels/linear"
	"lpft/kernels/ntk"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/head"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
)

// proposition1 shows Proposition 1 on a Transformer: Θ = P + F with F = V0 Θ^φ V0ᵀ, how both
// scale with the head, and one real step of gradient descent against (4) and (5).
func proposition1() Item {
	return recipe[propositionNumbers]{needs: proposition1Plan, data: readProposition1, view: proposition1View, judge: proposition1Claims}.item(Item{
		ID: "proposition1", Covers: []string{"proposition1"}, Title: "Proposition 1: Θ = P + F, and one step of training",
		Claim:    "The NTK splits into a part of the head, P, and a part of the encoder, F = V0 Θ^φ V0ᵀ, which grows with ‖V0‖²; one step changes logits and features by (4) and (5).",
		Notebook: "theory_proposition1.ipynb",
	})
}

// propositionNumbers are kept in the store; proposition1Step is raised in version when they change.
type propositionNumbers struct {
	Identity float64            `json:"identity"`   // (3): largest difference of the two ways to F, relative to the largest entry
	Blocks   int                `json:"blocks"`     // C×C blocks compared
	Failed   string             `json:"self_check"` // what the kernels' self-check says; "" where it passes
	ScaledF  float64            `json:"scaled_f"`   // V0 → 2V0: largest difference of F from four times F, relative to ‖F‖
	ScaledP  float64            `json:"scaled_p"`   // likewise of P from P
	Steps    []linear.StepError `json:"steps"`
}

func proposition1Step(s *session.Session) (store.Step, error) {
	return s.TheoryStep("Proposition 1", 2)
}

func proposition1Plan(_ context.Context, s *session.Session) ([]session.Planned, error) {
	step, err := proposition1Step(s)
	if err != nil {
		return nil, err
	}
	return s.PlanTheory(step, func(ctx context.Context) error {
		_, err := readProposition1(ctx, s)
		return err
	})
}

func readProposition1(ctx context.Context, s *session.Session) (out propositionNumbers, err error) {
	step, err := proposition1Step(s)
	if err != nil {
		return out, err
	}
	err = s.Theory(ctx, step, &out, func(ctx context.Context) (any, error) { return computeProposition1(ctx, s) })
	return out, err
}

func computeProposition1(ctx context.Context, s *session.Session) (*propositionNumbers, error) {
	p, err := newProposition(ctx, s)
	if err != nil {
		return nil, err
	}
	defer p.opt.Programs.Close()
	out := &propositionNumbers{}
	for _, part := range []func(context.Context, *propositionNumbers) error{p.identity, p.scaling, p.steps} {
		if err := part(ctx, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func proposition1View(_ *Facts, n propositionNumbers) (View, error) {
	t := report.Table{Caption: "One step of gradient descent with rate η on the summed loss of six rows, every parameter moved: test rows against the linearisation. Both errors fall as η².",
		Columns: stepColumns}
	for _, e := range n.Steps {
		t.Rows = append(t.Rows, stepRow(e))
	}
	return View{Tables: []report.Table{t}}, nil
}

func proposition1Claims(n propositionNumbers) []paper.Claim {
	failed, why := 0.0, "symmetric, smallest eigenvalue at least −1e-5 of the largest, groups sum to F, P + F = Θ, P = K ⊗ I"
	if n.Failed != "" {
		failed, why = 1, n.Failed
	}
	var etas, logits, features []float64
	for _, e := range n.Steps {
		etas, logits, features = append(etas, e.Eta), append(logits, e.LogitError), append(features, e.FeatureError)
	}
	byLogits, byFeatures := slope(etas, logits), slope(etas, features)
	return []paper.Claim{
		paper.Below("F = V0 Θ^φ V0ᵀ (3), by two ways", n.Identity, 1e-10, n.Blocks, "largest difference relative to the largest entry, float64"),
		paper.Below("the kernels pass their self-checks", failed, 0, 3, why),
		paper.Below("V0 → 2V0: F is four times as large", n.ScaledF, 1e-10, 1, "largest difference relative to ‖F‖"),
		paper.Below("V0 → 2V0: P does not move", n.ScaledP, 0, 1, "largest difference"),
		paper.Below("equation (4) on a Transformer: the error has slope 2 in η", math.Abs(byLogits-2), 0.1, len(etas), fmt.Sprintf("|slope − 2|; the slope is %.3f", byLogits)),
		paper.Below("equation (5) on a Transformer: the error has slope 2 in η", math.Abs(byFeatures-2), 0.1, len(etas), fmt.Sprintf("|slope − 2|; the slope is %.3f", byFeatures)),
	}
}

// proposition is a small model with a random head, in float64.
type proposition struct {
	*session.Small
	model *ntk.Model
	head  *head.Head
	opt   ntk.Options
	k     *ntk.Result
	down  []*ntk.Block // ∂f/∂θ of the training rows, group by group
	delta *mat.Dense   // residuals of the training rows
}

func newProposition(ctx context.Context, s *session.Session) (*proposition, error) {
	small, err := s.Small(ctx, 6, 4)
	if err != nil {
		return nil, err
	}
	be, err := s.Backend()
	if err != nil {
		return nil, err
	}
	p := &proposition{Small: small, model: &ntk.Model{Weights: small.Weights}, opt: ntk.Options{Backend: be, Float64: true, Programs: ntk.NewPrograms(be)}}
	p.head = finetune.NewHead(small.Classes, small.Weights.Config.Hidden, 0.3, s.Profile.Seeds[0])
	if p.k, err = ntk.Compute(ctx, p.model, p.head, p.Train, p.Test, p.opt); err != nil {
		return nil, err
	}
	return p, p.gradients(ctx)
}

// gradients computes what a step of gradient descent needs, for any rate.
func (p *proposition) gradients(ctx context.Context) error {
	for _, group := range ntk.Groups(p.model) {
		block, err := ntk.Jacobian(ctx, p.model, p.head, group, p.Train, p.opt)
		if err != nil {
			return err
		}
		p.down = append(p.down, block)
	}
	var err error
	p.delta, err = kernels.Residuals(p.k.Logits, p.Labels)
	return err
}

// identity checks (1) to (3): F from C reverse passes of the logits is V0 Θ^φ V0ᵀ from h reverse
// passes of the features, and all self-checks of the kernels hold.
func (p *proposition) identity(ctx context.Context, out *propositionNumbers) error {
	features, _, err := ntk.FeatureKernel(ctx, p.model, p.Train, nil, p.opt)
	if err != nil {
		return err
	}
	c, h := p.Classes, p.Weights.Config.Hidden
	v := p.head.V
	worst, size := 0.0, 0.0
	block := mat.NewDense(h, h, nil)
	for i := range p.k.F.M {
		for j := range p.k.F.N {
			for a := range h {
				for b := range h {
					block.Set(a, b, features.At(i, a, j, b))
				}
			}
			var left, product mat.Dense
			left.Mul(v, block)
			product.Mul(&left, v.T())
			for a := range c {
				for b := range c {
					worst, size = max(worst, math.Abs(product.At(a, b)-p.k.F.At(i, a, j, b))), max(size, math.Abs(product.At(a, b)))
				}
			}
		}
	}
	out.Identity, out.Blocks = worst/size, p.k.F.M*p.k.F.N
	if err := p.k.Check(); err != nil {
		out.Failed = err.Error()
	}
	return nil
}

// scaling checks that F grows with ‖V0‖² and P not at all.
func (p *proposition) scaling(ctx context.Context, out *propositionNumbers) error {
	k, err := ntk.Compute(ctx, p.model, p.head.ScaleBy(2), p.Train, nil, p.opt)
	if err != nil {
		return err
	}
	f := 0.0
	for i, v := range k.F.Data {
		f, out.ScaledP = max(f, math.Abs(v-4*p.k.F.Data[i])), max(out.ScaledP, math.Abs(k.P.Data[i]-p.k.P.Data[i]))
	}
	out.ScaledF = f / k.F.FrobeniusNorm()
	return nil
}

// steps takes real steps of full-batch gradient descent on every parameter and compares logits and
// features of test rows with (4) and (5).
func (p *proposition) steps(ctx context.Context, out *propositionNumbers) error {
	for _, eta := range []float64{2e-4, 1e-4, 5e-5, 2.5e-5} {
		f0, f, err := ntk.LinearisedLogits(ctx, p.model, p.head, p.Test, p.Train, p.Labels, eta, p.opt)
		if err != nil {
			return err
		}
		phi0, phi, err := ntk.LinearisedFeatures(ctx, p.model, p.head, p.Test, p.Train, p.Labels, eta, p.opt)
		if err != nil {
			return err
		}
		realF, realPhi, err := p.step(ctx, eta)
		if err != nil {
			return err
		}
		out.Steps = append(out.Steps, linear.StepError{Eta: eta, LogitChange: floats.Distance(f0, realF, 2), LogitError: floats.Distance(f, realF, 2),
			FeatureChange: floats.Distance(phi0, realPhi, 2), FeatureError: floats.Distance(phi, realPhi, 2)})
	}
	return nil
}

// step moves every parameter by η Σ_i Σ_c δ_ic ∂f_c(x_i)/∂θ and evaluates the moved model on the
// test rows: logits [M, C] and features [M, h].
func (p *proposition) step(ctx context.Context, eta float64) (f, phi []float64, err error) {
	moved := p.Weights.Clone()
	for _, block := range p.down {
		move(moved, block, p.delta, eta)
	}
	head := p.head.Clone()
	for i := range p.Train {
		for c := range p.Classes {
			d := eta * p.delta.At(i, c)
			head.B[c] += d
			floats.AddScaled(head.V.RawRowView(c), d, p.k.Phi.RawRowView(i))
		}
	}
	phiTest, logits, err := ntk.Evaluate(ctx, &ntk.Model{Weights: moved}, head, p.Test, p.opt)
	if err != nil {
		return nil, nil, err
	}
	return logits.RawMatrix().Data, phiTest.RawMatrix().Data, nil
}

// move adds η Σ_ic δ_ic J_ic to the tensors of a block. Weights are float32: for the rates here
// their rounding lies well below the second-order error.
func move(w *encoder.Weights, b *ntk.Block, delta *mat.Dense, eta float64) {
	change := make([]float64, b.P)
	for i := range b.N {
		for c := range b.C {
			for q, v := range b.Data[(i*b.C+c)*b.P:][:b.P] {
				change[q] += eta * delta.At(i, c) * v
			}
		}
	}
	for _, column := range b.Columns {
		data := w.Tensors[column.Tensor]
		width := column.Shape[len(column.Shape)-1]
		size := 1
		for _, d := range column.Shape {
			size *= d
		}
		for q := range size {
			to := q
			if column.Rows != nil {
				to = int(column.Rows[q/width])*width + q%width
			}
			data[to] = float32(float64(data[to]) + change[column.Offset+q])
		}
	}
}
