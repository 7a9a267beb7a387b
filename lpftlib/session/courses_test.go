package session

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/study"
)

// Courses are judged point by point, and a panel says whose accuracy it shows.
func TestCourses(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	path, err := s.ProbePath(t.Context(), "toy", 1001)
	require.NoError(t, err)
	probe := study.ProbeCourse("toy", path)
	require.Len(t, probe.Norms, len(path))
	require.Equal(t, 1.0, probe.At[0])
	run, err := s.FineTune(t.Context(), "toy", study.FT, 1001)
	require.NoError(t, err)
	trained := study.TrainingCourse("toy", run.Course)
	require.Len(t, trained.Norms, len(run.Course.Points))
	require.Zero(t, trained.At[0])
	require.InEpsilon(t, run.Start.Norm(), trained.Norms[0], 1e-6)
	claim := paper.Grows(paper.Ordering, "‖V‖ grows during LP", []paper.NormCourse{probe})
	require.Equal(t, 1, claim.N)

	path[1].Norm = path[0].Norm / 2
	fallen := paper.Grows(paper.Ordering, "‖V‖ grows during LP", []paper.NormCourse{study.ProbeCourse("toy", path)})
	require.Equal(t, paper.Fails, fallen.Outcome)
	require.Contains(t, fallen.Explanation, "at 1 to")

	require.Equal(t, "training accuracy", study.AccuracyLabel(study.LP))
	require.Equal(t, "validation accuracy", study.AccuracyLabel(study.LPFT))
}
