package session

import (
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/kernels/ntk"
	"lpft/kernels/regression"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

const defectsVersion = 1

// defectRows are few: what is compared is one kernel with another of the same rows.
const defectRows = 16

// defectKernels are the numbers of the defects in kernels.
type defectKernels struct {
	Rows int `json:"rows"` // N of the kernels F

	Exact     kernelNumbers    `json:"exact"` // F of LP-FT, by embedding mode
	Sampled   kernelNumbers    `json:"sampled"`
	Misplaced kernelNumbers    `json:"misplaced"`
	Halves    [2]kernelNumbers `json:"halves"` // with V/2 and with V; zero where there are not two classes
	Alpha     kernelNumbers    `json:"alpha"`  // F of LoRA from a random head
	Alpha16   kernelNumbers    `json:"alpha_16"`

	// Kernel regression with P on the rows of Table 2, and ‖P‖ of these and of another draw.
	Test       regression.Score `json:"test"`
	Validation regression.Score `json:"validation"`
	NormP      [2]float64       `json:"norm_p"`
}

// kernelNumbers are what is compared of an F.
type kernelNumbers struct {
	Norm    float64 `json:"fn"`
	FTRatio float64 `json:"ft_ratio"`
	Word    float64 `json:"word"` // the word embedding's share of tr(F)
}

// publishedAlpha is LoRA's α in the published kernel script.
const publishedAlpha = 16

// step is where the kernels' numbers are kept.
func (c *defectCase) step(ctx context.Context) (store.Step, error) {
	step, err := c.s.kernelStep(ctx, c.run(study.LPLoRA))
	if err != nil {
		return store.Step{}, err
	}
	in := step.Inputs.(kernelInputs)
	rows, testRows := in.Rows, in.TestRows
	in.Rows, in.TestRows, in.Embedding = min(rows, defectRows), 0, ""
	return store.Step{Kind: "defects", Version: defectsVersion, Label: fmt.Sprintf("published defects of kernels, %s", c.id),
		Inputs: map[string]any{"kernel": in, "rows_p": rows, "test_rows_p": testRows, "stop": c.s.Profile.StopRule(), "paper_compatible": c.s.Profile.PaperCompatible}}, nil
}

// kernels computes or finds them.
func (c *defectCase) kernels(ctx context.Context) (*defectKernels, error) {
	var f *Features
	step, err := c.step(ctx)
	return made(ctx, c.s, c.id, &c.seed, "defects.json", step, err, func(ctx context.Context) (err error) {
		if f, err = c.s.PretrainedFeatures(ctx, c.id); err == nil {
			_, err = c.s.Probe(ctx, c.id, c.seed)
		}
		return err
	}, func(ctx context.Context) (*defectKernels, error) {
		out := &defectKernels{}
		for _, part := range []func() error{
			func() error { return c.embeddings(ctx, out) },
			func() error { return c.alphas(ctx, out) },
			func() error { return c.regressions(ctx, f, out) },
		} {
			if err := part(); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

// compute is a kernel of few rows under a changed profile; groups nil are all.
func (c *defectCase) compute(ctx context.Context, m study.Method, groups []string, change func(*study.Profile)) (*ntk.Result, error) {
	v, err := c.s.variant(ctx, change)
	if err != nil {
		return nil, err
	}
	rows, _, err := c.s.KernelRows(ctx, c.id)
	if err != nil {
		return nil, err
	}
	return v.ComputeKernel(ctx, KernelSpec{Run: c.run(m), LowRank: m.LowRank(), Rows: min(rows, defectRows)}, ntk.Options{Groups: groups})
}

// embeddings fills in F after LP by embedding mode, and by the head's halving.
func (c *defectCase) embeddings(ctx context.Context, out *defectKernels) error {
	mode := func(m ntk.EmbeddingMode) func(*study.Profile) {
		return func(p *study.Profile) { p.Embedding = string(m) }
	}
	k, err := c.compute(ctx, study.LPFT, nil, mode(ntk.ExactEmbedding))
	if err != nil {
		return err
	}
	out.Rows = k.F.N
	word := groupOf(k, ntk.WordGroup)
	if out.Exact, err = numbersOf(k, word, word, k.Logits); err != nil {
		return err
	}
	if c.classes == 2 {
		if out.Halves, err = c.halves(k, word); err != nil {
			return err
		}
	}
	for to, m := range map[*kernelNumbers]ntk.EmbeddingMode{&out.Sampled: ntk.Paper10Embedding, &out.Misplaced: ntk.Paper10ReleasedEmbedding} {
		part, err := c.compute(ctx, study.LPFT, []string{ntk.WordGroup}, mode(m))
		if err != nil {
			return err
		}
		if *to, err = numbersOf(k, word, part.F, k.Logits); err != nil {
			return err
		}
	}
	return nil
}

// halves are the numbers with V/2 and with V. F grows as ‖V‖², so that one kernel has both.
func (c *defectCase) halves(k *ntk.Result, word *kernels.Kernel) (out [2]kernelNumbers, err error) {
	now := 1.0 // of V
	if c.s.Profile.PaperCompatible {
		now = 0.5
	}
	for i, want := range []float64{0.5, 1} {
		other := *k
		factor := want / now
		other.F = times(k.F, factor*factor)
		logits := mat.DenseCopyOf(k.Logits)
		logits.Scale(factor, logits)
		w := times(word, factor*factor)
		if out[i], err = numbersOf(&other, w, w, logits); err != nil {
			return out, err
		}
	}
	return out, nil
}

func times(k *kernels.Kernel, factor float64) *kernels.Kernel {
	out := kernels.New(k.M, k.C, k.N)
	for i, v := range k.Data {
		out.Data[i] = factor * v
	}
	return out
}

// groupOf is one parameter group's part of F; zeros where the network has no such group.
func groupOf(k *ntk.Result, name string) *kernels.Kernel {
	i := slices.IndexFunc(k.Groups, func(g kernels.Group) bool { return g.Name == name })
	if i < 0 {
		return kernels.New(k.F.M, k.F.C, k.F.N)
	}
	return k.Groups[i].Train
}

// numbersOf are those of F with its word embedding's part replaced by another.
func numbersOf(k *ntk.Result, word, replaced *kernels.Kernel, logits *mat.Dense) (kernelNumbers, error) {
	f := k.F.Plus(times(word, -1)).Plus(replaced)
	delta, err := kernels.Residuals(logits, k.Labels)
	if err != nil {
		return kernelNumbers{}, err
	}
	ratio, err := kernels.FTRatio(k.P, f, delta)
	return kernelNumbers{Norm: f.FrobeniusNorm(), FTRatio: ratio, Word: mat.Trace(replaced.Matrix()) / mat.Trace(f.Matrix())}, err
}

// alphas fills in F of LoRA with the profile's α and with the published script's.
func (c *defectCase) alphas(ctx context.Context, out *defectKernels) error {
	for to, alpha := range map[*kernelNumbers]float64{&out.Alpha: c.s.Profile.LoRAAlpha, &out.Alpha16: publishedAlpha} {
		k, err := c.compute(ctx, study.LoRA, nil, func(p *study.Profile) { p.LoRAAlpha = alpha })
		if err != nil {
			return err
		}
		none := kernels.New(k.F.M, k.F.C, k.F.N)
		if *to, err = numbersOf(k, none, none, k.Logits); err != nil {
			return err
		}
	}
	return nil
}

// regressions fills in what needs P alone.
func (c *defectCase) regressions(ctx context.Context, f *Features, out *defectKernels) error {
	n, m, err := c.s.KernelRows(ctx, c.id)
	if err != nil {
		return err
	}
	rows, err := c.s.kernelRows(ctx, c.run(study.LP), n, m)
	if err != nil {
		return err
	}
	other, err := c.s.kernelRows(ctx, study.Spec{Task: c.id, Seed: c.seed + 1}, n, m)
	if err != nil {
		return err
	}
	phi := rowsOf(f.Splits["train"], rows.Indices)
	p, err := kernels.PretrainEffective(phi, phi, c.classes)
	if err != nil {
		return err
	}
	again := rowsOf(f.Splits["train"], other.Indices)
	redrawn, err := kernels.PretrainEffective(again, again, c.classes)
	if err != nil {
		return err
	}
	out.NormP = [2]float64{p.FrobeniusNorm(), redrawn.FrobeniusNorm()}
	model, err := regression.Fit(ctx, p, rows.Labels, regression.Options{Stop: study.EarlyStop(c.s.Profile.Stop)})
	if err != nil {
		return err
	}
	score := func(split string, rows []int) (regression.Score, error) {
		k, err := kernels.PretrainEffective(rowsOf(f.Splits[split], rows), phi, c.classes)
		if err != nil {
			return regression.Score{}, err
		}
		return model.Score(k, pick(f.Labels[split], rows))
	}
	if out.Test, err = score("test", rows.IndicesTest); err != nil {
		return err
	}
	validation, err := drawTestRows(min(m, len(f.Labels["val"])), len(f.Labels["val"]), c.seed)
	if err == nil {
		out.Validation, err = score("val", validation)
	}
	return err
}
