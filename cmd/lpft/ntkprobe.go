package main

import (
	"context"
	"os"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/study"
)

// probe fits the linear probe of the whole training split.
func (j *ntkJob) probe(ctx context.Context, in *ntkInputs, classes int) (*probe.Head, error) {
	run, err := encoder.NewRunner(in.be, in.model.Weights, nil)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	sink := progress.Terminal(os.Stderr)
	bar := progress.Start(sink, "features of the training split", len(in.train), "rows")
	phi, err := run.Features(ctx, j.texts(in, in.train), func(done, _ int) { bar.Set(done, "") })
	bar.Done()
	if err != nil {
		return nil, err
	}
	bar = progress.Start(sink, "linear probing", 1, "fits")
	defer bar.Done()
	return study.ProbeHead(ctx, phi, study.Labels(in.train), classes, j.seed, func(done, total int) {
		bar.Resize(total)
		bar.Set(done, "")
	})
}
