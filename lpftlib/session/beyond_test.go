package session

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/kernels"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// kernelRun is a training on the kernel's rows of the toy task.
func kernelRun(m study.Method, by stage.Optimiser, multiple float64) study.KernelRun {
	return study.KernelRun{Spec: study.Spec{Task: "toy", Method: m, Seed: 1001}, Optimiser: by, Multiple: multiple}
}

// computed counts the steps that a session computed so far.
func computed(t *testing.T, s *Session) (n int) {
	t.Helper()
	log, err := s.Store.Log()
	require.NoError(t, err)
	for _, e := range log {
		if e.What == store.Computed {
			n++
		}
	}
	return n
}

// At small rates gradient descent goes where the kernel says, of every method, and the encoder's part is needed for it;
// the plan knows the steps, and asking again computes nothing.
func TestFollowing(t *testing.T) {
	ctx := t.Context()
	s := open(t, t.TempDir(), 1001)
	runs := []study.KernelRun{kernelRun(study.FT, stage.Adam, 1), kernelRun(study.FT, stage.Adam, 0.1), kernelRun(study.LoRA, stage.Adam, 0.1)}
	for _, m := range []study.Method{study.FT, study.LPFT, study.LoRA} {
		runs = append(runs, kernelRun(m, stage.SGD, 2), kernelRun(m, stage.SGD, 20))
	}
	planned, err := s.PlanFollowing(ctx, runs)
	require.NoError(t, err)
	all := map[string]*study.Following{}
	for _, run := range runs {
		f, err := s.Following(ctx, run)
		require.NoError(t, err)
		all[run.String()] = f
		require.Len(t, f.Points, len(study.RecordedSteps(s.Profile.Beyond.Epochs)), "12 rows are one batch")
		for _, p := range f.Points {
			require.Positive(t, p.Linear.Train)
			require.LessOrEqual(t, p.Path.Train, 1.0, "the path begins where nothing has moved")
			require.Positive(t, p.Moved)
		}
	}
	require.Len(t, planned, computed(t, s), "all that was computed was planned, and no more")
	again, err := s.Following(ctx, runs[0])
	require.NoError(t, err)
	require.Equal(t, all[runs[0].String()], again)
	require.Len(t, planned, computed(t, s))

	for _, m := range []study.Method{study.FT, study.LPFT, study.LoRA} {
		slow, fast := all[kernelRun(m, stage.SGD, 2).String()].Last(), all[kernelRun(m, stage.SGD, 20).String()].Last()
		require.Less(t, slow.Linear.Train, 0.05, m)
		require.Less(t, slow.Linear.Test, 0.05, m)
		require.Less(t, slow.Linear.Train, fast.Linear.Train, m)
		require.Less(t, slow.Moved, fast.Moved, m)
	}
	slow, fast := all[kernelRun(study.FT, stage.Adam, 0.1).String()].Last(), all[kernelRun(study.FT, stage.Adam, 1).String()].Last()
	require.Less(t, slow.Linear.Train, 0.05)
	require.Less(t, slow.Linear.Test, 0.05)
	require.Less(t, slow.Linear.Train, fast.Linear.Train)
	require.Less(t, slow.Linear.Train, slow.Path.Train, "Adam does not go the gradient's way")
	require.Less(t, all[kernelRun(study.LoRA, stage.Adam, 0.1).String()].Last().Linear.Train, 0.05)
	ft := all[kernelRun(study.FT, stage.SGD, 2).String()]
	require.Less(t, ft.Last().Linear.Train, ft.Last().Head.Train/2, "P alone leaves out what the encoder does")
	require.Less(t, ft.Last().Path.Train, 0.1, "full batches with a falling rate are the flow at another speed")
	lp := all[kernelRun(study.LPFT, stage.SGD, 2).String()]
	require.Equal(t, ft.Recipe, lp.Recipe, "the methods differ in the head alone")
}

// Steps that float32 cannot hold are refused by name: their error would be rounding.
func TestFollowingRefusesStepsLostInRounding(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	_, err := s.Following(t.Context(), kernelRun(study.FT, stage.SGD, 1e-12))
	require.ErrorContains(t, err, "lost in the rounding of float32")
	s.Profile.Beyond = nil
	_, err = s.Following(t.Context(), kernelRun(study.FT, stage.SGD, 1))
	require.ErrorContains(t, err, `give it a key "beyond"`)
}

// The kernel that the store has of a training's start is the kernel of the model that the training starts from.
func TestMovementStartsFromTheStoresKernel(t *testing.T) {
	ctx, seen := t.Context(), errors.New("seen enough")
	s := open(t, t.TempDir(), 1001)
	for _, m := range []study.Method{study.FT, study.LPFT, study.LoRA} {
		run := kernelRun(m, stage.Adam, 1)
		stored, err := s.KernelArrays(ctx, run.Spec)
		require.NoError(t, err)
		in, err := s.kernelRunInputs(ctx, run)
		require.NoError(t, err)
		job, err := s.kernelJob(ctx, run, in)
		require.NoError(t, err)
		require.ErrorIs(t, s.watched(ctx, job, "start", func(ctx context.Context, at *finetune.Moment) error {
			k, err := s.kernelAt(ctx, job, at)
			require.NoError(t, err)
			change, err := kernels.RelativeChange(k.Theta, stored.Theta)
			require.NoError(t, err)
			require.Less(t, change, 1e-5)
			return seen
		}), seen)
	}
}

// The kernel at the start is the kernel's own; training moves it, and the parts of F make up F.
func TestMovement(t *testing.T) {
	ctx := t.Context()
	s := open(t, t.TempDir(), 1001)
	run := kernelRun(study.LPFT, stage.Adam, 1)
	planned, err := s.PlanMovement(ctx, []study.KernelRun{run})
	require.NoError(t, err)
	m, err := s.Movement(ctx, run)
	require.NoError(t, err)
	require.Len(t, planned, computed(t, s))
	require.Len(t, m.Points, 1+s.Profile.Beyond.Epochs)
	start, end := m.Points[0], m.Last()
	for _, k := range []study.KernelMove{start.P, start.F, start.Theta} {
		require.InEpsilon(t, 1, k.Start, 1e-9)
		require.Zero(t, k.Change)
		require.Zero(t, k.Velocity)
	}
	for _, k := range []study.KernelMove{end.P, end.F, end.Theta} {
		require.True(t, 0 < k.Start && k.Start < 1, "%v", k)
		require.Positive(t, k.Change)
		require.Positive(t, k.Velocity)
		require.True(t, 1 <= k.Rank && k.Rank <= 36, "%v", k)
	}
	shares := 0.0
	for _, g := range end.Groups {
		shares += g.Share
	}
	require.InEpsilon(t, 1, shares, 1e-9)
	require.InEpsilon(t, m.Points[1].Theta.Change, m.Points[1].Theta.Velocity, 1e-9, "in the first epoch both are the same way")

	kernel, err := s.KernelStats(ctx, run.Spec)
	require.NoError(t, err)
	for i, name := range kernel.Groups {
		require.Equal(t, name, start.Groups[i].Name)
		require.InEpsilon(t, kernel.Shares[i], start.Groups[i].Share, 1e-4, name)
	}
}
