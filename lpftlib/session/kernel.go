package session

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"lpft/kernels/ntk"
	"lpft/lpftlib/head"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

const (
	kernelVersion     = 3 // kernel.npz has features and logits; the head of linear probing is not rounded to float32
	kernelStatVersion = 4 // the line search of the kernel regression is scipy's own
	pretrainVersion   = 3 // likewise
)

// KernelSpec asks for the kernel at the start of an FT stage.
type KernelSpec struct {
	Run      study.Spec // task, seed of rows and LoRA factors, and the method whose head it is
	Head     *head.Head // V0, b0; nil: the run's at the start of its FT stage
	LowRank  bool       // of the profile's LoRA factors instead of all parameters
	Rows     int        // N, drawn from the training split
	TestRows int        // M, drawn from the test split; 0: none
	Share    [2]int     // the i-th of k shares of the parameter groups; zero: all
}

// ComputeKernel draws rows and computes P and F: the one path of the study's kernels and of `lpft
// ntk`. Of opt, memory, precision and the folder for resuming are the caller's; what a kernel is
// of comes from spec and the profile.
func (s *Session) ComputeKernel(ctx context.Context, spec KernelSpec, opt ntk.Options) (*ntk.Result, error) {
	rows, err := s.kernelRows(ctx, spec.Run, spec.Rows, spec.TestRows)
	if err != nil {
		return nil, err
	}
	m, err := s.kernelModel(ctx, spec)
	if err != nil {
		return nil, err
	}
	if part, of := spec.Share[0], spec.Share[1]; of > 0 {
		if opt.Groups, err = ntk.Share(m, part, of); err != nil {
			return nil, err
		}
		s.opt.Say(fmt.Sprintf("share %d of %d: %s", part, of, strings.Join(opt.Groups, ", ")))
	}
	if spec.Head == nil {
		if spec.Head, err = s.StartHead(ctx, spec.Run); err != nil {
			return nil, err
		}
	}
	train, err := s.someTexts(ctx, spec.Run.Task, "train", rows.Indices)
	if err != nil {
		return nil, err
	}
	test, err := s.someTexts(ctx, spec.Run.Task, "test", rows.IndicesTest)
	if err != nil {
		return nil, err
	}
	if opt.Programs, err = s.kernelPrograms(); err != nil {
		return nil, err
	}
	if opt.Backend, err = s.Backend(); err != nil {
		return nil, err
	}
	opt.Embedding, opt.Seed = ntk.EmbeddingMode(s.Profile.Embedding), spec.Run.Seed
	bar := progress.Start(s.opt.Progress, fmt.Sprintf("NTK of %d + %d rows", len(train), len(test)), 1, "GFLOP")
	defer bar.Done()
	opt.Progress = func(done, total int, note string) { bar.Resize(total); bar.Set(done, note) }
	result, err := ntk.Compute(ctx, m, spec.Head, train, test, opt)
	if err != nil {
		return nil, err
	}
	result.Rows = rows
	return result, nil
}

// kernelModel is what a kernel's gradients are taken of.
func (s *Session) kernelModel(ctx context.Context, spec KernelSpec) (*ntk.Model, error) {
	model, err := s.Model(ctx)
	if err != nil {
		return nil, err
	}
	m := &ntk.Model{}
	if m.Weights, err = s.Weights(ctx); err != nil {
		return nil, err
	}
	if spec.LowRank {
		m.LoRA, err = s.newLoRA(model, spec.Run.Seed)
	}
	return m, err
}

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
func (s *Session) kernelStep(ctx context.Context, run study.Spec) (store.Step, error) {
	if !run.Method.Trains() {
		return store.Step{}, fmt.Errorf("%s has no FT stage and so no kernel at its start", run.Method.Title())
	}
	d, m, be, err := s.parts(ctx, run.Task)
	if err != nil {
		return store.Step{}, err
	}
	in := kernelInputs{Model: m.Digest, Data: d.Digest, MaxLen: s.Profile.MaxLen, Engine: be.Arithmetic(), Seed: run.Seed, Embedding: s.Profile.Embedding}
	if in.Rows, in.TestRows, err = s.KernelRows(ctx, run.Task); err != nil {
		return store.Step{}, err
	}
	if run.Method.LowRank() {
		if in.LoRA, err = s.factors(m); err != nil {
			return store.Step{}, err
		}
	}
	if run.Method.StartsFromLP() {
		in.Probe, err = s.keyOf(s.probeStep(ctx, run.Task, run.Seed))
	}
	return store.Step{Kind: "kernel", Version: kernelVersion, Label: "NTK of " + run.String(), Inputs: in}, err
}

// Kernel computes a method's P and F at the start of its FT stage, on rows drawn with the seed
// (docs/protocol.md, Kernels). Its store artefact holds kernel.npz, as `lpft ntk` writes it, and report.json, how it was
// computed.
func (s *Session) Kernel(ctx context.Context, run study.Spec) (*store.Artefact, error) {
	d, _, be, err := s.parts(ctx, run.Task)
	if err != nil {
		return nil, err
	}
	step, err := s.kernelStep(ctx, run)
	if err != nil {
		return nil, err
	}
	step.Whole = true
	spec := KernelSpec{Run: run, LowRank: run.Method.LowRank()}
	bring := func(ctx context.Context) (err error) {
		spec.Head, err = s.StartHead(ctx, run)
		return err
	}
	return s.once(ctx, step, bring, func(ctx context.Context, w *store.Work) error {
		prov := s.provenance(be, step, d, &run.Seed)
		in := step.Inputs.(kernelInputs)
		spec.Rows, spec.TestRows = in.Rows, in.TestRows
		result, err := s.ComputeKernel(ctx, spec, ntk.Options{ResumeDir: w.ResumeDir()})
		if err == nil {
			err = result.Check()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step.Label, err)
		}
		if err := result.Write(filepath.Join(w.Dir(), kernelFile)); err != nil {
			return err
		}
		w.SetProvenance(prov.Finish())
		return w.WriteJSON("report.json", result.Report)
	})
}

const kernelFile = "kernel.npz"
