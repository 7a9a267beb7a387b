package study

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/measure"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
	"lpft/lpftlib/task"
)

// Code versions of the steps: raised when a step's meaning changes, so that old artefacts
// are not taken for new ones.
const (
	featuresVersion = 2
	probeVersion    = 1
	pathVersion     = 1
	finetuneVersion = 3
)

// checkpointEvery is the most training time that a kill can cost.
const checkpointEvery = 20 * time.Second

// Features are φ of one model on one task's splits.
type Features struct {
	Splits map[string]*mat.Dense // "train", "val", "test": [N, h]; a split without rows is absent
	Labels map[string][]int
	Key    string
}

// featureInputs is everything features depend on.
type featureInputs struct {
	Model   string   `json:"model"` // digest of the pre-trained weights
	Trained string   `json:"trained,omitempty"`
	Data    string   `json:"data"`
	Splits  []string `json:"splits"`
	MaxLen  int      `json:"max_len"`
	Engine  string   `json:"engine"`
}

// PretrainedFeatures are the pre-trained model's φ on a task. They do not depend on a seed.
func (s *Session) PretrainedFeatures(ctx context.Context, id string) (*Features, error) {
	return s.features(ctx, id, splits, "", "pre-trained model", func(*Model) (*encoder.Weights, *encoder.LoRAWeights, error) {
		m, err := s.Model(ctx)
		if err != nil {
			return nil, nil, err
		}
		w, err := m.Weights()
		return w, nil, err
	})
}

// features computes or finds φ of a model that weights supplies when they are needed.
func (s *Session) features(ctx context.Context, id string, names []string, trained, name string, weights func(*Model) (*encoder.Weights, *encoder.LoRAWeights, error)) (*Features, error) {
	d, m, be, err := s.parts(ctx, id)
	if err != nil {
		return nil, err
	}
	step := store.Step{Kind: "features", Version: featuresVersion, Label: fmt.Sprintf("features of %s, %s", id, name),
		Inputs: featureInputs{Model: m.Digest, Trained: trained, Data: d.Digest, Splits: names, MaxLen: s.Profile.MaxLen, Engine: be.Engine}}
	a, err := s.Store.Do(ctx, step, func(ctx context.Context, w *store.Work) error {
		loaded, lora, err := weights(m)
		if err != nil {
			return err
		}
		return s.computeFeatures(ctx, w, be, d, names, loaded, lora, step)
	})
	if err != nil {
		return nil, err
	}
	return readFeatures(a, d, names)
}

// parts opens what every step needs.
func (s *Session) parts(ctx context.Context, id string) (*task.Data, *Model, *backend.Backend, error) {
	d, err := s.Data(ctx, id)
	if err != nil {
		return nil, nil, nil, err
	}
	m, err := s.Model(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	be, err := s.Backend()
	return d, m, be, err
}

func (s *Session) computeFeatures(ctx context.Context, w *store.Work, be *backend.Backend, d *task.Data, names []string, weights *encoder.Weights, lora *encoder.LoRAWeights, step store.Step) error {
	prov := s.provenance(be, step, d, nil)
	run, err := encoder.NewRunner(be, weights, lora)
	if err != nil {
		return err
	}
	defer run.Close()
	bar := progress.Start(s.opt.Progress, step.Label, countRows(d, names), "rows")
	defer bar.Done()
	before := 0
	for _, name := range names {
		examples, err := splitOf(d, name)
		if err != nil {
			return err
		}
		if len(examples) == 0 {
			continue
		}
		texts, err := s.Encode(ctx, examples)
		if err != nil {
			return err
		}
		phi, err := run.Features(ctx, texts, func(done, _ int) { bar.Set(before+done, "") })
		if err != nil {
			return err
		}
		before += len(examples)
		if err := w.WriteNpy(name+".npy", []int{len(examples), weights.Config.Hidden}, phi); err != nil {
			return err
		}
	}
	w.SetProvenance(prov.Finish())
	return nil
}

// countRows counts the examples of some splits.
func countRows(d *task.Data, names []string) int {
	counts := map[string]int{"train": len(d.Train), "val": len(d.Val), "test": len(d.Test)}
	n := 0
	for _, name := range names {
		n += counts[name]
	}
	return n
}

func readFeatures(a *store.Artefact, d *task.Data, names []string) (*Features, error) {
	f := &Features{Splits: map[string]*mat.Dense{}, Labels: map[string][]int{}, Key: a.Key}
	for _, name := range names {
		examples, err := splitOf(d, name)
		if err != nil {
			return nil, err
		}
		if len(examples) == 0 {
			continue
		}
		array, err := a.ReadNpy(name + ".npy")
		if err != nil {
			return nil, err
		}
		f.Splits[name], f.Labels[name] = dense(array.Float32, array.Shape[0], array.Shape[1]), Labels(examples)
	}
	return f, nil
}

// dense widens a float32 matrix.
func dense(data []float32, rows, cols int) *mat.Dense {
	wide := make([]float64, len(data))
	for i, v := range data {
		wide[i] = float64(v)
	}
	return mat.NewDense(rows, cols, wide)
}

// Probe is linear probing: cross-validated logistic regression on the pre-trained features,
// rows in the order of the seed's first epoch (protocol section 6).
func (s *Session) Probe(ctx context.Context, id string, seed uint64) (*probe.Head, error) {
	head, _, err := s.probe(ctx, id, seed)
	return head, err
}

type probeInputs struct {
	Features        string `json:"features"`
	Seed            uint64 `json:"seed"`
	PaperCompatible bool   `json:"paper_compatible"`
}

func (s *Session) probe(ctx context.Context, id string, seed uint64) (*probe.Head, string, error) {
	d, _, be, err := s.parts(ctx, id)
	if err != nil {
		return nil, "", err
	}
	f, err := s.PretrainedFeatures(ctx, id)
	if err != nil {
		return nil, "", err
	}
	step := store.Step{Kind: "probe", Version: probeVersion, Label: fmt.Sprintf("LP %s, seed %d", id, seed),
		Inputs: probeInputs{f.Key, seed, s.Profile.PaperCompatible}}
	a, err := s.Store.Do(ctx, step, func(ctx context.Context, w *store.Work) error {
		prov := s.provenance(be, step, d, &seed)
		x, y := shuffled(f, seed)
		bar := progress.Start(s.opt.Progress, step.Label, 1, "fits")
		defer bar.Done()
		head, err := probe.Fit(ctx, x, y, len(d.Task.Classes), s.probeOptions(func(done, total int) { bar.Resize(total); bar.Set(done, "") }))
		if err != nil {
			return fmt.Errorf("%s: %w", step.Label, err)
		}
		w.SetProvenance(prov.Finish())
		return w.WriteJSON("head.json", head)
	})
	if err != nil {
		return nil, "", err
	}
	head := &probe.Head{}
	return head, a.Key, a.ReadJSON("head.json", head)
}

func (s *Session) probeOptions(report func(done, total int)) probe.Options {
	return probe.Options{PaperCompatible: s.Profile.PaperCompatible, Progress: report}
}

// shuffled puts the training features in the order of the seed's first epoch.
func shuffled(f *Features, seed uint64) (*mat.Dense, []int) {
	x, y := f.Splits["train"], f.Labels["train"]
	n, h := x.Dims()
	out := mat.NewDense(n, h, nil)
	labels := make([]int, n)
	for i, row := range finetune.Order(seed, 0, n) {
		out.SetRow(i, x.RawRowView(row))
		labels[i] = y[row]
	}
	return out, labels
}

// PathStep is one point of linear probing's course: accuracy and norms after at most so many
// iterations (Figures 1 and 4).
type PathStep = probe.Step

// pathIterations are the maximum iterations of the course (protocol section 13).
var pathIterations = []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}

// ProbePath refits the chosen probe with growing maximum iterations.
func (s *Session) ProbePath(ctx context.Context, id string, seed uint64) ([]PathStep, error) {
	head, key, err := s.probe(ctx, id, seed)
	if err != nil {
		return nil, err
	}
	d, _, be, err := s.parts(ctx, id)
	if err != nil {
		return nil, err
	}
	f, err := s.PretrainedFeatures(ctx, id)
	if err != nil {
		return nil, err
	}
	step := store.Step{Kind: "probe-path", Version: pathVersion, Label: fmt.Sprintf("LP course %s, seed %d", id, seed),
		Inputs: map[string]any{"probe": key, "iterations": pathIterations}}
	a, err := s.Store.Do(ctx, step, func(ctx context.Context, w *store.Work) error {
		prov := s.provenance(be, step, d, &seed)
		x, y := shuffled(f, seed)
		path, err := probe.Path(ctx, x, y, len(d.Task.Classes), head.Kappa, pathIterations, s.probeOptions(nil))
		if err != nil {
			return fmt.Errorf("%s: %w", step.Label, err)
		}
		w.SetProvenance(prov.Finish())
		return w.WriteJSON("path.json", path)
	})
	if err != nil {
		return nil, err
	}
	var path []PathStep
	return path, a.ReadJSON("path.json", &path)
}

// Trained is a finished FT stage.
type Trained struct {
	Task   string
	Method Method
	Seed   uint64
	Key    string
	Dir    string // model.safetensors, config.json, run.json, with LoRA lora.safetensors
	Outcome
}

// Outcome is what run.json holds of a finished FT stage.
type Outcome struct {
	Head   *finetune.Head   `json:"head"`   // of the selected epoch
	Course *finetune.Course `json:"course"` // every step and evaluation
	Epoch  int              `json:"epoch"`  // the selected one, from 1
}

type finetuneInputs struct {
	Model  string          `json:"model"`
	Data   string          `json:"data"`
	MaxLen int             `json:"max_len"`
	Engine string          `json:"engine"`
	Method Method          `json:"method"`
	Recipe finetune.Recipe `json:"recipe"`
	Probe  string          `json:"probe,omitempty"` // key of the head's probe; empty: a random head
	LoRA   []float64       `json:"lora,omitempty"`  // r, α
}

// LoRA's rank and α in the paper (protocol section 7).
const (
	loraRank  = 8
	loraAlpha = 8
)

// Recipe is the FT stage's recipe of a task, method and seed in this profile.
func (s *Session) Recipe(id string, m Method, seed uint64) (finetune.Recipe, error) {
	rates, err := s.Profile.rates(id, m)
	if err != nil {
		return finetune.Recipe{}, err
	}
	plan := s.Profile.Tasks[id]
	r := finetune.Recipe{Epochs: s.Profile.Epochs, Batch: rates.Batch, LearningRate: rates.LearningRate, Clip: s.Profile.Clip,
		Seed: seed, Dropout: s.Profile.Dropout, EvalsPerEpoch: s.Profile.EvalsPerEpoch}
	if plan.Epochs > 0 {
		r.Epochs = plan.Epochs
	}
	if plan.EvalsPerEpoch > 0 {
		r.EvalsPerEpoch = plan.EvalsPerEpoch
	}
	return r, nil
}

// FineTune runs the FT stage of FT, LP-FT, LoRA or LP-LoRA.
func (s *Session) FineTune(ctx context.Context, id string, m Method, seed uint64) (*Trained, error) {
	d, model, be, err := s.parts(ctx, id)
	if err != nil {
		return nil, err
	}
	recipe, err := s.Recipe(id, m, seed)
	if err != nil {
		return nil, err
	}
	in := finetuneInputs{Model: model.Digest, Data: d.Digest, MaxLen: s.Profile.MaxLen, Engine: be.Engine, Method: m, Recipe: recipe}
	head := finetune.NewHead(len(d.Task.Classes), model.Config.Hidden, model.Config.InitRange, seed)
	if m.startsFromLP() {
		lp, key, err := s.probe(ctx, id, seed)
		if err != nil {
			return nil, err
		}
		head, in.Probe = headOf(lp), key
	}
	if m.lowRank() {
		in.LoRA = []float64{loraRank, loraAlpha}
	}
	step := store.Step{Kind: "finetune", Version: finetuneVersion, Label: fmt.Sprintf("%s %s, seed %d", m.Title(), id, seed), Inputs: in}
	a, err := s.Store.Do(ctx, step, func(ctx context.Context, w *store.Work) error {
		return s.train(ctx, w, be, model, d, step, in, head)
	})
	if err != nil {
		return nil, err
	}
	t := &Trained{Task: id, Method: m, Seed: seed, Key: a.Key, Dir: a.Dir}
	return t, a.ReadJSON("run.json", &t.Outcome)
}

// headOf converts a probe's head to float32.
func headOf(lp *probe.Head) *finetune.Head {
	h := &finetune.Head{Classes: lp.C, Hidden: lp.H}
	for _, v := range lp.Weight {
		h.Weight = append(h.Weight, float32(v))
	}
	for _, v := range lp.Bias {
		h.Bias = append(h.Bias, float32(v))
	}
	return h
}

// train is the body of FineTune.
func (s *Session) train(ctx context.Context, w *store.Work, be *backend.Backend, model *Model, d *task.Data, step store.Step, in finetuneInputs, head *finetune.Head) error {
	prov := s.provenance(be, step, d, &in.Recipe.Seed)
	start := finetune.Start{Head: head}
	var err error
	if start.Weights, err = model.Weights(); err != nil {
		return err
	}
	if in.LoRA != nil {
		if start.LoRA, err = encoder.NewLoRA(model.Config, model.Config.QueryValue(), loraRank, loraAlpha, in.Recipe.Seed); err != nil {
			return err
		}
	}
	var data finetune.Data
	if data.Train, err = s.set(ctx, d.Train); err != nil {
		return err
	}
	if data.Val, err = s.set(ctx, d.Val); err != nil {
		return err
	}
	var bar *progress.Task
	result, err := finetune.Run(ctx, be, start, data, in.Recipe, finetune.Hooks{
		Score:      s.scorer(d.Task),
		Checkpoint: &finetune.Checkpoint{Dir: w.ResumeDir(), Every: checkpointEvery},
		Progress: func(p finetune.Progress) {
			if bar == nil {
				bar = progress.Start(s.opt.Progress, step.Label, p.Steps, "steps")
				if p.Resumed {
					bar.Resume(p.Step - 1)
				}
			}
			bar.Set(p.Step, fmt.Sprintf("epoch %d, loss %.3f, best validation %.3f", p.Epoch, p.Loss, p.BestScore))
		},
	})
	if bar != nil {
		bar.Done()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", step.Label, err)
	}
	w.SetProvenance(prov.Finish())
	return saveTrained(w, result)
}

// scorer is the validation score that selects the epoch: the task's own metric.
func (s *Session) scorer(t *task.Task) func(logits []float64, labels []int, classes int) float64 {
	return func(logits []float64, labels []int, classes int) float64 {
		m := mat.NewDense(len(labels), classes, logits)
		score, err := Score(t, m, labels)
		if err != nil {
			return 0 // no row of a wrong shape can come from the training loop
		}
		return score
	}
}

// Score is a task's metric as a fraction: accuracy, or the Matthews correlation for CoLA.
func Score(t *task.Task, logits *mat.Dense, labels []int) (float64, error) {
	if t.Metric == "matthews" {
		return measure.Matthews(logits, labels)
	}
	return measure.Accuracy(logits, labels)
}

// saveTrained writes the selected model in Hugging Face's names, the head and the course.
func saveTrained(w *store.Work, r *finetune.Result) error {
	if err := r.Weights.Save(w.Dir()); err != nil {
		return err
	}
	if r.LoRA != nil {
		if err := r.LoRA.Save(filepath.Join(w.Dir(), loraFile)); err != nil {
			return err
		}
	}
	return w.WriteJSON("run.json", Outcome{Head: r.Head, Course: r.Course, Epoch: r.Epoch})
}

const loraFile = "lora.safetensors"

// TrainedFeatures are φ of a trained model on a task's test split: of the task it was trained
// on, or of a shifted test set.
func (s *Session) TrainedFeatures(ctx context.Context, t *Trained, id string) (*Features, error) {
	name := fmt.Sprintf("%s model of %s, seed %d", t.Method.Title(), t.Task, t.Seed)
	return s.features(ctx, id, []string{"test"}, t.Key, name, func(m *Model) (*encoder.Weights, *encoder.LoRAWeights, error) {
		w, err := encoder.LoadWeights(t.Dir, m.Config)
		if err != nil || !t.Method.lowRank() {
			return w, nil, err
		}
		lora, err := encoder.NewLoRA(m.Config, m.Config.QueryValue(), loraRank, loraAlpha, t.Seed)
		if err != nil {
			return nil, nil, err
		}
		return w, lora, lora.Load(filepath.Join(t.Dir, loraFile))
	})
}
