package server

import (
	"context"
	"os"
	"path/filepath"

	"lpft/kernels"
	"lpft/kernels/ntk"
	"lpft/lpftlib/session"
	"lpft/lpftlib/worker"
)

// small adds what the theory's cells ask of the small model: kernels in float64, which take seconds and are not kept.
func small(v map[string]Handler, k *Sessions) {
	on(v, k, worker.OpenSmall, func(ctx context.Context, s *session.Session, a worker.SmallArgs) (*worker.Small, error) {
		m, err := s.Small(ctx, a.Train, a.Test)
		if err != nil {
			return nil, err
		}
		return &worker.Small{Labels: m.Labels, Classes: m.Classes, Hidden: m.Weights.Config.Hidden}, nil
	})
	onSmall(v, k, worker.SmallKernel, func(ctx context.Context, m *session.Small, a worker.SmallArgs, opt ntk.Options) (worker.File, error) {
		result, err := ntk.Compute(ctx, &ntk.Model{Weights: m.Weights}, a.Head, m.Train, m.Test, opt)
		if err != nil {
			return worker.File{}, err
		}
		return passed(result.Write)
	})
	onSmall(v, k, worker.SmallFeatures, func(ctx context.Context, m *session.Small, _ worker.SmallArgs, opt ntk.Options) (worker.File, error) {
		theta, _, err := ntk.FeatureKernel(ctx, &ntk.Model{Weights: m.Weights}, m.Train, nil, opt)
		if err != nil {
			return worker.File{}, err
		}
		return passed(func(path string) error {
			return kernels.Write(path, map[string]*kernels.Kernel{worker.FeatureKernelName: theta})
		})
	})
	onSmall(v, k, worker.SmallStep, func(ctx context.Context, m *session.Small, a worker.SmallArgs, opt ntk.Options) (*worker.StepTaken, error) {
		before, after, err := ntk.LinearisedLogits(ctx, &ntk.Model{Weights: m.Weights}, a.Head, m.Test, m.Train, m.Labels, a.Rate, opt)
		return &worker.StepTaken{Before: before, After: after}, err
	})
}

// onSmall adds a verb that computes with the small model, in its turn.
func onSmall[R any](v map[string]Handler, k *Sessions, verb worker.Verb[worker.SmallArgs, R], do func(context.Context, *session.Small, worker.SmallArgs, ntk.Options) (R, error)) {
	on(v, k, verb, func(ctx context.Context, s *session.Session, a worker.SmallArgs) (out R, err error) {
		m, err := s.Small(ctx, a.Train, a.Test)
		if err != nil {
			return out, err
		}
		be, err := s.Backend()
		if err != nil {
			return out, err
		}
		err = k.turn(ctx, func(ctx context.Context) (err error) {
			out, err = do(ctx, m, a, ntk.Options{Backend: be, Float64: true})
			return err
		})
		return out, err
	})
}

// passed is a file for the client, who removes it.
func passed(write func(path string) error) (worker.File, error) {
	dir, err := os.MkdirTemp("", "lpft-passed-")
	if err != nil {
		return worker.File{}, err
	}
	path := filepath.Join(dir, "kernel.npz")
	if err := write(path); err != nil {
		os.RemoveAll(dir)
		return worker.File{}, err
	}
	return worker.File{Path: path, Passed: true}, nil
}
