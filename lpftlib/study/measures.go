package study

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/finetune"
	"lpft/lpftlib/head"
	"lpft/lpftlib/measure"
	"lpft/lpftlib/task"
)

// Measures are all the numbers of one run on one test set: the rows of Tables 1, 3, 8 and 10-16
// and the points of Figures 3, 10 and 11. Everything is measured in evaluation mode at the
// selected epoch (docs/protocol.md, Metrics).
type Measures struct {
	Spec
	TestSet  string  `json:"test_set"` // Task, or a shifted test set
	Split    string  `json:"split"`    // of the test set: "test", or "train"
	Rows     int     `json:"rows"`     // n
	Score    float64 `json:"score"`    // the task's metric × 100: accuracy, CoLA Matthews
	Accuracy float64 `json:"accuracy"` // per cent
	Matthews float64 `json:"matthews"` // × 100
	Majority float64 `json:"majority"` // accuracy of the most frequent class, per cent

	CS       float64  `json:"cs_f"`                // mean cosine similarity among features; NaN where undefined (in JSON: 0)
	Diff     float64  `json:"diff_f"`              // mean ‖φ − φ_pre‖; 0 where the encoder is the pre-trained one
	FDR      *float64 `json:"fdr_f,omitempty"`     // tr(S_W⁻¹S_B); nil where undefined, as for rows of one class
	FDRKind  string   `json:"fdr_by,omitempty"`    // "inverse", or "pinv" where S_W is singular
	FDRFloor float64  `json:"fdr_floor,omitempty"` // E[FDR] of pure noise; 0 where undefined

	NormStart float64 `json:"norm_start"` // ‖V0‖_F: before the FT stage, after scaling
	NormC     float64 `json:"norm_c"`     // ‖V‖_F
	NormB     float64 `json:"norm_b"`     // ‖b‖
	LogitNorm float64 `json:"logit_norm"` // mean ‖f(x)‖
	Kappa     float64 `json:"kappa,omitempty"`
	Epoch     int     `json:"epoch,omitempty"` // selected epoch of the FT stage

	ProbeAtLimit *bool `json:"probe_at_limit,omitempty"` // a fit of the linear probe ended at its limit of iterations; nil: no probe, or not recorded

	Brier     float64 `json:"brier"`      // sum over classes, mean over rows
	BrierMean float64 `json:"brier_mean"` // mean over rows and classes, as in the published code
	Calibration
	Published *Scaled `json:"temperature_published,omitempty"` // temperature by the paper's recipe; nil without validation rows
	Exact     *Scaled `json:"temperature_exact,omitempty"`     // the exact minimiser

	// Undefined says, by [Metric].Name, why a number of these is not defined: of constant features, or a single row.
	Undefined map[string]string `json:"undefined,omitempty"`

	Setting Setting `json:"setting"`
}

// Calibration is how far confidence and accuracy are apart (15 bins).
type Calibration struct {
	ECE float64 `json:"ece"` // per cent
	MCE float64 `json:"mce"` // per cent
	NLL float64 `json:"nll"`
}

// Scaled is the calibration after temperature scaling with a T fitted on the validation rows of
// the training task (docs/protocol.md, Temperature scaling).
type Scaled struct {
	Temperature measure.Temperature `json:"fit"`
	Calibration
}

// Setting is what the numbers depend on besides task, method, seed and scaling. Runs are averaged
// over seeds only where their settings are equal.
type Setting struct {
	Profile         string           `json:"profile"`
	Model           string           `json:"model"`
	ModelDigest     string           `json:"model_digest"`
	Data            string           `json:"data"`      // digest of the training task's rows
	TestData        string           `json:"test_data"` // digest of the test set's rows
	StandIn         string           `json:"stand_in,omitempty"`
	Engine          string           `json:"engine"`
	MaxLen          int              `json:"max_len"`
	PaperCompatible bool             `json:"paper_compatible"`
	Stop            string           `json:"stop,omitempty"` // of linear probing, where the head comes from it and not from the minimiser
	Select          string           `json:"select,omitempty"`
	Recipe          *finetune.Recipe `json:"recipe,omitempty"` // seed 0; nil without an FT stage
	LoRA            []float64        `json:"lora,omitempty"`
}

// Measure measures a run on the test set of its own task.
func (s *Session) Measure(ctx context.Context, run Spec) (*Measures, error) {
	return s.MeasureOn(ctx, run, run.Task, "test")
}

// MeasureOn measures a run on a split ("test", "train") of a test set, which may be a shifted one.
func (s *Session) MeasureOn(ctx context.Context, run Spec, testSet, split string) (*Measures, error) {
	if err := run.check(); err != nil {
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
	}, func(context.Context) (*Measures, error) { return sub.measure(d, run, testSet, split) })
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
	setting        Setting
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
func (s *Session) subject(ctx context.Context, run Spec, testSet, split string) (*subject, error) {
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
	if run.Method.trains() {
		phi, own, err = s.adapted(ctx, run, testSet, split, sub)
	} else if own, err = s.PretrainedFeatures(ctx, run.Task); err == nil {
		sub.head, err = s.StartHead(ctx, run)
	}
	if err != nil {
		return nil, err
	}
	if !run.Method.trains() {
		sub.normStart = sub.head.Norm()
	}
	if run.Method == LP || run.Method.startsFromLP() {
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
func (s *Session) adapted(ctx context.Context, run Spec, testSet, split string, sub *subject) (phi, own *Features, err error) {
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
func (s *Session) setting(ctx context.Context, run Spec, testSet string) (Setting, error) {
	d, model, be, err := s.parts(ctx, run.Task)
	if err != nil {
		return Setting{}, err
	}
	test, err := s.Data(ctx, testSet)
	if err != nil {
		return Setting{}, err
	}
	out := Setting{Profile: s.Profile.Name, Model: model.Checkpoint.Name, ModelDigest: model.Digest, Data: d.Digest, TestData: test.Digest,
		StandIn: d.Task.StandIn, Engine: be.Arithmetic(), MaxLen: s.Profile.MaxLen, PaperCompatible: s.Profile.PaperCompatible, Stop: s.stopOf(run.Method)}
	if !run.Method.trains() {
		return out, nil
	}
	recipe, err := s.Recipe(ctx, run)
	if err != nil {
		return Setting{}, err
	}
	recipe.Seed = 0
	out.Recipe, out.Select = &recipe, s.Profile.Select
	if run.Method.LowRank() {
		out.LoRA, err = s.factors(model)
	}
	return out, err
}

// measure computes the numbers.
func (sub *subject) measure(d *task.Data, run Spec, testSet, split string) (*Measures, error) {
	m := &Measures{Spec: run, TestSet: testSet, Split: split, Rows: len(sub.labels), Setting: sub.setting,
		NormStart: sub.normStart, NormC: sub.head.Norm(), NormB: sub.head.BiasNorm(), Kappa: sub.kappa, ProbeAtLimit: sub.probeAtLimit, Epoch: sub.epoch}
	if err := m.measureFeatures(sub.rows, sub.baseRows, sub.labels, len(d.Task.Classes)); err != nil {
		return nil, err
	}
	logits := sub.head.Logits(sub.rows)
	if err := m.measurePredictions(d.Task, logits, sub.labels); err != nil {
		return nil, err
	}
	if sub.val == nil {
		return m, nil
	}
	return m, m.measureTemperature(sub.head.Logits(sub.val), sub.valLabels, logits, sub.labels)
}

// measureFeatures fills in CS, Diff and FDR. What is undefined for these features is said: it is no reason to throw the
// training away.
func (m *Measures) measureFeatures(phi, base *mat.Dense, labels []int, classes int) error {
	var err error
	if m.CS, err = measure.CosineSimilarity(phi); err != nil {
		m.undefined("cs_f", err)
	}
	if m.Diff, err = measure.FeatureDifference(phi, base); err != nil {
		return err
	}
	if oneClass(labels) {
		m.undefined("fdr_f", errors.New("all rows are of one class"))
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
		m.undefined("fdr_f", cmp.Or(err, fmt.Errorf("the ratio is %v", fdr.Value)))
		return nil
	}
	m.FDR, m.FDRKind, m.FDRFloor = &fdr.Value, fdr.Variant, fdr.Floor
	return nil
}

// undefined notes why a number is not defined.
func (m *Measures) undefined(name string, why error) {
	if m.Undefined == nil {
		m.Undefined = map[string]string{}
	}
	m.Undefined[name] = why.Error()
}

// plainMeasures are Measures without their own JSON.
type plainMeasures Measures

// MarshalJSON writes 0 for an undefined CS, for which JSON has no number.
func (m Measures) MarshalJSON() ([]byte, error) {
	if m.Undefined["cs_f"] != "" {
		m.CS = 0
	}
	return json.Marshal(plainMeasures(m))
}

// UnmarshalJSON reads what [Measures.MarshalJSON] wrote.
func (m *Measures) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, (*plainMeasures)(m)); err != nil {
		return err
	}
	if m.Undefined["cs_f"] != "" {
		m.CS = math.NaN()
	}
	return nil
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
func (m *Measures) measurePredictions(t *task.Task, logits *mat.Dense, labels []int) error {
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

func calibrationOf(logits *mat.Dense, labels []int) (Calibration, error) {
	ece, err := measure.ECE(logits, labels, bins)
	if err != nil {
		return Calibration{}, err
	}
	mce, err := measure.MCE(logits, labels, bins)
	if err != nil {
		return Calibration{}, err
	}
	nll, err := measure.NLL(logits, labels)
	return Calibration{100 * ece, 100 * mce, nll}, err
}

// measureTemperature fits T on validation logits, by both recipes, and applies it.
func (m *Measures) measureTemperature(val *mat.Dense, valLabels []int, logits *mat.Dense, labels []int) error {
	for _, recipe := range []struct {
		name string
		to   **Scaled
		fit  func(*mat.Dense, []int) (measure.Temperature, error)
	}{{"temperature", &m.Published, measure.FitTemperature}, {"temperature_exact", &m.Exact, measure.ExactTemperature}} {
		t, err := recipe.fit(val, valLabels)
		if err != nil {
			m.undefined(recipe.name, err)
			continue
		}
		calibration, err := calibrationOf(measure.ScaleLogits(logits, t.T), labels)
		if err != nil {
			return err
		}
		*recipe.to = &Scaled{t, calibration}
	}
	return nil
}

// TestSets are the test sets of a task's models: its own, and those shifted ones of the profile
// for which there is data.
func (s *Session) TestSets(ctx context.Context, id string) ([]string, error) {
	sets := []string{id}
	for _, ood := range s.Profile.plan(id).OOD {
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
