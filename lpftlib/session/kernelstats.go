package session

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/head"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// pretrainInputs is everything P depends on.
type pretrainInputs struct {
	Features string `json:"features"` // key of the pre-trained features
	Seed     uint64 `json:"seed"`     // of the rows
	Rows     int    `json:"rows"`
	TestRows int    `json:"test_rows"`
	Stop     string `json:"stop,omitempty"` // of the kernel regression
}

// pretrainStatStep are P's statistics on a task's rows.
func (s *Session) pretrainStatStep(ctx context.Context, id string, seed uint64) (store.Step, error) {
	rows, testRows, err := s.KernelRows(ctx, id)
	if err != nil {
		return store.Step{}, err
	}
	key, err := s.keyOf(s.pretrainedStep(ctx, id))
	return store.Step{Kind: "pretrain-stats", Version: pretrainVersion, Label: fmt.Sprintf("statistics of P of %s, seed %d", id, seed),
		Inputs: pretrainInputs{key, seed, rows, testRows, s.Profile.StopRule()}}, err
}

// PretrainStats computes the statistics of P.
func (s *Session) PretrainStats(ctx context.Context, id string, seed uint64) (*study.PretrainStats, error) {
	var f *Features
	step, err := s.pretrainStatStep(ctx, id, seed)
	return made(ctx, s, id, &seed, "stats.json", step, err, func(ctx context.Context) (err error) {
		f, err = s.PretrainedFeatures(ctx, id)
		return err
	}, func(ctx context.Context) (*study.PretrainStats, error) {
		in := step.Inputs.(pretrainInputs)
		d, err := s.Data(ctx, id)
		if err != nil {
			return nil, err
		}
		rows, err := s.kernelRows(ctx, study.Spec{Task: id, Seed: seed}, in.Rows, in.TestRows)
		if err != nil {
			return nil, err
		}
		bar, report := s.fits(step.Label)
		defer bar.Done()
		return pretrainStats(ctx, f, rows, len(d.Task.Classes), s.Profile.Stop, report)
	})
}

// pretrainStats computes P of some rows of a task, and what is shown of it.
func pretrainStats(ctx context.Context, f *Features, rows kernels.Rows, classes int, stop probe.Stop, report func(done, total int)) (*study.PretrainStats, error) {
	phi := rowsOf(f.Splits["train"], rows.Indices)
	p, err := kernels.PretrainEffective(phi, phi, classes)
	if err != nil {
		return nil, err
	}
	in := study.SummaryInput{P: p, Labels: rows.Labels, TestLabels: rows.LabelsTest, Stop: stop, Progress: report}
	if in.PTest, err = kernels.PretrainEffective(rowsOf(f.Splits["test"], rows.IndicesTest), phi, classes); err != nil {
		return nil, err
	}
	summary, err := study.SummariseP(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &study.PretrainStats{Summary: *summary}
	out.Spectrum, out.Map, err = pictures(p, rows.Labels)
	return out, err
}

// pictures are a kernel's curve in Figures 2 and 7 and its map in Figures 8 and 9.
func pictures(k *kernels.Kernel, labels []int) ([]float64, *kernels.TraceNormMap, error) {
	values, err := kernels.SingularValues(k)
	if err != nil {
		return nil, nil, err
	}
	spectrum, err := values.Normalised()
	if err != nil {
		return nil, nil, err
	}
	norms, err := kernels.GroupedBlockNorms(k, labels)
	return spectrum, norms, err
}

// rowsOf are some rows of a matrix.
func rowsOf(x *mat.Dense, rows []int) *mat.Dense {
	_, h := x.Dims()
	out := mat.NewDense(len(rows), h, nil)
	for i, row := range rows {
		out.SetRow(i, x.RawRowView(row))
	}
	return out
}

// kernelStatStep are the statistics of a kernel.
func (s *Session) kernelStatStep(ctx context.Context, run study.Spec) (store.Step, error) {
	key, err := s.keyOf(s.kernelStep(ctx, run))
	in := map[string]any{"kernel": key, "run": run}
	if rule := s.Profile.StopRule(); rule != "" {
		in["stop"] = rule // of the kernel regression
	}
	return store.Step{Kind: "kernel-stats", Version: kernelStatVersion, Label: "statistics of the NTK of " + run.String(), Inputs: in}, err
}

// KernelStats computes the statistics of a method's kernels (docs/protocol.md, Kernel statistics).
func (s *Session) KernelStats(ctx context.Context, run study.Spec) (*study.KernelStats, error) {
	var k *kernels.NTK
	var v0 *head.Head
	var p *study.PretrainStats
	step, err := s.kernelStatStep(ctx, run)
	return made(ctx, s, run.Task, &run.Seed, "stats.json", step, err, func(ctx context.Context) (err error) {
		if k, err = s.KernelArrays(ctx, run); err == nil {
			v0, err = s.StartHead(ctx, run)
		}
		if err == nil {
			p, err = s.PretrainStats(ctx, run.Task, run.Seed)
		}
		return err
	}, func(ctx context.Context) (*study.KernelStats, error) {
		bar, report := s.fits(step.Label)
		defer bar.Done()
		stats, err := statistics(ctx, k, p, s.Profile.Stop, report)
		if err == nil {
			stats.Spec, stats.HeadNorm = run, v0.Norm()
		}
		return stats, err
	})
}
