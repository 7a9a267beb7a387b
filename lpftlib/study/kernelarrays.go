package study

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/store"
)

// kernelArrays are a kernel's arrays, read back.
type kernelArrays struct {
	p, f, pTest, fTest          *kernels.Kernel
	groups                      []*kernels.Kernel
	names                       []string
	indices, labels, labelsTest []int
}

// kernelArrays computes or finds a kernel and reads it.
func (s *Session) kernelArrays(ctx context.Context, run Spec) (*kernelArrays, error) {
	a, err := s.Kernel(ctx, run)
	if err != nil {
		return nil, err
	}
	arrays, err := a.ReadNpz(kernelFile)
	if err != nil {
		return nil, err
	}
	k := &kernelArrays{}
	for name, to := range map[string]**kernels.Kernel{"p": &k.p, "f": &k.f, "p_test": &k.pTest, "f_test": &k.fTest} {
		if *to, err = kernelOf(name, arrays[name]); err != nil {
			return nil, err
		}
	}
	for name, to := range map[string]*[]int{"indices": &k.indices, "labels": &k.labels, "labels_test": &k.labelsTest} {
		for _, v := range arrays[name].Int64 {
			*to = append(*to, int(v))
		}
	}
	k.names = arrays["groups"].Strings
	size := len(k.f.Data)
	for g := range k.names {
		k.groups = append(k.groups, &kernels.Kernel{N: k.f.N, C: k.f.C, M: k.f.M, Data: arrays["f_groups"].Float64[g*size : (g+1)*size]})
	}
	return k, nil
}

func kernelOf(name string, a *store.Array) (*kernels.Kernel, error) {
	if a == nil || len(a.Shape) != 4 || a.Float64 == nil {
		return nil, fmt.Errorf("kernel file: array %q is missing or no float64 [N, C, M, C]", name)
	}
	return &kernels.Kernel{N: a.Shape[0], C: a.Shape[1], M: a.Shape[2], Data: a.Float64}, nil
}

// statistics computes everything that tables and figures show of a kernel; P's part is at hand.
func (k *kernelArrays) statistics(ctx context.Context, logits *mat.Dense, p *PretrainStats, report func(done, total int)) (*KernelStats, error) {
	summary, err := kernels.Summarise(ctx, kernels.SummaryInput{P: k.p, F: k.f, Labels: k.labels, Logits: logits,
		PTest: k.pTest, FTest: k.fTest, TestLabels: k.labelsTest, KnownP: &p.Summary, Progress: report})
	if err != nil {
		return nil, err
	}
	stats := &KernelStats{Rows: k.f.N, TestRows: k.fTest.N, Summary: *summary, SpectrumP: p.Spectrum, MapP: p.Map, Groups: k.names}
	if stats.SpectrumF, stats.MapF, err = pictures(k.f, k.labels); err != nil {
		return nil, err
	}
	stats.Shares, err = kernels.TraceShares(k.groups)
	return stats, err
}
