package session

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/head"
	"lpft/lpftlib/measure"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

const layoutVersion = 1

// layoutRows bounds the rows of a layout: exact t-SNE takes quadratic time, and a figure with
// more points shows less.
const layoutRows = 250

// Layout lays features φ of training rows and the rows of V, before and after the FT stage, out in
// the plane together by t-SNE (docs/protocol.md, Courses and layouts, Figures 5 and 6): perplexity 30 (or a third of
// the points where there are few), start from the principal plane, 1,000 iterations.
func (s *Session) Layout(ctx context.Context, id string, m study.Method, seed uint64) ([]study.LayoutPoint, error) {
	run := study.Spec{Task: id, Method: m, Seed: seed}
	var t *study.Trained
	var before, after *Features
	step, err := s.layoutStep(ctx, run)
	return made(ctx, s, id, &seed, "layout.json", step, err, func(ctx context.Context) (err error) {
		if t, err = s.Train(ctx, run); err == nil {
			before, err = s.PretrainedFeatures(ctx, id)
		}
		if err == nil {
			after, err = s.TrainedFeatures(ctx, run, id, "train")
		}
		return err
	}, func(context.Context) ([]study.LayoutPoint, error) {
		x, points := stacked(before, after, t)
		n, _ := x.Dims()
		out, err := measure.TSNE(x, measure.TSNEOptions{Perplexity: min(30, float64(n)/3)})
		if err != nil {
			return nil, err
		}
		for i := range points {
			points[i].X, points[i].Y = out.Points.At(i, 0), out.Points.At(i, 1)
		}
		return points, nil
	})
}

// layoutStep is a joint layout.
func (s *Session) layoutStep(ctx context.Context, run study.Spec) (store.Step, error) {
	before, err := s.keyOf(s.pretrainedStep(ctx, run.Task))
	if err != nil {
		return store.Step{}, err
	}
	after, err := s.keyOf(s.trainedFeaturesStep(ctx, run, run.Task, "train"))
	return store.Step{Kind: "layout", Version: layoutVersion, Label: fmt.Sprintf("t-SNE of %s", run),
		Inputs: map[string]any{"before": before, "after": after, "rows": layoutRows}}, err
}

// stacked are the vectors of a layout with what each is.
func stacked(before, after *Features, t *study.Trained) (*mat.Dense, []study.LayoutPoint) {
	var rows [][]float64
	var points []study.LayoutPoint
	for _, f := range []struct {
		*Features
		after bool
	}{{before, false}, {after, true}} {
		x, labels := f.Splits["train"], f.Labels["train"]
		n := min(len(labels), layoutRows)
		for i := range n {
			row := i * len(labels) / n // evenly spread over the training rows
			rows = append(rows, x.RawRowView(row))
			points = append(points, study.LayoutPoint{Class: labels[row], After: f.after})
		}
	}
	for _, head := range []struct {
		*head.Head
		after bool
	}{{t.Start, false}, {t.Head, true}} {
		for c := range head.Classes() {
			rows = append(rows, head.V.RawRowView(c))
			points = append(points, study.LayoutPoint{Class: c, After: head.after, Row: true})
		}
	}
	x := mat.NewDense(len(rows), t.Head.Hidden(), nil)
	for i, row := range rows {
		x.SetRow(i, row)
	}
	return x, points
}
