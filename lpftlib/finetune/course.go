package finetune

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/stage"
)

// Course, Step and Point are what happened during a run.
type (
	Course = stage.Course
	Step   = stage.Step
	Point  = stage.Point
)

// evaluateIfDue evaluates at the epoch's end and at equal distances inside it, and keeps the
// parameters of a better epoch.
func (t *trainer) evaluateIfDue(ctx context.Context, epoch int) error {
	perEpoch := t.recipe.StepsPerEpoch(len(t.data.Train.Texts))
	done := t.state.step - epoch*perEpoch
	end := done == perEpoch
	if !end && done*t.recipe.EvalsPerEpoch/perEpoch == (done-1)*t.recipe.EvalsPerEpoch/perEpoch {
		return nil
	}
	point, err := t.evaluate(ctx)
	if err == nil && (math.IsNaN(point.Loss) || math.IsInf(point.Loss, 0)) {
		err = t.diverged(t.state.step, fmt.Errorf("the validation loss is %v", point.Loss))
	}
	if err != nil || !end {
		return err
	}
	if t.best != nil && point.Score <= t.best.Score {
		return nil // the earliest of equal epochs wins
	}
	return t.keep(epoch+1, point.Score)
}

// keep copies the trained parameters as the best epoch's.
func (t *trainer) keep(epoch int, score float64) error {
	b := &best{Epoch: epoch, Score: score}
	for i, p := range t.state.params {
		if t.state.trained[i] {
			data, err := host(p)
			if err != nil {
				return err
			}
			if err := checkFinite(t.state.specs[i].Name, data); err != nil {
				return t.diverged(t.state.step, err)
			}
			b.params = append(b.params, data)
		}
	}
	t.best = b
	return nil
}

// evaluate measures the validation split and appends a point.
func (t *trainer) evaluate(ctx context.Context) (Point, error) {
	if err := t.refresh(); err != nil {
		return Point{}, err
	}
	features, err := t.valFeatures(ctx)
	if err != nil {
		return Point{}, err
	}
	if t.valBase == nil {
		t.valBase = features // nothing is trained yet: these are the pre-trained model's
	}
	head, err := t.state.head()
	if err != nil {
		return Point{}, err
	}
	phi := make([]float64, len(features))
	for i, v := range features {
		phi[i] = float64(v)
	}
	classes, hidden := head.Classes(), head.Hidden()
	logits := head.Logits(mat.NewDense(len(t.data.Val.Texts), hidden, phi)).RawMatrix().Data
	p := Point{
		Epoch: float64(t.state.step) / float64(t.recipe.StepsPerEpoch(len(t.data.Train.Texts))), Step: t.state.step,
		NormC: head.Norm(), NormB: head.BiasNorm(), DiffF: diff(features, t.valBase, hidden),
	}
	p.Accuracy, p.Loss, p.LogitNorm = summarise(logits, t.data.Val.Labels, classes)
	if !math.IsNaN(p.Loss) { // what is no number has no score, and the caller says so
		if p.Score, err = t.hooks.Score(logits, t.data.Val.Labels, classes); err != nil {
			return Point{}, fmt.Errorf("step %d of %d: the validation rows have no score: %w", t.state.step, t.steps, err)
		}
	}
	t.course.Points = append(t.course.Points, p)
	return p, nil
}

// refresh gives the runner the model as it stands.
func (t *trainer) refresh() error {
	if t.lora != nil {
		if err := t.state.readLoRA(t.vocab.cfg, t.lora); err != nil {
			return err
		}
	}
	if err := t.be.Place(t.state.params); err != nil {
		return err
	}
	t.runner.SetParams(t.state.encoderParams(t.vocab.cfg), t.lora)
	return nil
}

// valFeatures are φ of the validation rows as the model stands. At the start they are the pre-trained
// model's, which the caller may have: B = 0 leaves LoRA's as they are.
func (t *trainer) valFeatures(ctx context.Context) ([]float32, error) {
	if t.valBase == nil && t.start.ValFeatures != nil {
		return t.start.ValFeatures, nil
	}
	return t.runner.Features(ctx, t.data.Val.Texts, nil)
}

// diff is Diff(F): the mean distance of corresponding rows of width h (docs/protocol.md, Metrics).
func diff(a, b []float32, h int) float64 {
	n := len(a) / h
	sum := 0.0
	for i := range n {
		square := 0.0
		for j := i * h; j < (i+1)*h; j++ {
			d := float64(a[j]) - float64(b[j])
			square += d * d
		}
		sum += math.Sqrt(square)
	}
	return sum / float64(n)
}

// summarise gives accuracy (ties: lowest id), mean cross entropy and mean ‖logits‖.
func summarise(logits []float64, labels []int, classes int) (accuracy, loss, logitNorm float64) {
	for i, y := range labels {
		row := logits[i*classes : (i+1)*classes]
		best, square := 0, 0.0
		for c, v := range row {
			if v > row[best] {
				best = c
			}
			square += v * v
		}
		z := 0.0
		for _, v := range row {
			z += math.Exp(v - row[best])
		}
		if best == y {
			accuracy++
		}
		loss += math.Log(z) + row[best] - row[y]
		logitNorm += math.Sqrt(square)
	}
	n := float64(len(labels))
	return accuracy / n, loss / n, logitNorm / n
}
