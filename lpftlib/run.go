package lpftlib

import (
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/study"
	"lpft/lpftlib/worker"
)

// Run is a finished FT stage: the head at its start and of the selected epoch, and the course between.
type Run struct {
	*study.Trained
	task *Task
}

// Features are φ of the trained model on a split of the run's task [n, h].
func (r *Run) Features(split string) *mat.Dense {
	return matrix(ask(r.task.study, worker.TrainedFeatures, worker.TrainedArgs{Run: worker.RunOf(r.Spec), Task: r.task.ID, Split: split}))
}

// Logits are f(x) = Vφ(x) + b of the trained model on a split [n, C].
func (r *Run) Logits(split string) *mat.Dense { return r.Head.Logits(r.Features(split)) }
