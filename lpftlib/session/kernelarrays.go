package session

import (
	"context"

	"lpft/kernels"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/study"
)

// KernelArrays computes or finds a method's kernel, as [Session.Kernel] does, and reads it.
func (s *Session) KernelArrays(ctx context.Context, run study.Spec) (*kernels.NTK, error) {
	a, err := s.Kernel(ctx, run)
	if err != nil {
		return nil, err
	}
	arrays, err := a.ReadNpz(kernelFile)
	if err != nil {
		return nil, err
	}
	return kernels.FromArrays(arrays)
}

// statistics computes everything that tables and figures show of a kernel; P's part is at hand.
func statistics(ctx context.Context, k *kernels.NTK, p *study.PretrainStats, stop probe.Stop, report func(done, total int)) (*study.KernelStats, error) {
	summary, err := study.Summarise(ctx, study.SummaryInput{P: k.P, F: k.F, Labels: k.Labels, Logits: k.Logits,
		PTest: k.PTest, FTest: k.FTest, TestLabels: k.LabelsTest, KnownP: &p.Summary, Stop: stop, Progress: report})
	if err != nil {
		return nil, err
	}
	stats := &study.KernelStats{Rows: k.F.M, TestRows: k.FTest.M, Summary: *summary, SpectrumP: p.Spectrum, MapP: p.Map}
	if stats.SpectrumF, stats.MapF, err = pictures(k.F, k.Labels); err != nil {
		return nil, err
	}
	var groups []*kernels.Kernel
	for _, g := range k.Groups {
		stats.Groups = append(stats.Groups, g.Name)
		groups = append(groups, g.Train)
	}
	stats.Shares, err = kernels.TraceShares(groups)
	return stats, err
}
