package lpftlib

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/kernels/ntk"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/head"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// BuildProposition1 shows Proposition 1 on a Transformer: Θ = P + F with F = V0 Θ^φ V0ᵀ, how both
// scale with the head, and one real step of gradient descent against (4) and (5).
func BuildProposition1(ctx context.Context, s *study.Session) (*Built, error) {
	step, err := proposition1Step(s)
	if err != nil {
		return nil, err
	}
	var found propositionResult
	err = s.Theory(ctx, step, &found, func(ctx context.Context) (any, error) { return computeProposition1(ctx, s) })
	if err != nil {
		return nil, err
	}
	return built(ctx, s, "proposition1", []report.Table{found.Steps}, nil, found.Claims)
}

// proposition1Step is raised in version when what is computed changes.
func proposition1Step(s *study.Session) (store.Step, error) { return s.TheoryStep("Proposition 1", 1) }

func proposition1Plan(_ context.Context, s *study.Session) ([]study.Planned, error) {
	step, err := proposition1Step(s)
	if err != nil {
		return nil, err
	}
	return s.PlanTheory(step)
}

// propositionResult is what the page shows.
type propositionResult struct {
	Steps  report.Table
	Claims []paper.Claim
}

func computeProposition1(ctx context.Context, s *study.Session) (*propositionResult, error) {
	p, err := newProposition(ctx, s)
	if err != nil {
		return nil, err
	}
	defer p.opt.Programs.Close()
	identity, err := p.identity(ctx)
	if err != nil {
		return nil, err
	}
	scaling, err := p.scaling(ctx)
	if err != nil {
		return nil, err
	}
	steps, more, err := p.steps(ctx)
	if err != nil {
		return nil, err
	}
	return &propositionResult{Steps: *steps, Claims: slices.Concat(identity, scaling, more)}, nil
}

// proposition is a small model with a random head, in float64.
type proposition struct {
	*study.Small
	model *ntk.Model
	head  *head.Head
	opt   ntk.Options
	k     *ntk.Result
	down  []*ntk.Block // ∂f/∂θ of the training rows, group by group
	delta *mat.Dense   // residuals of the training rows
}

func newProposition(ctx context.Context, s *study.Session) (*proposition, error) {
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
func (p *proposition) identity(ctx context.Context) ([]paper.Claim, error) {
	features, _, err := ntk.FeatureKernel(ctx, p.model, p.Train, nil, p.opt)
	if err != nil {
		return nil, err
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
	failed := 0.0
	why := "symmetric, smallest eigenvalue at least −1e-5 of the largest, groups sum to F, P + F = Θ, P = K ⊗ I"
	if err := p.k.Check(); err != nil {
		failed, why = 1, err.Error()
	}
	return []paper.Claim{
		paper.Below("F = V0 Θ^φ V0ᵀ (3), by two ways", worst/size, 1e-10, p.k.F.M*p.k.F.N, "largest difference relative to the largest entry, float64"),
		paper.Below("the kernels pass their self-checks", failed, 0, 3, why),
	}, nil
}

// scaling checks that F grows with ‖V0‖² and P not at all.
func (p *proposition) scaling(ctx context.Context) ([]paper.Claim, error) {
	k, err := ntk.Compute(ctx, p.model, p.head.ScaleBy(2), p.Train, nil, p.opt)
	if err != nil {
		return nil, err
	}
	f, q := 0.0, 0.0
	for i, v := range k.F.Data {
		f, q = max(f, math.Abs(v-4*p.k.F.Data[i])), max(q, math.Abs(k.P.Data[i]-p.k.P.Data[i]))
	}
	return []paper.Claim{
		paper.Below("V0 → 2V0: F is four times as large", f/k.F.FrobeniusNorm(), 1e-10, 1, "largest difference relative to ‖F‖"),
		paper.Below("V0 → 2V0: P does not move", q, 0, 1, "largest difference"),
	}, nil
}

// steps takes real steps of full-batch gradient descent on every parameter and compares logits and
// features of test rows with (4) and (5).
func (p *proposition) steps(ctx context.Context) (*report.Table, []paper.Claim, error) {
	etas := []float64{2e-4, 1e-4, 5e-5, 2.5e-5}
	t := &report.Table{Caption: "One step of gradient descent with rate η on the summed loss of six rows, every parameter moved: test rows against the linearisation. Both errors fall as η².",
		Columns: []string{"η", "‖f − f0‖", "error of (4)", "‖φ − φ0‖", "error of (5)"}}
	var logits, features []float64
	for _, eta := range etas {
		f0, f, err := ntk.LinearisedLogits(ctx, p.model, p.head, p.Test, p.Train, p.Labels, eta, p.opt)
		if err != nil {
			return nil, nil, err
		}
		phi0, phi, err := ntk.LinearisedFeatures(ctx, p.model, p.head, p.Test, p.Train, p.Labels, eta, p.opt)
		if err != nil {
			return nil, nil, err
		}
		realF, realPhi, err := p.step(ctx, eta)
		if err != nil {
			return nil, nil, err
		}
		logits, features = append(logits, apart(f, realF)), append(features, apart(phi, realPhi))
		t.Rows = append(t.Rows, report.Row{Cells: cellsOf(eta, apart(f0, realF), apart(f, realF), apart(phi0, realPhi), apart(phi, realPhi))})
	}
	byLogits, byFeatures := slope(etas, logits), slope(etas, features)
	return t, []paper.Claim{
		paper.Below("equation (4) on a Transformer: the error has slope 2 in η", math.Abs(byLogits-2), 0.1, len(etas), fmt.Sprintf("|slope − 2|; the slope is %.3f", byLogits)),
		paper.Below("equation (5) on a Transformer: the error has slope 2 in η", math.Abs(byFeatures-2), 0.1, len(etas), fmt.Sprintf("|slope − 2|; the slope is %.3f", byFeatures)),
	}, nil
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

// apart is ‖a − b‖.
func apart(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum)
}
