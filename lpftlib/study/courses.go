package study

import (
	"lpft/lpftlib/paper"
	"lpft/lpftlib/stage"
)

// ProbeCourse is ‖V‖ over the iterations of linear probing, for [paper.Grows].
func ProbeCourse(name string, path []PathStep) paper.NormCourse {
	c := paper.NormCourse{Name: name}
	for _, step := range path {
		c.At, c.Norms = append(c.At, float64(step.MaxIter)), append(c.Norms, step.Norm)
	}
	return c
}

// TrainingCourse is ‖V‖ over the epochs of an FT stage, its start included.
func TrainingCourse(name string, course *stage.Course) paper.NormCourse {
	c := paper.NormCourse{Name: name}
	for _, point := range course.Points {
		c.At, c.Norms = append(c.At, point.Epoch), append(c.Norms, point.NormC)
	}
	return c
}

// AccuracyLabel names the accuracy that a method's course shows: linear probing's is of the training rows, an FT stage's of the
// validation rows.
func AccuracyLabel(m Method) string {
	if m.Trains() {
		return "validation accuracy"
	}
	return "training accuracy"
}
