package lpftlib

import (
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/dataset"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
	"lpft/lpftlib/worker"
)

// Task is a data set of a study.
type Task struct {
	ID      string
	Classes []string

	study *Study
	about worker.Task
}

// Examples are the rows of a split: "train", "val" or "test".
func (t *Task) Examples(split string) []dataset.Example {
	return ask(t.study, worker.Examples, worker.SplitArgs{Task: t.ID, Split: split})
}

// Labels are the class ids of a split [n].
func (t *Task) Labels(split string) []int { return study.Labels(t.Examples(split)) }

// Tokens are the ids of a split's texts as the model reads them, special ones included.
func (t *Task) Tokens(split string) [][]int32 {
	return ask(t.study, worker.Tokens, worker.SplitArgs{Task: t.ID, Split: split})
}

// Features are φ of the pre-trained model on a split [n, h]: the last layer's output at the first token, in
// evaluation mode.
func (t *Task) Features(split string) *mat.Dense { return t.features(split, nil) }

// Layer are the same after the first so many layers of the pre-trained model; 0 is the embeddings.
func (t *Task) Layer(layers int, split string) *mat.Dense { return t.features(split, &layers) }

func (t *Task) features(split string, layers *int) *mat.Dense {
	return matrix(ask(t.study, worker.Features, worker.FeaturesArgs{SplitArgs: worker.SplitArgs{Task: t.ID, Split: split}, Layers: layers}))
}

// Probe is linear probing: V, b, the strength κ* and the scores that chose it.
func (t *Task) Probe(seed uint64) *probe.Fitted {
	return ask(t.study, worker.Probe, worker.SeedArgs{Task: t.ID, Seed: seed})
}

// ProbePath is the course of linear probing, iteration by iteration.
func (t *Task) ProbePath(seed uint64) []study.PathStep {
	return ask(t.study, worker.ProbePath, worker.SeedArgs{Task: t.ID, Seed: seed})
}

// Recipe is what a method's FT stage follows here: epochs, batch, learning rate and the rest.
func (t *Task) Recipe(m Method, seed uint64) stage.Recipe {
	return ask(t.study, worker.Recipe, worker.RunOf(t.spec(m, seed)))
}

func (t *Task) spec(m Method, seed uint64) study.Spec {
	return study.Spec{Task: t.ID, Method: m, Seed: seed}
}

// Train runs the FT stage of FT, LP-FT, LoRA or LP-LoRA, or finds its result.
func (t *Task) Train(m Method, seed uint64) *Run { return t.TrainAs(t.spec(m, seed)) }

// TrainAs is Train of a run that is described in full: its head scaled, or with a batch and a learning rate of its own.
// The task is t whatever the description says.
func (t *Task) TrainAs(run study.Spec) *Run {
	run.Task = t.ID
	trained := ask(t.study, worker.Train, worker.RunOf(run))
	trained.Spec = run
	return &Run{Trained: trained, task: t}
}

// Kernel is the NTK at the start of a method's FT stage: P, F by parameter group, Θ, features and logits, on
// rows drawn with the seed.
func (t *Task) Kernel(m Method, seed uint64) *kernels.NTK {
	return kernel(ask(t.study, worker.Kernel, worker.RunOf(t.spec(m, seed))))
}

// TestSets are the test sets of the task's models: its own, and the shifted ones that the profile names and that are there.
func (t *Task) TestSets() []string { return ask(t.study, worker.TestSets, worker.TaskArgs{Task: t.ID}) }

// Measure takes every number of a run on the task's own test set.
func (t *Task) Measure(m Method, seed uint64) study.Measures { return t.MeasureOn(t.ID, m, seed) }

// MeasureOn takes every number of a run on another test set.
func (t *Task) MeasureOn(testSet string, m Method, seed uint64) study.Measures {
	return *ask(t.study, worker.Measure, worker.MeasureArgs{Run: worker.RunOf(t.spec(m, seed)), TestSet: testSet, Split: "test"})
}

// Sweep measures methods with their head scaled to each of the profile's norms before the FT stage.
func (t *Task) Sweep(methods ...Method) []study.Measures {
	return ask(t.study, worker.Sweep, worker.SweepArgs{Task: t.ID, Methods: methods})
}

// Layout lays features and the rows of V, before and after a method's FT stage, out in the plane by t-SNE.
func (t *Task) Layout(m Method, seed uint64) []study.LayoutPoint {
	return ask(t.study, worker.Layout, worker.RunOf(t.spec(m, seed)))
}

// Following trains on the very rows of a method's kernel, without dropout, and compares the logits on the way with what the
// kernel at the start predicts. The rate is a multiple of the one that Table 6 has for FT, or for LoRA.
func (t *Task) Following(m Method, seed uint64, by stage.Optimiser, multiple float64) *study.Following {
	return ask(t.study, worker.Following, study.KernelRun{Spec: t.spec(m, seed), Optimiser: by, Multiple: multiple})
}

// Movement trains likewise and computes the kernel anew after every epoch: how it changes, and whether it turns to the
// labels.
func (t *Task) Movement(m Method, seed uint64, by stage.Optimiser, multiple float64) *study.Movement {
	return ask(t.study, worker.Movement, study.KernelRun{Spec: t.spec(m, seed), Optimiser: by, Multiple: multiple})
}

// Places trains likewise: where in the network the kernel at the start works, and how far the training has moved the
// features of each layer.
func (t *Task) Places(m Method, seed uint64, by stage.Optimiser, multiple float64) *study.Places {
	return ask(t.study, worker.Places, study.KernelRun{Spec: t.spec(m, seed), Optimiser: by, Multiple: multiple})
}

// Freezing trains likewise by plain gradient descent, as it is and with each part of the encoder frozen: what that changes,
// and what the kernel at the start predicts of it.
func (t *Task) Freezing(m Method, seed uint64, multiple float64) *study.Freezing {
	return ask(t.study, worker.Freezing, study.KernelRun{Spec: t.spec(m, seed), Optimiser: stage.SGD, Multiple: multiple})
}

// ScaledStart trains likewise by Adam at the rate of Table 6 from a head scaled to a norm: how far features move, and what
// the kernel knew of it before.
func (t *Task) ScaledStart(m Method, seed uint64, norm float64) *study.ScaledStart {
	run := study.KernelRun{Spec: t.spec(m, seed), Multiple: 1}
	run.Scaling = study.Scaling{Norm: norm, Reading: "A"}
	return ask(t.study, worker.ScaledStart, run)
}

// Stability is linear probing with the training rows in the order of a seed: κ* and ‖V‖ for each of the profile's numbers
// of folds and each stopping rule.
func (t *Task) Stability(order uint64) *study.Stability {
	return ask(t.study, worker.Stability, worker.SeedArgs{Task: t.ID, Seed: order})
}

// Strengths are the heads of every κ of the grid, fitted to all training rows.
func (t *Task) Strengths() []study.ProbeStrength {
	return ask(t.study, worker.Strengths, worker.TaskArgs{Task: t.ID})
}
