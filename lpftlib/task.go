package lpftlib

import (
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
)

// Task is a data set of a study.
type Task struct {
	ID      string
	Classes []string

	study *Study
}

// Examples are the rows of a split: "train", "val" or "test".
func (t *Task) Examples(split string) []task.Example {
	return Must(t.study.session.Examples(t.study.ctx, t.ID, split))
}

// Labels are the class ids of a split [n].
func (t *Task) Labels(split string) []int { return study.Labels(t.Examples(split)) }

// Features are φ of the pre-trained model on a split [n, h]: the last layer's output at the first token, in
// evaluation mode.
func (t *Task) Features(split string) *mat.Dense {
	return Must(Must(t.study.session.PretrainedFeatures(t.study.ctx, t.ID)).Split(split))
}

// Layer are the same after the first so many layers of the pre-trained model; 0 is the embeddings.
func (t *Task) Layer(layers int, split string) *mat.Dense {
	return Must(Must(t.study.session.PretrainedLayer(t.study.ctx, t.ID, layers)).Split(split))
}

// Probe is linear probing: V, b, the strength κ* and the scores that chose it.
func (t *Task) Probe(seed uint64) *probe.Fitted {
	return Must(t.study.session.Probe(t.study.ctx, t.ID, seed))
}

// ProbePath is the course of linear probing, iteration by iteration.
func (t *Task) ProbePath(seed uint64) []study.PathStep {
	return Must(t.study.session.ProbePath(t.study.ctx, t.ID, seed))
}

// Train runs the FT stage of FT, LP-FT, LoRA or LP-LoRA, or finds its result.
func (t *Task) Train(m Method, seed uint64) *Run { return t.TrainAs(study.Spec{Method: m, Seed: seed}) }

// TrainAs is Train of a run that is described in full: its head scaled, or with a batch and a learning rate of its own.
// The task is t whatever the description says.
func (t *Task) TrainAs(run study.Spec) *Run {
	run.Task = t.ID
	return &Run{Trained: Must(t.study.session.Train(t.study.ctx, run)), task: t}
}

// Kernel is the NTK at the start of a method's FT stage: P, F by parameter group, Θ, features and logits, on
// rows drawn with the seed.
func (t *Task) Kernel(m Method, seed uint64) *kernels.NTK {
	return Must(t.study.session.KernelArrays(t.study.ctx, study.Spec{Task: t.ID, Method: m, Seed: seed}))
}

// Measure takes every number of a run on the task's own test set.
func (t *Task) Measure(m Method, seed uint64) study.Measures {
	return *Must(t.study.session.Measure(t.study.ctx, study.Spec{Task: t.ID, Method: m, Seed: seed}))
}

// Sweep measures methods with their head scaled to each of the profile's norms before the FT stage.
func (t *Task) Sweep(methods ...Method) []study.Measures {
	return Must(t.study.session.NormSweep(t.study.ctx, t.ID, methods))
}

// Layout lays features and the rows of V, before and after a method's FT stage, out in the plane by t-SNE.
func (t *Task) Layout(m Method, seed uint64) []study.LayoutPoint {
	return Must(t.study.session.Layout(t.study.ctx, t.ID, m, seed))
}
