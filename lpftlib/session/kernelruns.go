package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lpft/kernels"
	"lpft/kernels/ntk"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/head"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
)

// kernelRunInputs is everything a training on a kernel's rows depends on.
type kernelRunInputs struct {
	finetuneInputs
	Rows     int    `json:"rows"`
	TestRows int    `json:"test_rows"`
	Frozen   string `json:"frozen,omitempty"` // part of the encoder
}

// kernelRunInputs puts them together.
func (s *Session) kernelRunInputs(ctx context.Context, run study.KernelRun) (in kernelRunInputs, err error) {
	if in.finetuneInputs, err = s.finetuneInputs(ctx, run.Spec); err != nil {
		return in, err
	}
	if in.Rows, in.TestRows, err = s.KernelRows(ctx, run.Task); err != nil {
		return in, err
	}
	if in.Frozen = run.Frozen; in.Frozen != "" && (run.Method.LowRank() || !slices.Contains(study.Parts(), in.Frozen)) {
		return in, fmt.Errorf("%s with %q frozen: expected FT or LP-FT, and one of %s", run.Method.Title(), in.Frozen, strings.Join(study.Parts(), ", "))
	}
	in.Recipe, err = s.kernelRecipe(ctx, run, in.Rows)
	return in, err
}

// kernelRecipe is the recipe of a training on a kernel's rows: without dropout, which a kernel knows nothing of, and with
// the batch and rate of FT or LoRA, from whichever head it starts.
func (s *Session) kernelRecipe(ctx context.Context, run study.KernelRun, rows int) (stage.Recipe, error) {
	if s.Profile.Beyond == nil {
		return stage.Recipe{}, fmt.Errorf("profile %s has no settings for what goes beyond the paper: give it a key \"beyond\"", s.Profile.Name)
	}
	from := study.FT
	if run.Method.LowRank() {
		from = study.LoRA
	}
	rates, err := s.rates(ctx, run.Task, from)
	if err != nil {
		return stage.Recipe{}, err
	}
	return stage.Recipe{Epochs: s.Profile.Beyond.Epochs, Batch: min(rates.Batch, rows), LearningRate: run.Multiple * rates.LearningRate,
		Clip: s.Profile.Clip, Seed: run.Seed, EvalsPerEpoch: 1, Optimiser: run.Optimiser}, nil
}

// kernelJob is a training on a kernel's rows, ready to be run.
type kernelJob struct {
	run  study.KernelRun
	in   kernelRunInputs
	head *head.Head
	rows kernels.Rows
	finetune.Data
}

// kernelJob brings what the training starts from; test rows stand where an FT stage has validation rows.
func (s *Session) kernelJob(ctx context.Context, run study.KernelRun, in kernelRunInputs) (j *kernelJob, err error) {
	j = &kernelJob{run: run, in: in}
	if j.head, err = s.StartHead(ctx, run.Spec); err != nil {
		return nil, err
	}
	if j.rows, err = s.kernelRows(ctx, run.Spec, in.Rows, in.TestRows); err != nil {
		return nil, err
	}
	j.Train.Labels, j.Val.Labels = j.rows.Labels, j.rows.LabelsTest
	if j.Train.Texts, err = s.someTexts(ctx, run.Task, "train", j.rows.Indices); err != nil {
		return nil, err
	}
	j.Val.Texts, err = s.someTexts(ctx, run.Task, "test", j.rows.IndicesTest)
	return j, err
}

// watched trains and shows the model to watch before the first step and after each.
func (s *Session) watched(ctx context.Context, j *kernelJob, label string, watch func(context.Context, *finetune.Moment) error) error {
	_, m, be, err := s.parts(ctx, j.run.Task)
	if err != nil {
		return err
	}
	start := finetune.Start{Head: j.head}
	if start.Weights, err = s.Weights(ctx); err != nil {
		return err
	}
	for _, spec := range m.Config.Specs() {
		if j.in.Frozen != "" && partOf(ntk.GroupOfTensor(spec.Name)) == j.in.Frozen {
			start.Frozen = append(start.Frozen, spec.Name)
		}
	}
	if j.in.LoRA != nil {
		if start.LoRA, err = s.newLoRA(m, j.run.Seed); err != nil {
			return err
		}
	}
	bar := progress.Start(s.opt.Progress, label, j.in.Recipe.Epochs*j.in.Recipe.StepsPerEpoch(j.in.Rows), "steps")
	defer bar.Done()
	return finetune.Watch(ctx, be, start, j.Data, j.in.Recipe, func(ctx context.Context, m *finetune.Moment) error {
		if m.Step > 0 {
			bar.Set(m.Step, fmt.Sprintf("loss %.3f", m.Loss))
		}
		return watch(ctx, m)
	})
}

// partOf is the part of the encoder that a parameter group belongs to: "attention" of "attention.3".
func partOf(group string) string {
	part, _, _ := strings.Cut(group, ".")
	return part
}
