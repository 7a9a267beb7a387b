package measure

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ErrSingular is what [FDR] fails with, among other words, where the within-class scatter has no inverse: FDRPinv and FDRRidge
// have a value there.
var ErrSingular = errors.New("the within-class scatter is singular")

// FDRVariant says how S_W⁻¹ is understood in the Fisher discriminant ratio; the zero value is not valid.
type FDRVariant struct {
	name   string
	lambda float64
}

// FDRInverse is the plain inverse, defined only if n > h + C.
func FDRInverse() FDRVariant { return FDRVariant{name: "inverse"} }

// FDRPinv is the Moore–Penrose inverse. Of the eigenvalues of S_W at most n − C are kept, which is the largest rank
// it can have, and of those the ones above max(n, h)·2⁻⁵²·λ_max.
func FDRPinv() FDRVariant { return FDRVariant{name: "pinv"} }

// FDRRidge is the inverse of S_W + λ·tr(S_W)/h·I.
func FDRRidge(lambda float64) FDRVariant { return FDRVariant{name: "ridge", lambda: lambda} }

// DefaultFDR is FDRInverse where n rows of h features in the given number of classes allow it, else FDRPinv.
func DefaultFDR(n, h, classes int) FDRVariant {
	if n > h+classes {
		return FDRInverse()
	}
	return FDRPinv()
}

// String is the name that goes into the result, for example "inverse" or "ridge(0.01)".
func (v FDRVariant) String() string {
	if v.name == "ridge" {
		return fmt.Sprintf("ridge(%g)", v.lambda)
	}
	return v.name
}

// FDRResult is a Fisher discriminant ratio with what is needed to read it.
type FDRResult struct {
	Value   float64 `json:"value"`
	Variant string  `json:"variant"`
	// Floor is the expectation for pure noise features, (C−1)h/(n−C−h−1); 0 where it does not exist (n ≤ C+h+1).
	Floor float64 `json:"noise_floor,omitempty"`
	Rows  int     `json:"rows"`
}

// FDR is the paper's FDR(F), how well the classes are separated by the features [n, h] (Tables 1, 11):
//
//	FDR = tr(S_W⁻¹ S_B),   S_W = Σ_c Σ_{i∈c} (φ_i−μ_c)(φ_i−μ_c)ᵀ,   S_B = Σ_c n_c (μ_c−μ)(μ_c−μ)ᵀ.
//
// The paper gives no formula; this form fits its values. C counts the classes present. With n ≤ h + C − 1 rows S_W is
// singular and a plain inverse would return rounding noise, so FDRInverse is then an error; values of FDRPinv and
// FDRRidge on such data are good for comparing models, not for comparing with print.
func FDR(features *mat.Dense, labels []int, classes int, variant FDRVariant) (FDRResult, error) {
	if err := checkMatrix("FDR", "features", features); err != nil {
		return FDRResult{}, err
	}
	n, h := features.Dims()
	if err := checkLabels("FDR", labels, n, classes); err != nil {
		return FDRResult{}, err
	}
	s := newScatter(features, labels, classes)
	if s.present < 2 {
		return FDRResult{}, fmt.Errorf("measure: FDR: all %d rows belong to one class: expected at least two classes", n)
	}
	value, err := s.ratio(variant)
	if err != nil {
		return FDRResult{}, err
	}
	result := FDRResult{Value: value, Variant: variant.String(), Rows: n}
	if free := n - s.present - h - 1; free > 0 {
		result.Floor = float64((s.present-1)*h) / float64(free)
	}
	return result, nil
}

// scatter holds the within-class deviations and the between-class ones, both of which the ratio needs as matrices of
// rows: S_W = AᵀA and S_B = BᵀB.
type scatter struct {
	within  *mat.Dense // A [n, h]: φ_i − μ_{y_i}
	between *mat.Dense // B [classes present, h]: √n_c·(μ_c − μ)
	present int
}

func newScatter(features *mat.Dense, labels []int, classes int) *scatter {
	n, h := features.Dims()
	means, counts := mat.NewDense(classes, h, nil), make([]float64, classes)
	total := make([]float64, h)
	for i, c := range labels {
		counts[c]++
		addScaled(means.RawRowView(c), 1, features.RawRowView(i))
		addScaled(total, 1/float64(n), features.RawRowView(i))
	}
	var between []float64
	s := &scatter{within: mat.DenseCopyOf(features)}
	for c, count := range counts {
		if count == 0 {
			continue
		}
		s.present++
		mean := means.RawRowView(c)
		for j := range mean {
			mean[j] /= count
			between = append(between, math.Sqrt(count)*(mean[j]-total[j]))
		}
	}
	s.between = mat.NewDense(s.present, h, between)
	for i, c := range labels {
		addScaled(s.within.RawRowView(i), -1, means.RawRowView(c))
	}
	return s
}

func addScaled(to []float64, alpha float64, from []float64) {
	for j, v := range from {
		to[j] += alpha * v
	}
}

func (s *scatter) ratio(variant FDRVariant) (float64, error) {
	n, h := s.within.Dims()
	switch variant.name {
	case "inverse":
		if n <= h+s.present {
			return 0, fmt.Errorf("measure: FDR: %d rows of %d features in %d classes: %w; "+
				"inverse needs more than %d rows, use FDRPinv or FDRRidge", n, h, s.present, ErrSingular, h+s.present)
		}
		return s.solve(0)
	case "ridge":
		if !(variant.lambda > 0) {
			return 0, fmt.Errorf("measure: FDR: ridge λ = %v: expected a positive number", variant.lambda)
		}
		return s.solve(variant.lambda)
	case "pinv":
		return s.pinv()
	}
	return 0, fmt.Errorf("measure: FDR: no variant given: use FDRInverse, FDRPinv or FDRRidge(λ)")
}

// solve is tr(B (S_W + λ·tr(S_W)/h·I)⁻¹ Bᵀ) by Cholesky.
func (s *scatter) solve(lambda float64) (float64, error) {
	_, h := s.within.Dims()
	w := mat.NewSymDense(h, nil)
	w.SymOuterK(1, s.within.T())
	shift := lambda * mat.Trace(w) / float64(h)
	for j := range h {
		w.SetSym(j, j, w.At(j, j)+shift)
	}
	var factor mat.Cholesky
	if !factor.Factorize(w) || factor.Cond() > 1/0x1p-52 {
		return 0, fmt.Errorf("measure: FDR: %w to rounding (constant or dependent features): use FDRPinv or a larger ridge", ErrSingular)
	}
	var solved mat.Dense
	if err := factor.SolveTo(&solved, s.between.T()); err != nil {
		return 0, fmt.Errorf("measure: FDR: %w to rounding: %w; use FDRPinv or FDRRidge", ErrSingular, err)
	}
	return traceOfProduct(s.between, &solved), nil
}

// traceOfProduct is tr(B·X) for B [c, h] and X [h, c].
func traceOfProduct(b, x *mat.Dense) float64 {
	rows, _ := b.Dims()
	sum := 0.0
	for c := range rows {
		for j, v := range b.RawRowView(c) {
			sum += v * x.At(j, c)
		}
	}
	return sum
}

// pinv is tr(B S_W⁺ Bᵀ) from the eigenvectors of the smaller of AᵀA [h, h] and AAᵀ [n, n], whose non-zero eigenvalues
// λ_k are the same: Σ_k ‖Bv_k‖²/λ_k, where v_k = Aᵀu_k/√λ_k in the second case.
func (s *scatter) pinv() (float64, error) {
	n, h := s.within.Dims()
	gram, projected := mat.NewSymDense(min(n, h), nil), &mat.Dense{}
	dual := n < h
	if dual {
		gram.SymOuterK(1, s.within)
		projected.Mul(s.between, s.within.T()) // B·Aᵀ [c, n]
	} else {
		gram.SymOuterK(1, s.within.T())
		projected.CloneFrom(s.between)
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(gram, true) {
		return 0, fmt.Errorf("measure: FDR: the eigenvalues of the within-class scatter did not converge")
	}
	values := eigen.Values(nil) // ascending
	var vectors, onto mat.Dense
	eigen.VectorsTo(&vectors)
	onto.Mul(projected, &vectors) // [c, min(n, h)]
	largest := values[len(values)-1]
	cutoff := float64(max(n, h)) * 0x1p-52 * largest
	if largest <= 0 {
		return 0, fmt.Errorf("measure: FDR: no variation within the classes: the ratio is infinite")
	}
	sum := 0.0
	for k := max(0, len(values)-(n-s.present)); k < len(values); k++ {
		lambda := values[k]
		if lambda <= cutoff {
			continue
		}
		weight := 1 / lambda
		if dual {
			weight /= lambda
		}
		for c := range s.present {
			sum += weight * onto.At(c, k) * onto.At(c, k)
		}
	}
	return sum, nil
}
