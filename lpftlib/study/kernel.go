package study

import (
	"context"
	"fmt"

	"lpft/kernels"
	"lpft/kernels/ntk"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
	"lpft/lpftlib/task"
)

const (
	kernelVersion     = 2
	kernelStatVersion = 2
)

// kernelInputs is everything a kernel depends on.
type kernelInputs struct {
	Model     string    `json:"model"`
	Data      string    `json:"data"`
	MaxLen    int       `json:"max_len"`
	Engine    string    `json:"engine"`
	Probe     string    `json:"probe,omitempty"` // key of the head's probe; empty: random, of the seed
	Seed      uint64    `json:"seed"`            // of rows, random head and LoRA factors
	Rows      int       `json:"rows"`
	TestRows  int       `json:"test_rows"`
	Embedding string    `json:"embedding"`
	LoRA      []float64 `json:"lora,omitempty"` // r, α
}

// kernelStep is a method's kernel at the start of its FT stage.
func (s *Session) kernelStep(ctx context.Context, run Spec) (store.Step, error) {
	if !run.Method.trains() {
		return store.Step{}, fmt.Errorf("%s has no FT stage and so no kernel at its start", run.Method.Title())
	}
	d, m, be, err := s.parts(ctx, run.Task)
	if err != nil {
		return store.Step{}, err
	}
	in := kernelInputs{Model: m.Digest, Data: d.Digest, MaxLen: s.Profile.MaxLen, Engine: be.Arithmetic(), Seed: run.Seed,
		Rows: min(s.Profile.NTKRows, len(d.Train)), TestRows: min(s.Profile.NTKRows, len(d.Test)), Embedding: s.Profile.Embedding}
	if run.Method.LowRank() {
		in.LoRA = []float64{float64(s.Profile.LoRARank), s.Profile.LoRAAlpha}
	}
	if run.Method.startsFromLP() {
		in.Probe, err = keyOf(s.probeStep(ctx, run.Task, run.Seed))
	}
	return store.Step{Kind: "kernel", Version: kernelVersion, Label: "NTK of " + run.String(), Inputs: in}, err
}

// Kernel computes a method's P and F at the start of its FT stage, on rows drawn with the seed.
// Its store artefact holds kernel.npz, as `lpft ntk` writes it, and
// report.json, how it was computed.
func (s *Session) Kernel(ctx context.Context, run Spec) (*store.Artefact, error) {
	d, model, be, err := s.parts(ctx, run.Task)
	if err != nil {
		return nil, err
	}
	step, err := s.kernelStep(ctx, run)
	if err != nil {
		return nil, err
	}
	var head *finetune.Head
	bring := func(ctx context.Context) (err error) {
		head, err = s.startHead(ctx, run)
		return err
	}
	return s.once(ctx, step, bring, func(ctx context.Context, w *store.Work) error {
		prov := s.provenance(be, step, d, &run.Seed)
		in := step.Inputs.(kernelInputs)
		m := &ntk.Model{}
		var err error
		if m.Weights, err = model.Weights(); err != nil {
			return err
		}
		if run.Method.LowRank() {
			if m.LoRA, err = s.newLoRA(model, run.Seed); err != nil {
				return err
			}
		}
		result, err := s.computeKernel(ctx, w, d, m, head, in)
		if err != nil {
			return fmt.Errorf("%s: %w", step.Label, err)
		}
		if err := result.Check(); err != nil {
			return fmt.Errorf("%s: %w", step.Label, err)
		}
		if err := result.Write(w.Dir() + "/" + kernelFile); err != nil {
			return err
		}
		w.SetProvenance(prov.Finish())
		return w.WriteJSON("report.json", result.Report)
	})
}

const kernelFile = "kernel.npz"

// computeKernel draws the rows and computes.
func (s *Session) computeKernel(ctx context.Context, w *store.Work, d *task.Data, m *ntk.Model, head *finetune.Head, in kernelInputs) (*ntk.Result, error) {
	be, err := s.Backend()
	if err != nil {
		return nil, err
	}
	programs, err := s.kernelPrograms()
	if err != nil {
		return nil, err
	}
	var rows kernels.Rows
	if rows.Indices, err = DrawKernelRows(in.Rows, len(d.Train), in.Seed); err != nil {
		return nil, err
	}
	if rows.IndicesTest, err = DrawKernelTestRows(in.TestRows, len(d.Test), in.Seed); err != nil {
		return nil, err
	}
	train, test := pick(d.Train, rows.Indices), pick(d.Test, rows.IndicesTest)
	rows.Labels, rows.LabelsTest = Labels(train), Labels(test)
	trainTexts, err := s.Encode(ctx, train)
	if err != nil {
		return nil, err
	}
	testTexts, err := s.Encode(ctx, test)
	if err != nil {
		return nil, err
	}
	bar := progress.Start(s.opt.Progress, fmt.Sprintf("NTK of %d + %d rows", len(train), len(test)), 1, "GFLOP")
	defer bar.Done()
	result, err := ntk.Compute(ctx, m, &ntk.Head{Weight: widen(head.Weight), Bias: widen(head.Bias)}, trainTexts, testTexts, ntk.Options{
		Backend: be, Programs: programs, Embedding: ntk.EmbeddingMode(in.Embedding), Seed: in.Seed, ResumeDir: w.ResumeDir(), Memory: KernelMemory(be),
		Progress: func(done, total int, note string) { bar.Resize(total); bar.Set(done, note) }})
	if err != nil {
		return nil, err
	}
	result.Rows = rows
	return result, nil
}

// pick takes some examples.
func pick(examples []task.Example, rows []int) []task.Example {
	out := make([]task.Example, len(rows))
	for i, row := range rows {
		out[i] = examples[row]
	}
	return out
}

// KernelStats is what Tables 2 and 9 and Figures 2 and 7-9 show of one method's kernels.
type KernelStats struct {
	Spec
	Rows     int `json:"rows"`      // N
	TestRows int `json:"test_rows"` // M
	Summary
	SpectrumP []float64             `json:"spectrum_p"` // singular values over the largest
	SpectrumF []float64             `json:"spectrum_f"`
	MapP      *kernels.TraceNormMap `json:"map_p"` // trace norms of C×C blocks, rows grouped by class
	MapF      *kernels.TraceNormMap `json:"map_f"`
	Groups    []string              `json:"groups"`
	Shares    []float64             `json:"shares"` // of each group in tr(F)
	HeadNorm  float64               `json:"head_norm"`
}

// kernelStatStep are the statistics of a kernel.
func (s *Session) kernelStatStep(ctx context.Context, run Spec) (store.Step, error) {
	key, err := keyOf(s.kernelStep(ctx, run))
	return store.Step{Kind: "kernel-stats", Version: kernelStatVersion, Label: "statistics of the NTK of " + run.String(), Inputs: map[string]any{"kernel": key, "run": run}}, err
}

// KernelStats computes the statistics of a method's kernels.
func (s *Session) KernelStats(ctx context.Context, run Spec) (*KernelStats, error) {
	d, _, be, err := s.parts(ctx, run.Task)
	if err != nil {
		return nil, err
	}
	step, err := s.kernelStatStep(ctx, run)
	if err != nil {
		return nil, err
	}
	var k *kernels.NTK
	var head *finetune.Head
	bring := func(ctx context.Context) (err error) {
		if k, err = s.kernelArrays(ctx, run); err == nil {
			head, err = s.startHead(ctx, run)
		}
		return err
	}
	a, err := s.once(ctx, step, bring, func(ctx context.Context, w *store.Work) error {
		prov := s.provenance(be, step, d, &run.Seed)
		bar := progress.Start(s.opt.Progress, step.Label, 1, "fits")
		defer bar.Done()
		stats, err := statistics(ctx, k, func(done, total int) { bar.Resize(total); bar.Set(done, "") })
		if err != nil {
			return fmt.Errorf("%s: %w", step.Label, err)
		}
		stats.Spec, stats.HeadNorm = run, head.Norm()
		w.SetProvenance(prov.Finish())
		return w.WriteJSON("stats.json", stats)
	})
	if err != nil {
		return nil, err
	}
	stats := &KernelStats{}
	return stats, a.ReadJSON("stats.json", stats)
}

// LoRAFit is the best scalar c in F_LoRA ≈ c·F_FT and what it leaves, on one task and seed, for
// the pair from a random head or from LP (claim C9).
func (s *Session) LoRAFit(ctx context.Context, id string, seed uint64, ft, lora Method) (kernels.ScalarFit, error) {
	a, err := s.kernelArrays(ctx, Spec{Task: id, Method: ft, Seed: seed})
	if err != nil {
		return kernels.ScalarFit{}, err
	}
	b, err := s.kernelArrays(ctx, Spec{Task: id, Method: lora, Seed: seed})
	if err != nil {
		return kernels.ScalarFit{}, err
	}
	return kernels.FitScalar(a.F, b.F)
}
