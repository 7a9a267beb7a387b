package server

import (
	"context"

	"lpft/lpftlib/probe"
	"lpft/lpftlib/session"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
	"lpft/lpftlib/worker"
)

// computing adds the verbs whose results the store keeps.
func computing(v map[string]Handler, k *Sessions) {
	on(v, k, worker.Features, func(ctx context.Context, s *session.Session, a worker.FeaturesArgs) (worker.File, error) {
		path, err := s.PretrainedFile(ctx, a.Task, a.Split, a.Layers)
		return worker.File{Path: path}, err
	})
	on(v, k, worker.TrainedFeatures, func(ctx context.Context, s *session.Session, a worker.TrainedArgs) (worker.File, error) {
		path, err := s.TrainedFile(ctx, a.Run.Whole(), a.Task, a.Split)
		return worker.File{Path: path}, err
	})
	on(v, k, worker.Probe, func(ctx context.Context, s *session.Session, a worker.SeedArgs) (*probe.Fitted, error) {
		return s.Probe(ctx, a.Task, a.Seed)
	})
	on(v, k, worker.ProbePath, func(ctx context.Context, s *session.Session, a worker.SeedArgs) ([]study.PathStep, error) {
		return s.ProbePath(ctx, a.Task, a.Seed)
	})
	on(v, k, worker.Recipe, func(ctx context.Context, s *session.Session, a worker.Run) (stage.Recipe, error) {
		return s.Recipe(ctx, a.Whole())
	})
	on(v, k, worker.Train, func(ctx context.Context, s *session.Session, a worker.Run) (*study.Trained, error) {
		return s.Train(ctx, a.Whole())
	})
	on(v, k, worker.Kernel, func(ctx context.Context, s *session.Session, a worker.Run) (worker.File, error) {
		path, err := s.KernelFile(ctx, a.Whole())
		return worker.File{Path: path}, err
	})
	on(v, k, worker.Measure, func(ctx context.Context, s *session.Session, a worker.MeasureArgs) (*study.Measures, error) {
		return s.MeasureOn(ctx, a.Run.Whole(), a.TestSet, a.Split)
	})
	on(v, k, worker.Sweep, func(ctx context.Context, s *session.Session, a worker.SweepArgs) ([]study.Measures, error) {
		return s.NormSweep(ctx, a.Task, a.Methods)
	})
	on(v, k, worker.Layout, func(ctx context.Context, s *session.Session, a worker.Run) ([]study.LayoutPoint, error) {
		return s.Layout(ctx, a.Task, a.Method, a.Seed)
	})
	on(v, k, worker.Following, func(ctx context.Context, s *session.Session, a study.KernelRun) (*study.Following, error) {
		return s.Following(ctx, a)
	})
	on(v, k, worker.Movement, func(ctx context.Context, s *session.Session, a study.KernelRun) (*study.Movement, error) {
		return s.Movement(ctx, a)
	})
	on(v, k, worker.Places, func(ctx context.Context, s *session.Session, a study.KernelRun) (*study.Places, error) {
		return s.Places(ctx, a)
	})
	on(v, k, worker.Freezing, func(ctx context.Context, s *session.Session, a study.KernelRun) (*study.Freezing, error) {
		return s.Freezing(ctx, a)
	})
	on(v, k, worker.ScaledStart, func(ctx context.Context, s *session.Session, a study.KernelRun) (*study.ScaledStart, error) {
		return s.ScaledStart(ctx, a)
	})
	on(v, k, worker.Stability, func(ctx context.Context, s *session.Session, a worker.SeedArgs) (*study.Stability, error) {
		return s.Stability(ctx, a.Task, a.Seed)
	})
	on(v, k, worker.Strengths, func(ctx context.Context, s *session.Session, a worker.TaskArgs) ([]study.ProbeStrength, error) {
		return s.Strengths(ctx, a.Task)
	})
}
