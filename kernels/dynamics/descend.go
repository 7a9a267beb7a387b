package dynamics

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
)

// Step is one step of gradient descent: the rows of its mini-batch and the learning rate.
type Step struct {
	Rows []int
	Rate float64
}

// Descend takes steps of gradient descent on the mean cross entropy of each mini-batch. With clip > 0 the gradient is
// scaled down where its norm exceeds clip, as torch.nn.utils.clip_grad_norm_ does: the kernel knows that norm, for
// ‖g‖² = δ_Bᵀ Θ(B, B) δ_B / |B|². The path's times are numbers of steps, from 0.
func (p *Problem) Descend(ctx context.Context, steps []Step, clip float64) (*Path, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if !(clip >= 0) {
		return nil, fmt.Errorf("dynamics: clip is %g: expected the largest gradient norm, or 0 for no clipping", clip)
	}
	a, path := make([]float64, p.Train.Size()), &Path{}
	if err := p.point(ctx, path, 0, a); err != nil {
		return nil, err
	}
	for t, step := range steps {
		if err := p.add(a, path.Train[t], step, clip); err != nil {
			return nil, fmt.Errorf("dynamics: step %d of %d: %w", t+1, len(steps), err)
		}
		if err := p.point(ctx, path, float64(t+1), a); err != nil {
			return nil, err
		}
	}
	return path, nil
}

// check refuses a step that cannot be taken on n training rows.
func (s Step) check(n int) error {
	if len(s.Rows) == 0 || !(s.Rate >= 0) || math.IsInf(s.Rate, 1) {
		return fmt.Errorf("%d rows with rate %g: expected at least one row and a rate of 0 or more", len(s.Rows), s.Rate)
	}
	for _, row := range s.Rows {
		if row < 0 || row >= n {
			return fmt.Errorf("row %d: expected 0 … %d", row, n-1)
		}
	}
	return nil
}

// clipped is the factor on a gradient of some norm that is not to exceed clip, as torch.nn.utils.clip_grad_norm_ has it.
func clipped(norm, clip float64) float64 { return min(1, clip/(norm+1e-6)) }

// add puts one step into a, from logits f of the training rows.
func (p *Problem) add(a []float64, f *mat.Dense, step Step, clip float64) error {
	if err := step.check(p.Train.N); err != nil {
		return err
	}
	c := p.Train.C
	delta, err := kernels.Residuals(pickRows(f, step.Rows), pick(p.Labels, step.Rows))
	if err != nil {
		return err
	}
	scale := step.Rate / float64(len(step.Rows))
	if clip > 0 {
		scale *= clipped(p.gradientNorm(step.Rows, delta), clip)
	}
	for k, row := range step.Rows {
		for j, d := range delta.RawRowView(k) {
			a[row*c+j] += scale * d
		}
	}
	return nil
}

// gradientNorm is the norm of the mean loss' gradient over some rows with residuals δ [B, C].
func (p *Problem) gradientNorm(rows []int, delta *mat.Dense) float64 {
	square := 0.0
	for k, i := range rows {
		for l, j := range rows {
			for c, d := range delta.RawRowView(k) {
				for e, g := range delta.RawRowView(l) {
					square += d * p.Train.At(i, c, j, e) * g
				}
			}
		}
	}
	return math.Sqrt(max(0, square)) / float64(len(rows))
}
