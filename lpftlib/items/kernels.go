package items

import (
	"context"
	"slices"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
)

// kernelMethods are the methods with a kernel at the start of their FT stage.
var kernelMethods = []study.Method{study.FT, study.LoRA, study.LPFT, study.LPLoRA}

// kernelRuns are the kernels that the profile shows: the first seed's, as the paper's are of one run each.
func kernelRuns(ctx context.Context, s *session.Session) ([]study.Spec, error) {
	ids, err := chosenTasks(ctx, s, s.Profile.KernelTasks)
	if err != nil {
		return nil, err
	}
	var runs []study.Spec
	for _, id := range ids {
		for _, m := range kernelMethods {
			if slices.Contains(s.Profile.Methods, m) {
				runs = append(runs, study.Spec{Task: id, Method: m, Seed: s.Profile.Seeds[0]})
			}
		}
	}
	return runs, nil
}

// kernelPlan plans all kernels.
func kernelPlan(ctx context.Context, s *session.Session) ([]session.Planned, error) {
	runs, err := kernelRuns(ctx, s)
	if err != nil {
		return nil, err
	}
	return s.PlanKernels(ctx, runs)
}

// kernelStats computes or finds the statistics of all kernels, task by task.
func kernelStats(ctx context.Context, s *session.Session) ([]*study.KernelStats, error) {
	runs, err := kernelRuns(ctx, s)
	if err != nil {
		return nil, err
	}
	var out []*study.KernelStats
	for _, run := range runs {
		stats, err := s.KernelStats(ctx, run)
		if err != nil {
			return nil, err
		}
		out = append(out, stats)
	}
	return out, nil
}

// kernelTasksOf are the tasks that there are kernels of.
func kernelTasksOf(all []*study.KernelStats) []string {
	var out []string
	for _, k := range all {
		if !slices.Contains(out, k.Task) {
			out = append(out, k.Task)
		}
	}
	return out
}

// kernelOf is a method's kernel on a task, nil where there is none.
func kernelOf(all []*study.KernelStats, task string, m study.Method) *study.KernelStats {
	for _, k := range all {
		if k.Task == task && k.Method == m {
			return k
		}
	}
	return nil
}

// spectraOf are the spectra that C6 compares, of tasks with kernels of both FT and LoRA.
func spectraOf(all []*study.KernelStats) []paper.Spectra {
	var out []paper.Spectra
	for _, id := range kernelTasksOf(all) {
		ft, lora := kernelOf(all, id, study.FT), kernelOf(all, id, study.LoRA)
		if ft != nil && lora != nil {
			out = append(out, paper.Spectra{Name: id, FT: ft.SpectrumF, LoRA: lora.SpectrumF, P: ft.SpectrumP})
		}
	}
	return out
}
