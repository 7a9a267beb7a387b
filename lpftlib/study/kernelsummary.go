package study

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/kernels/regression"
	"lpft/lpftlib/probe"
)

// KernelSummary holds the columns of Tables 2 and 9 for one of P, F and Θ.
type KernelSummary struct {
	Rank          kernels.Ranks `json:"rank"`
	FrobeniusNorm float64       `json:"fn"` // ‖K‖_F; Table 2 prints it in units of 10³
	// Regression stops before the minimiser, like the paper's: as [SummaryInput].Stop says. Minimiser is the same at the minimiser.
	Regression RegressionSummary `json:"regression"`
	Minimiser  RegressionSummary `json:"regression_minimiser"`
}

// RegressionSummary is a kernel regression with its scores.
type RegressionSummary struct {
	*regression.Model
	Train regression.Score  `json:"train"`
	Test  *regression.Score `json:"test,omitempty"` // nil without a test kernel
}

// Summary is one method's part of Table 2 or 9: P is the same for every method, F, Θ and FT Ratio are its own.
type Summary struct {
	P       KernelSummary `json:"pretrain_e"`
	F       KernelSummary `json:"ft_e"`
	Theta   KernelSummary `json:"ntk"`
	FTRatio float64       `json:"ft_ratio"`
}

// SummaryInput is what a method's kernels were computed from and to.
type SummaryInput struct {
	P, F   *kernels.Kernel // [N, C, N, C] of the training rows
	Labels []int           // [N]
	Logits *mat.Dense      // [N, C] of the training rows at the start of the FT stage, for the residuals

	PTest, FTest *kernels.Kernel // [M, C, N, C], rows test, columns training; both nil: no test scores
	TestLabels   []int           // [M]

	KnownP *KernelSummary // P's columns where they are at hand: P is the same for every method; nil: computed

	// Stop is where Regression ends; at the minimiser, which has its own column, means as scikit-learn 1.7.
	Stop probe.Stop

	// Progress, if set, is told after each logistic regression of the cross-validations; calls do not overlap.
	Progress func(done, total int)
}

// Summarise computes every column of Table 2 for one method (docs/protocol.md, Kernel statistics); Θ = P + F is formed here. It
// refuses kernels that fail [kernels.Kernel.Check] or whose P has not the pattern K ⊗ I_C.
func Summarise(ctx context.Context, in SummaryInput) (*Summary, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	delta, err := kernels.Residuals(in.Logits, in.Labels)
	if err != nil {
		return nil, err
	}
	s := &Summary{}
	if s.FTRatio, err = kernels.FTRatio(in.P, in.F, delta); err != nil {
		return nil, err
	}
	theta, thetaTest := in.P.Plus(in.F), (*kernels.Kernel)(nil)
	if in.PTest != nil {
		thetaTest = in.PTest.Plus(in.FTest)
	}
	parts := []struct {
		name        string
		out         *KernelSummary
		train, test *kernels.Kernel
	}{{"P", &s.P, in.P, in.PTest}, {"F", &s.F, in.F, in.FTest}, {"Θ", &s.Theta, theta, thetaTest}}
	for i, p := range parts {
		if i == 0 && in.KnownP != nil {
			s.P = *in.KnownP
			continue
		}
		if err := in.summarise(ctx, p.out, p.train, p.test, i, len(parts)); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return s, nil
}

// SummariseP computes P's columns of Table 2 from P, PTest and the labels alone: they serve every method as
// [SummaryInput].KnownP.
func SummariseP(ctx context.Context, in SummaryInput) (*KernelSummary, error) {
	for _, err := range []error{in.P.Check(), in.P.CheckPretrainEffective()} {
		if err != nil {
			return nil, err
		}
	}
	out := &KernelSummary{}
	return out, in.summarise(ctx, out, in.P, in.PTest, 0, 1)
}

func (in *SummaryInput) check() error {
	if in.P == nil || in.F == nil || in.Logits == nil {
		return fmt.Errorf("a kernel summary needs P, F and the training logits: at least one is missing")
	}
	for _, err := range []error{in.P.Check(), in.F.Check(), in.P.CheckPretrainEffective()} {
		if err != nil {
			return err
		}
	}
	if (in.PTest == nil) != (in.FTest == nil) {
		return fmt.Errorf("a kernel summary with one of P and F on the test rows: expected both or neither")
	}
	return nil
}

// summarise fills the columns of one kernel, the part-th of parts.
func (in *SummaryInput) summarise(ctx context.Context, out *KernelSummary, train, test *kernels.Kernel, part, parts int) error {
	spectrum, err := kernels.SingularValues(train)
	if err != nil {
		return err
	}
	out.Rank, out.FrobeniusNorm = spectrum.Ranks(), train.FrobeniusNorm()
	early := EarlyStop(in.Stop)
	for i, target := range []*RegressionSummary{&out.Regression, &out.Minimiser} {
		o := regression.Options{Stop: []probe.Stop{early, probe.StopExact}[i]}
		if in.Progress != nil {
			o.Progress = func(done, total int) { in.Progress((2*part+i)*total+done, 2*parts*total) }
		}
		if target.Model, err = regression.Fit(ctx, train, in.Labels, o); err != nil {
			return err
		}
		if target.Train, err = target.Score(train, in.Labels); err != nil {
			return err
		}
		if test != nil {
			score, err := target.Score(test, in.TestLabels)
			if err != nil {
				return err
			}
			target.Test = &score
		}
	}
	return nil
}

// EarlyStop is where a kernel regression ends that is to stop before the minimiser: as a profile says, or as scikit-learn 1.7.
func EarlyStop(stop probe.Stop) probe.Stop {
	if stop == "" || stop == probe.StopExact {
		return probe.StopSklearn17
	}
	return stop
}
