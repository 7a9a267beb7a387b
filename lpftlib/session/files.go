package session

import (
	"context"
	"fmt"
	"strings"

	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// What another process reads by itself, it is told the file of.

// PretrainedFile is the file of the pre-trained model's features of a split, after its first so many layers; nil: all.
func (s *Session) PretrainedFile(ctx context.Context, id, split string, layers *int) (string, error) {
	if layers == nil {
		a, err := s.pretrained(ctx, id)
		return splitFile(a, err, split)
	}
	a, err := s.layer(ctx, id, *layers)
	return splitFile(a, err, split)
}

// TrainedFile is that of the model that a run leaves. On the run's own task, validation and test rows are computed in one go,
// as measuring the run does.
func (s *Session) TrainedFile(ctx context.Context, run study.Spec, id, split string) (string, error) {
	names := []string{split}
	if id == run.Task && split == "val" {
		names = measuredSplits(run, id, "test")
	} else if split == "test" {
		names = measuredSplits(run, id, split)
	}
	a, err := s.trained(ctx, run, id, names...)
	return splitFile(a, err, split)
}

// KernelFile is the file of a run's kernel, as `lpft ntk` writes it.
func (s *Session) KernelFile(ctx context.Context, run study.Spec) (string, error) {
	a, err := s.Kernel(ctx, run)
	if err != nil {
		return "", err
	}
	return a.Path(kernelFile), nil
}

// splitFile is the file of a split among features.
func splitFile(a *store.Artefact, err error, split string) (string, error) {
	if err != nil {
		return "", err
	}
	if name := split + ".npy"; a.Has(name) {
		return a.Path(name), nil
	}
	var there []string
	for _, name := range splits {
		if a.Has(name + ".npy") {
			there = append(there, name)
		}
	}
	return "", fmt.Errorf("split %q has no features: there are %s", split, strings.Join(there, ", "))
}
