package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/head"
	"lpft/lpftlib/measure"
	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
)

// Measure measures a run on the test set of its own task.
func (s *Session) Measure(ctx context.Context, run study.Spec) (*study.Measures, error) {
	return s.MeasureOn(ctx, run, run.Task, "test")
}

// MeasureOn measures a run on a split ("test", "train") of a test set, which may be a shifted one.
func (s *Session) MeasureOn(ctx context.Context, run study.Spec, testSet, split string) (*study.Measures, error) {
	if err := run.Check(); err != nil {
		return nil, err
	}
	if split != "test" && split != "train" {
		return nil, fmt.Errorf("split %q cannot be measured: there are test and train", split)
	}
	d, err := s.Data(ctx, testSet)
	if err != nil {
		return nil, err
	}
	if err := s.sameClasses(ctx, run.Task, d); err != nil {
		return nil, err
	}
	var sub *subject
	step, err := s.measuresStep(ctx, run, testSet, split)
	return made(ctx, s, testSet, &run.Seed, measuresFile, step, err, func(ctx context.Context) (err error) {
		sub, err = s.subject(ctx, run, testSet, split)
		return err
	}, func(context.Context) (*study.Measures, error) { return sub.measure(d, run, testSet, split) })
}

const measuresFile = "measures.json"

// sameClasses refuses a test set whose labels are not those of the training task.
func (s *Session) sameClasses(ctx context.Context, id string, test *task.Data) error {
	d, err := s.Data(ctx, id)
	if err != nil {
		return err
	}
	if len(d.Task.Classes) != len(test.Task.Classes) {
		return fmt.Errorf("a model of %s has %d classes, test set %s has %d: expected the same labels", id, len(d.Task.Classes), test.Task.ID, len(test.Task.Classes))
	}
	return nil
}

// subject is what is measured: a head, and features of the adapted and the pre-trained model.
type subject struct {
	setting        study.Setting
	head           *head.Head
	normStart      float64
	kappa          float64
	probeAtLimit   *bool
	epoch          int
	rows, baseRows *mat.Dense // φ on the measured split
	labels         []int
	val            *mat.Dense // φ on the validation rows of the training task
	valLabels      []int
}

// subject brings a run to the point where it can be measured.
func (s *Session) subject(ctx context.Context, run study.Spec, testSet, split string) (*subject, error) {
	sub := &subject{}
	var err error
	if sub.setting, err = s.setting(ctx, run, testSet); err != nil {
		return nil, err
	}
	base, err := s.PretrainedFeatures(ctx, testSet)
	if err != nil {
		return nil, err
	}
	phi, own := base, base
	if run.Method.Trains() {
		phi, own, err = s.adapted(ctx, run, testSet, split, sub)
	} else if own, err = s.PretrainedFeatures(ctx, run.Task); err == nil {
		sub.head, err = s.StartHead(ctx, run)
	}
	if err != nil {
		return nil, err
	}
	if !run.Method.Trains() {
		sub.normStart = sub.head.Norm()
	}
	if run.Method == study.LP || run.Method.StartsFromLP() {
		lp, err := s.Probe(ctx, run.Task, run.Seed)
		if err != nil {
			return nil, err
		}
		sub.kappa, sub.probeAtLimit = lp.Kappa, lp.AtLimit()
	}
	sub.rows, sub.baseRows, sub.labels = phi.Splits[split], base.Splits[split], base.Labels[split]
	sub.val, sub.valLabels = own.Splits["val"], own.Labels["val"]
	if sub.rows == nil || sub.baseRows == nil {
		return nil, fmt.Errorf("test set %s has no %s rows", testSet, split)
	}
	return sub, nil
}

// adapted trains, and gives φ on the measured split and on the task's own validation rows.
func (s *Session) adapted(ctx context.Context, run study.Spec, testSet, split string, sub *subject) (phi, own *Features, err error) {
	t, err := s.Train(ctx, run)
	if err != nil {
		return nil, nil, err
	}
	sub.head, sub.epoch, sub.normStart = t.Head, t.Epoch, t.Start.Norm()
	if phi, err = s.TrainedFeatures(ctx, run, testSet, measuredSplits(run, testSet, split)...); err != nil {
		return nil, nil, err
	}
	own, err = s.TrainedFeatures(ctx, run, run.Task, measuredSplits(run, run.Task, "test")...)
	return phi, own, err
}

// setting is what a run's numbers depend on besides the run.
func (s *Session) setting(ctx context.Context, run study.Spec, testSet string) (study.Setting, error) {
	d, model, be, err := s.parts(ctx, run.Task)
	if err != nil {
		return study.Setting{}, err
	}
	test, err := s.Data(ctx, testSet)
	if err != nil {
		return study.Setting{}, err
	}
	out := study.Setting{Profile: s.Profile.Name, Model: model.Checkpoint.Name, ModelDigest: model.Digest, Data: d.Digest, TestData: test.Digest,
		StandIn: d.Task.StandIn, Engine: be.Arithmetic(), MaxLen: s.Profile.MaxLen, PaperCompatible: s.Profile.PaperCompatible, Stop: s.stopOf(run.Method)}
	if !run.Method.Trains() {
		return out, nil
	}
	recipe, err := s.Recipe(ctx, run)
	if err != nil {
		return study.Setting{}, err
	}
	recipe.Seed = 0
	out.Recipe, out.Select = &recipe, s.Profile.Select
	if run.Method.LowRank() {
		out.LoRA, err = s.factors(model)
	}
	return out, err
}

// measure computes the numbers.
func (sub *subject) measure(d *task.Data, run study.Spec, testSet, split string) (*study.Measures, error) {
	m := &study.Measures{Spec: run, TestSet: testSet, Split: split, Rows: len(sub.labels), Setting: sub.setting,
		NormStart: sub.normStart, NormC: sub.head.Norm(), NormB: sub.head.BiasNorm(), Kappa: sub.kappa, ProbeAtLimit: sub.probeAtLimit, Epoch: sub.epoch}
	if err := measureFeatures(m, sub.rows, sub.baseRows, sub.labels, len(d.Task.Classes)); err != nil {
		return nil, err
	}
	logits := sub.head.Logits(sub.rows)
	if err := measurePredictions(m, d.Task, logits, sub.labels); err != nil {
		return nil, err
	}
	if sub.val == nil {
		return m, nil
	}
	return m, measureTemperature(m, sub.head.Logits(sub.val), sub.valLabels, logits, sub.labels)
}

// measureFeatures fills in CS, Diff and FDR. What is undefined for these features is said: it is no reason to throw the
// training away.
func measureFeatures(m *study.Measures, phi, base *mat.Dense, labels []int, classes int) error {
	var err error
	if m.CS, err = measure.CosineSimilarity(phi); err != nil {
		undefined(m, "cs_f", err)
	}
	if m.Diff, err = measure.FeatureDifference(phi, base); err != nil {
		return err
	}
	if oneClass(labels) {
		undefined(m, "fdr_f", errors.New("all rows are of one class"))
		return nil
	}
	n, h := phi.Dims()
	fdr, err := measure.FDR(phi, labels, classes, measure.DefaultFDR(n, h, classes))
	if errors.Is(err, measure.ErrSingular) {
		// A last LayerNorm ties its outputs together by one linear equation, so S_W of enough
		// rows is singular all the same; the pseudo-inverse leaves that direction out.
		fdr, err = measure.FDR(phi, labels, classes, measure.FDRPinv())
	}
	if err != nil || math.IsNaN(fdr.Value) || math.IsInf(fdr.Value, 0) {
		undefined(m, "fdr_f", cmp.Or(err, fmt.Errorf("the ratio is %v", fdr.Value)))
		return nil
	}
	m.FDR, m.FDRKind, m.FDRFloor = &fdr.Value, fdr.Variant, fdr.Floor
	return nil
}

// undefined notes why a number is not defined.
func undefined(m *study.Measures, name string, why error) {
	if m.Undefined == nil {
		m.Undefined = map[string]string{}
	}
	m.Undefined[name] = why.Error()
}

func oneClass(labels []int) bool {
	for _, y := range labels {
		if y != labels[0] {
			return false
		}
	}
	return true
}

// measurePredictions fills in scores and calibration.
func measurePredictions(m *study.Measures, t *task.Task, logits *mat.Dense, labels []int) error {
	score, err := Score(t, logits, labels)
	if err != nil {
		return err
	}
	m.Score = 100 * score
	counts := make([]int, len(t.Classes))
	for _, y := range labels {
		counts[y]++
		m.Majority = max(m.Majority, 100*float64(counts[y])/float64(len(labels)))
	}
	for _, metric := range []struct {
		to    *float64
		scale float64
		of    func(*mat.Dense, []int) (float64, error)
	}{{&m.Accuracy, 100, measure.Accuracy}, {&m.Matthews, 100, measure.Matthews}, {&m.Brier, 1, measure.Brier}, {&m.BrierMean, 1, measure.BrierMean}} {
		value, err := metric.of(logits, labels)
		if err != nil {
			return err
		}
		*metric.to = metric.scale * value
	}
	if m.LogitNorm, err = measure.MeanLogitNorm(logits); err != nil {
		return err
	}
	m.Calibration, err = calibrationOf(logits, labels)
	return err
}

// bins of the calibration errors (docs/protocol.md, Metrics).
const bins = 15

func calibrationOf(logits *mat.Dense, labels []int) (study.Calibration, error) {
	ece, err := measure.ECE(logits, labels, bins)
	if err != nil {
		return study.Calibration{}, err
	}
	mce, err := measure.MCE(logits, labels, bins)
	if err != nil {
		return study.Calibration{}, err
	}
	nll, err := measure.NLL(logits, labels)
	return study.Calibration{ECE: 100 * ece, MCE: 100 * mce, NLL: nll}, err
}

// measureTemperature fits T on validation logits, by both recipes, and applies it.
func measureTemperature(m *study.Measures, val *mat.Dense, valLabels []int, logits *mat.Dense, labels []int) error {
	for _, recipe := range []struct {
		name string
		to   **study.Scaled
		fit  func(*mat.Dense, []int) (measure.Temperature, error)
	}{{"temperature", &m.Published, measure.FitTemperature}, {"temperature_exact", &m.Exact, measure.ExactTemperature}} {
		t, err := recipe.fit(val, valLabels)
		if err != nil {
			undefined(m, recipe.name, err)
			continue
		}
		calibration, err := calibrationOf(measure.ScaleLogits(logits, t.T), labels)
		if err != nil {
			return err
		}
		*recipe.to = &study.Scaled{Temperature: t, Calibration: calibration}
	}
	return nil
}

// TestSets are the test sets of a task's models: its own, and those shifted ones of the profile
// for which there is data.
func (s *Session) TestSets(ctx context.Context, id string) ([]string, error) {
	sets := []string{id}
	for _, ood := range s.Profile.Plan(id).OOD {
		if _, err := s.Data(ctx, ood); err == nil {
			sets = append(sets, ood)
		} else if task.IsAbsent(err) {
			s.opt.Say("left out: " + err.Error())
		} else {
			return nil, err
		}
	}
	return sets, nil
}
