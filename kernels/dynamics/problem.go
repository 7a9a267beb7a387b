package dynamics

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
)

// Problem is where training starts, and the kernel that it is assumed to keep.
type Problem struct {
	Train  *kernels.Kernel // [N, C, N, C]
	Test   *kernels.Kernel // [M, C, N, C]; nil: no test rows
	Logits *mat.Dense      // f0 of the training rows [N, C]
	// LogitsTest is f0 of the test rows [M, C]; nil without them.
	LogitsTest *mat.Dense
	Labels     []int // of the training rows [N]
}

// Whole is the problem with all of Θ = P + F: head and encoder move.
func Whole(k *kernels.NTK) *Problem {
	return &Problem{Train: k.Theta, Test: k.ThetaTest, Logits: k.Logits, LogitsTest: k.LogitsTest, Labels: k.Labels}
}

// HeadAlone is the problem with P alone: the encoder stands still and the head is trained. The model is linear in the
// head, so that this prediction is exact for training it alone.
func HeadAlone(k *kernels.NTK) *Problem {
	return &Problem{Train: k.P, Test: k.PTest, Logits: k.Logits, LogitsTest: k.LogitsTest, Labels: k.Labels}
}

// check refuses parts that do not belong together.
func (p *Problem) check() error {
	if err := p.Train.CheckEntries(); err != nil {
		return err
	}
	if p.Train.M != p.Train.N {
		return fmt.Errorf("dynamics: kernel of %d rows and %d columns: expected a training kernel [N, C, N, C]", p.Train.M, p.Train.N)
	}
	if err := p.Train.CheckLabels(p.Labels); err != nil {
		return err
	}
	if err := fits("training", p.Logits, p.Train); err != nil || p.Test == nil {
		return err
	}
	if p.Test.N != p.Train.N || p.Test.C != p.Train.C {
		return fmt.Errorf("dynamics: test kernel with columns [%d, %d] beside a training kernel with [%d, %d]: expected the same", p.Test.N, p.Test.C, p.Train.N, p.Train.C)
	}
	return fits("test", p.LogitsTest, p.Test)
}

// fits refuses logits that are not those of a kernel's rows.
func fits(what string, logits *mat.Dense, k *kernels.Kernel) error {
	if logits == nil {
		return fmt.Errorf("dynamics: no logits of the %s rows: expected [%d, %d]", what, k.M, k.C)
	}
	if n, c := logits.Dims(); n != k.M || c != k.C {
		return fmt.Errorf("dynamics: logits [%d, %d] of the %s rows: expected [%d, %d] as the kernel", n, c, what, k.M, k.C)
	}
	return nil
}

// after are logits f0 + K a, where a [N·C] collects what training added: Σ_t (η_t/|B_t|) δ(t).
func after(ctx context.Context, k *kernels.Kernel, start *mat.Dense, a []float64) (*mat.Dense, error) {
	change, err := k.Mul(ctx, a)
	if err != nil {
		return nil, err
	}
	f := mat.DenseCopyOf(start)
	floats.Add(f.RawMatrix().Data, change)
	return f, nil
}

// point adds the logits at a to a path.
func (p *Problem) point(ctx context.Context, path *Path, at float64, a []float64) error {
	train, err := after(ctx, p.Train, p.Logits, a)
	if err != nil {
		return err
	}
	path.At, path.Train = append(path.At, at), append(path.Train, train)
	if p.Test == nil {
		return nil
	}
	test, err := after(ctx, p.Test, p.LogitsTest, a)
	path.Test = append(path.Test, test)
	return err
}

// Distance is ‖f − g‖ over all rows and logits.
func Distance(f, g *mat.Dense) float64 {
	var d mat.Dense
	d.Sub(f, g)
	return mat.Norm(&d, 2)
}

// RelativeError is ‖f − predicted‖ / ‖f − f0‖, how far a prediction is off as a share of how far the logits moved: the
// prediction "nothing moves" has 1. It is NaN where nothing moved.
func RelativeError(f, predicted, f0 *mat.Dense) float64 {
	moved := Distance(f, f0)
	if moved == 0 {
		return math.NaN()
	}
	return Distance(f, predicted) / moved
}
