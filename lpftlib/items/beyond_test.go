package items

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
)

// ended is a training that moved so far and whose prediction ended with such errors.
func ended(m study.Method, seed uint64, by stage.Optimiser, moved, err, head float64) *study.Following {
	p := study.FollowingPoint{Step: 1, Moved: moved, MovedTest: moved, Linear: study.Errors{Train: err}, Head: study.Errors{Train: head},
		Path: study.Errors{Train: err}, HeadPath: study.Errors{Train: head}}
	return &study.Following{KernelRun: study.KernelRun{Spec: study.Spec{Task: "cb", Method: m, Seed: seed}, Optimiser: by, Multiple: 1}, Points: []study.FollowingPoint{p}}
}

// outcomes are claims' outcomes in their order.
func outcomes(claims []paper.Claim) (out []paper.Outcome) {
	for _, c := range claims {
		out = append(out, c.Outcome)
	}
	return out
}

// Each statement about following can hold and fail, decides nothing on two seeds, and is none of the paper's claims.
func TestFollowingClaims(t *testing.T) {
	trainings := func(seeds uint64, lp, ft, head float64) (out []*study.Following) {
		for seed := range seeds {
			for _, by := range []stage.Optimiser{stage.SGD, stage.Adam} {
				out = append(out, ended(study.FT, seed, by, 1, ft, head), ended(study.LPFT, seed, by, 1, lp, head))
			}
		}
		return out
	}
	good := followingClaims(trainings(3, 0.1, 0.2, 0.9))
	require.Len(t, good, 12, "SGD, Adam, and Adam beside the path; at the end, as far moved, against the head alone, against nothing")
	for _, c := range good {
		require.Equal(t, paper.Holds, c.Outcome, c.Text)
		require.Equal(t, paper.Beyond, c.Kind)
	}
	for _, c := range followingClaims(trainings(3, 1.3, 1.2, 0.9)) {
		require.Equal(t, paper.Fails, c.Outcome, c.Text)
	}
	for _, c := range followingClaims(trainings(2, 0.1, 0.2, 0.9)) {
		require.Equal(t, paper.Undecided, c.Outcome, c.Text)
	}
	require.Empty(t, followingClaims(nil))

	byPath := trainings(3, 0.1, 0.2, 0.9) // near to the linear model, far from the path
	for _, f := range byPath {
		f.Points[0].Path.Train = map[study.Method]float64{study.FT: 1.2, study.LPFT: 1.3}[f.Method]
	}
	for _, c := range followingClaims(byPath) {
		want := paper.Holds
		if strings.Contains(c.Text, "path") {
			want = paper.Fails
		}
		require.Equal(t, want, c.Outcome, c.Text)
	}
}

// Where one method moves less, the other's error counts at that distance, not at its end.
func TestFollowingAtEqualDistance(t *testing.T) {
	var all []*study.Following
	for seed := range uint64(3) {
		ft := ended(study.FT, seed, stage.Adam, 1, 0.05, 0.9)
		ft.Points = append(ft.Points, ended(study.FT, seed, stage.Adam, 9, 0.8, 0.9).Points...)
		all = append(all, ft, ended(study.LPFT, seed, stage.Adam, 1, 0.1, 0.9))
	}
	got := followingClaims(all)
	require.Equal(t, paper.Holds, got[0].Outcome, "nearer at the end")
	require.Equal(t, paper.Fails, got[1].Outcome, "but only for having moved less")
}

func TestMovementClaims(t *testing.T) {
	moved := func(m study.Method, seed uint64, start, change, before, after float64) *study.Movement {
		return &study.Movement{KernelRun: study.KernelRun{Spec: study.Spec{Task: "cb", Method: m, Seed: seed}},
			Points: []study.MovementPoint{{Theta: study.KernelMove{Start: 1, Labels: &before}}, {Theta: study.KernelMove{Start: start, Change: change, Labels: &after}}}}
	}
	var good, bad []*study.Movement
	for seed := range uint64(3) {
		good = append(good, moved(study.FT, seed, 0.5, 2, 0.1, 0.3), moved(study.LPFT, seed, 0.9, 1, 0.1, 0.3))
		bad = append(bad, moved(study.FT, seed, 0.9, 1, 0.3, 0.1), moved(study.LPFT, seed, 0.5, 2, 0.3, 0.1))
	}
	require.Equal(t, []paper.Outcome{paper.Holds, paper.Holds, paper.Holds}, outcomes(movementClaims(good)))
	require.Equal(t, []paper.Outcome{paper.Fails, paper.Fails, paper.Fails}, outcomes(movementClaims(bad)))
	require.Equal(t, []paper.Outcome{paper.Undecided, paper.Undecided, paper.Undecided}, outcomes(movementClaims(good[:4])))

	for _, m := range good { // rows of one class alone: nothing is turned towards, the rest stands
		m.Points[0].Theta.Labels, m.Points[1].Theta.Labels = nil, nil
	}
	require.Equal(t, []paper.Outcome{paper.Holds, paper.Holds, paper.Undecided}, outcomes(movementClaims(good)))
	var whole, groups report.Table
	require.NoError(t, addMovement(&whole, &groups, bySetting(good)[0]))
	require.Contains(t, whole.Rows[2].Cells, report.Cell{Ours: "-"})
}

// A profile without settings for them has no such items, and needs nothing for them.
func TestItemsBeyondCanBeOff(t *testing.T) {
	s := toy(t, 1001)
	s.Profile.Beyond = nil
	for _, item := range []Item{following(), movement(), stability(), places(), norms()} {
		steps, err := item.Needs(t.Context(), s)
		require.NoError(t, err)
		require.Empty(t, steps)
		built, err := item.Build(t.Context(), s, nil)
		require.NoError(t, err)
		require.Contains(t, built.Missing, `a profile with the key "beyond"`)
		require.Empty(t, built.Claims)
	}
}

// Captions name the seeds that were run, where those are not the profile's.
func TestSeedsOfWhatGoesBeyond(t *testing.T) {
	p := &study.Profile{Seeds: []uint64{1}, Beyond: &study.Beyond{Seeds: []uint64{1, 2, 3}, Orders: []uint64{7, 8}}}
	for _, it := range All() {
		want := p.Seeds
		switch {
		case it.ID == "stability":
			want = p.Beyond.Orders
		case it.Part == beyond:
			want = p.Beyond.Seeds
		}
		require.Equal(t, want, it.seedsOf(p), it.ID)
	}
}
