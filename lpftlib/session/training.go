package session

import (
	"context"
	"fmt"
	"time"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/head"
	"lpft/lpftlib/measure"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
)

// checkpointEvery is the most training time that a kill can cost.
const checkpointEvery = 20 * time.Second

// finetuneInputs is everything an FT stage depends on.
type finetuneInputs struct {
	Model   string         `json:"model"`
	Data    string         `json:"data"`
	MaxLen  int            `json:"max_len"`
	Engine  string         `json:"engine"`
	Method  study.Method   `json:"method"`
	Recipe  stage.Recipe   `json:"recipe"`
	Probe   string         `json:"probe,omitempty"` // key of the head's probe; empty: a random head
	LoRA    []float64      `json:"lora,omitempty"`  // r, α
	Scaling *study.Scaling `json:"scaling,omitempty"`
	Select  string         `json:"select,omitempty"` // "accuracy" where that is not the task's own metric
}

// Recipe is the FT stage's recipe of a run in this profile.
func (s *Session) Recipe(ctx context.Context, run study.Spec) (stage.Recipe, error) {
	rates := &run.Rates
	if run.Rates == (study.Rates{}) {
		var err error
		if rates, err = s.rates(ctx, run.Task, run.Method); err != nil {
			return stage.Recipe{}, err
		}
	}
	plan := s.Profile.Plan(run.Task)
	r := stage.Recipe{Epochs: s.Profile.Epochs, Batch: rates.Batch, LearningRate: rates.LearningRate, Clip: s.Profile.Clip,
		Seed: run.Seed, Dropout: s.Profile.Dropout, EvalsPerEpoch: s.Profile.EvalsPerEpoch}
	if plan.Epochs > 0 {
		r.Epochs = plan.Epochs
	}
	if plan.EvalsPerEpoch > 0 {
		r.EvalsPerEpoch = plan.EvalsPerEpoch
	}
	return r, nil
}

// FineTune runs the FT stage of FT, LP-FT, LoRA or LP-LoRA as the profile has it.
func (s *Session) FineTune(ctx context.Context, id string, m study.Method, seed uint64) (*study.Trained, error) {
	return s.Train(ctx, study.Spec{Task: id, Method: m, Seed: seed})
}

// Train runs the FT stage of a run, or finds its result.
func (s *Session) Train(ctx context.Context, run study.Spec) (*study.Trained, error) {
	step, err := s.trainStep(ctx, run)
	if err != nil {
		return nil, err
	}
	return s.trainedAs(ctx, run, step)
}

// trainedWhole is Train for those who need the model itself: where its weights were dropped, it is trained again.
func (s *Session) trainedWhole(ctx context.Context, run study.Spec) (*study.Trained, error) {
	step, err := s.trainStep(ctx, run)
	if err != nil {
		return nil, err
	}
	step.Whole = true
	return s.trainedAs(ctx, run, step)
}

func (s *Session) trainedAs(ctx context.Context, run study.Spec, step store.Step) (*study.Trained, error) {
	var job *job
	before := func(ctx context.Context) (err error) {
		job, err = s.job(ctx, run, step.Inputs.(finetuneInputs))
		return err
	}
	a, err := s.once(ctx, step, before, func(ctx context.Context, w *store.Work) error {
		return s.train(ctx, w, job, step, func(r *finetune.Result) error { return saveTrained(w, job.head, r) })
	})
	if err != nil {
		return nil, err
	}
	t := &study.Trained{Spec: run, Key: a.Key, Dir: a.Dir}
	return t, a.ReadJSON("run.json", &t.Outcome)
}

// job is an FT stage ready to be run.
type job struct {
	run   study.Spec
	data  *task.Data
	model *Model
	be    *backend.Backend
	in    finetuneInputs
	head  *head.Head // V0, b0
}

// job puts together what an FT stage starts from.
func (s *Session) job(ctx context.Context, run study.Spec, in finetuneInputs) (*job, error) {
	d, model, be, err := s.parts(ctx, run.Task)
	if err != nil {
		return nil, err
	}
	head, err := s.StartHead(ctx, run)
	return &job{run, d, model, be, in, head}, err
}

// StartHead is V0, b0: random or the linear probe's, scaled where the run says so.
func (s *Session) StartHead(ctx context.Context, run study.Spec) (*head.Head, error) {
	d, model, _, err := s.parts(ctx, run.Task)
	if err != nil {
		return nil, err
	}
	head := finetune.NewHead(len(d.Task.Classes), model.Config.Hidden, model.Config.InitRange, run.Seed)
	if run.Method.StartsFromLP() || run.Method == study.LP {
		lp, err := s.Probe(ctx, run.Task, run.Seed)
		if err != nil {
			return nil, err
		}
		head = lp.Head
	}
	switch run.Scaling.Reading {
	case "A":
		return head.ScaleTo(run.Scaling.Norm)
	case "B":
		return head.ScaleBy(run.Scaling.Norm), nil
	}
	return head, nil
}

// StartNote says in words which head StartHead gives a method.
func (s *Session) StartNote(m study.Method) string {
	if !m.StartsFromLP() && m != study.LP {
		return "random"
	}
	note := "linear probing of the whole training split, to " + s.StopNote()
	if s.Profile.PaperCompatible {
		return note + ", halved where there are two classes"
	}
	return note + ", not halved"
}

// StartNorm is ‖V0‖_F of a method's head before the FT stage, unscaled.
func (s *Session) StartNorm(ctx context.Context, id string, m study.Method, seed uint64) (float64, error) {
	head, err := s.StartHead(ctx, study.Spec{Task: id, Method: m, Seed: seed})
	if err != nil {
		return 0, err
	}
	return head.Norm(), nil
}

// factors are r and α of the profile, as keys and records hold them. A rank that the model cannot have is refused here,
// before anything is computed for it.
func (s *Session) factors(model *Model) ([]float64, error) {
	err := model.Config.CheckRank(model.Config.QueryValue(), s.Profile.LoRARank)
	return []float64{float64(s.Profile.LoRARank), s.Profile.LoRAAlpha}, err
}

// newLoRA draws the factors of a seed, B = 0.
func (s *Session) newLoRA(model *Model, seed uint64) (*encoder.LoRAWeights, error) {
	return encoder.NewLoRA(model.Config, model.Config.QueryValue(), s.Profile.LoRARank, s.Profile.LoRAAlpha, seed)
}

// train is the body of a step that trains; save keeps what it wants of the result.
func (s *Session) train(ctx context.Context, w *store.Work, job *job, step store.Step, save func(*finetune.Result) error) error {
	prov := s.provenance(job.be, step, job.data, &job.run.Seed)
	start := finetune.Start{Head: job.head}
	var err error
	if start.Weights, err = s.Weights(ctx); err != nil {
		return err
	}
	if job.in.LoRA != nil {
		if start.LoRA, err = s.newLoRA(job.model, job.run.Seed); err != nil {
			return err
		}
	}
	var data finetune.Data
	if data.Train, err = s.set(ctx, job.run.Task, "train"); err != nil {
		return err
	}
	if data.Val, err = s.set(ctx, job.run.Task, "val"); err != nil {
		return err
	}
	if start.ValFeatures, err = s.valFeatures(ctx, job.run.Task); err != nil {
		return err
	}
	var bar *progress.Task
	result, err := finetune.Run(ctx, job.be, start, data, job.in.Recipe, finetune.Hooks{
		Score:      scorer(job.data.Task, job.in.Select),
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
	return save(result)
}

// valFeatures are the pre-trained model's φ of the validation rows where the store has them, nil where not.
func (s *Session) valFeatures(ctx context.Context, id string) ([]float32, error) {
	step, err := s.pretrainedStep(ctx, id)
	if err != nil {
		return nil, err
	}
	a, ok, err := s.Store.Find(ctx, step)
	if err != nil || !ok {
		return nil, nil // what cannot be trusted is computed here
	}
	array, err := a.ReadNpy("val.npy")
	if err != nil {
		return nil, err
	}
	return array.Float32, nil
}

// scorer is the validation score that selects the epoch: the task's own metric, or accuracy.
func scorer(t *task.Task, by string) func(logits []float64, labels []int, classes int) (float64, error) {
	return func(logits []float64, labels []int, classes int) (float64, error) {
		m := mat.NewDense(len(labels), classes, logits)
		if by == study.SelectAccuracy {
			return measure.Accuracy(m, labels)
		}
		return Score(t, m, labels)
	}
}

// Score is a task's metric as a fraction: accuracy, or the Matthews correlation for CoLA.
func Score(t *task.Task, logits *mat.Dense, labels []int) (float64, error) {
	if t.Metric == task.Matthews {
		return measure.Matthews(logits, labels)
	}
	return measure.Accuracy(logits, labels)
}

// saveTrained writes the selected model as Python loads it (with LoRA the adapter alone: the rest
// is the pre-trained model's), the heads and the course.
func saveTrained(w *store.Work, start *head.Head, r *finetune.Result) error {
	save := func() error { return r.Weights.Save(w.Dir()) }
	if r.LoRA != nil {
		save = func() error { return r.LoRA.SavePEFT(w.Dir(), r.Weights.Config) }
	}
	if err := save(); err != nil {
		return err
	}
	return w.WriteJSON("run.json", study.Outcome{Start: start, Head: r.Head, Course: r.Course, Epoch: r.Epoch})
}
