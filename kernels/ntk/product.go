package ntk

import (
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// K·v without K: u = Jᵀv, then J·u. Memory is that of the parameters, whatever the number of rows.

// Product is the product of P and F between rows [M] and columns [N] with v [N, C]: two vectors [M, C], without forming
// a kernel. Options' Memory and ResumeDir mean nothing here; the embedding mode is exact or skip.
func Product(ctx context.Context, network Network, head *head.Head, rows, columns []encoder.Encoding, v []float64, opt Options) (p, f []float64, err error) {
	_, p, f, err = productAndFeatures(ctx, network, head, rows, columns, v, opt)
	return p, f, err
}

// productAndFeatures is Product with the rows' features [M, h], which it passes anyway.
func productAndFeatures(ctx context.Context, network Network, v0 *head.Head, rows, columns []encoder.Encoding, v []float64, opt Options) (phi, p, f []float64, err error) {
	d, err := newDirection(ctx, network, v0, columns, v, opt)
	if err != nil {
		return nil, nil, nil, err
	}
	phi, moved, err := d.along(ctx, rows)
	if err != nil {
		return nil, nil, nil, err
	}
	head := head.New(v0.Classes(), d.in.d.Width)
	addHeadMove(head, d.phi, v)
	return phi, logitsOf(head, phi), throughHead(v0, moved).RawMatrix().Data, nil
}

// throughHead is how far logits move when features [N, h] move: V Δφ [N, C].
func throughHead(h *head.Head, moved []float64) *mat.Dense {
	var out mat.Dense
	out.Mul(mat.NewDense(len(moved)/h.Hidden(), h.Hidden(), moved), h.V.T())
	return &out
}

// addHeadMove adds Jᵀv for the head's own parameters: Σ_j v_j φ_jᵀ and Σ_j v_j.
func addHeadMove(to *head.Head, phi, v []float64) {
	c, h := to.Classes(), to.Hidden()
	for j := range len(v) / c {
		for k, vjk := range v[j*c : (j+1)*c] {
			to.B[k] += vjk
			floats.AddScaled(to.V.RawRowView(k), vjk, phi[j*h:(j+1)*h])
		}
	}
}

// Operator is Θ = P + F of some rows, known by its products [Product]: kernels.Top takes its largest eigenvalues without
// a kernel. Give Options compiled Programs, or each product compiles its own.
type Operator struct {
	Network Network
	Head    *head.Head
	Rows    []encoder.Encoding
	Options Options
}

// Size is N·C.
func (o *Operator) Size() int { return len(o.Rows) * o.Head.Classes() }

// Mul is Θ·v.
func (o *Operator) Mul(ctx context.Context, v []float64) ([]float64, error) {
	p, f, err := Product(ctx, o.Network, o.Head, o.Rows, o.Rows, v, o.Options)
	for i := range p {
		p[i] += f[i]
	}
	return p, err
}

// logitsOf are Vφ + b [N, C] of features [N, h].
func logitsOf(h *head.Head, phi []float64) []float64 {
	_, logits := evaluated(h, phi)
	return logits.RawMatrix().Data
}

// direction is u = Jᵀv of some columns, a move of the trained parameters.
type direction struct {
	in  *input
	of  trained
	u   [][]float64 // of each tensor, float64 sums over batches
	phi []float64   // features of the columns [N, h]
}

// newDirection computes u = Σ_jd v_jd ∂f_d(x_j)/∂θ.
func newDirection(ctx context.Context, network Network, head *head.Head, columns []encoder.Encoding, v []float64, opt Options) (*direction, error) {
	if len(v) != len(columns)*head.Classes() {
		return nil, fmt.Errorf("ntk: K·v with %d numbers: expected [N, C] = [%d, %d]", len(v), len(columns), head.Classes())
	}
	in, e, err := openWhole(network, head, columns, opt)
	if err != nil {
		return nil, err
	}
	defer e.close()
	d := &direction{in: in, of: in.trained()}
	d.u = d.of.split(make([]float64, d.of.size()))
	d.phi, err = e.vjp(ctx, d.of, e.cut(columns), v, d.u)
	return d, err
}

// along returns the rows' features [M, h] and how far they move along u [M, h].
func (d *direction) along(ctx context.Context, rows []encoder.Encoding) (phi, moved []float64, err error) {
	e, err := newEngine(d.in.network, d.in.d, d.in.head, &d.in.opt)
	if err != nil {
		return nil, nil, err
	}
	defer e.close()
	return e.jvp(ctx, d.of, d.u, e.cut(rows), len(rows))
}

// LinearisedLogits are f0(x) and, by equation (4), f(x) = f0(x) + η Σ_i Θ(x, x_i) δ_i after one
// step of full-batch gradient descent on the summed cross entropy (for the mean give η/N):
// two arrays [M, C], without forming a kernel.
func LinearisedLogits(ctx context.Context, network Network, head *head.Head, rows, train []encoder.Encoding, labels []int, eta float64, opt Options) (f0, f []float64, err error) {
	delta, err := residuals(ctx, network, head, train, labels, opt)
	if err != nil {
		return nil, nil, err
	}
	phi, p, moved, err := productAndFeatures(ctx, network, head, rows, train, delta, opt)
	if err != nil {
		return nil, nil, err
	}
	f0 = logitsOf(head, phi)
	f = slices.Clone(f0)
	for i := range f {
		f[i] += eta * (p[i] + moved[i])
	}
	return f0, f, nil
}

// LinearisedFeatures are φ0(x) and, by equation (5), φ(x) = φ0(x) + η Σ_i Θ^φ(x, x_i) V0ᵀ δ_i
// after the same step: two arrays [M, h], without forming Θ^φ.
func LinearisedFeatures(ctx context.Context, network Network, head *head.Head, rows, train []encoder.Encoding, labels []int, eta float64, opt Options) (phi0, phi []float64, err error) {
	delta, err := residuals(ctx, network, head, train, labels, opt)
	if err != nil {
		return nil, nil, err
	}
	d, err := newDirection(ctx, network, head, train, delta, opt)
	if err != nil {
		return nil, nil, err
	}
	phi0, moved, err := d.along(ctx, rows)
	if err != nil {
		return nil, nil, err
	}
	phi = slices.Clone(phi0)
	for i := range phi {
		phi[i] += eta * moved[i]
	}
	return phi0, phi, nil
}
