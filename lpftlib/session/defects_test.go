package session

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// The known defects of docs/protocol.md are those that are measured, or said to be beyond measuring.
func TestDefectsAreThoseOfTheProtocol(t *testing.T) {
	raw, err := os.ReadFile("../../docs/protocol.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(raw), "## Known defects")
	require.True(t, ok)
	listed := map[int]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+) \|`).FindAllStringSubmatch(table, -1) {
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		listed[n] = true
	}
	measured := map[int]bool{}
	for _, d := range defects {
		measured[d.number] = true
	}
	require.Equal(t, listed, measured)
}

// values gives a defect's rows by the start of their quantity.
func quantity(t *testing.T, rows []DefectRow, number int, start string) DefectRow {
	t.Helper()
	for _, r := range rows {
		if r.Number == number && strings.HasPrefix(r.Quantity, start) {
			return r
		}
	}
	require.Fail(t, "no row", "defect %d, %s: %+v", number, start, rows)
	return DefectRow{}
}

// On a set of two classes, scored by Matthews' correlation, with two seeds, nearly every defect has both values; they are
// computed once, and as planned; each differs as the defect says.
func TestDefectsAreMeasured(t *testing.T) {
	ctx := t.Context()
	home, path := t.TempDir(), ownTask(t, "csv")
	openTwo := func() *Session { return openWith(t, home, Options{Tasks: []string{path}, Seeds: []uint64{1, 2}}) }
	s := openTwo()
	planned, err := s.PlanDefects(ctx)
	require.NoError(t, err)
	rows, err := s.Defects(ctx)
	require.NoError(t, err)
	log, err := s.Store.Log()
	require.NoError(t, err)
	computed := 0
	for _, e := range log {
		if e.What == store.Computed {
			computed++
		}
	}
	require.Len(t, planned, computed)
	for _, r := range rows {
		require.Equal(t, r.Missing != "", math.IsNaN(r.A) || math.IsNaN(r.B), "%+v", r)
		require.Equal(t, r.Missing == "", r.Quantity != "", "%+v", r)
	}

	norm := quantity(t, rows, 3, "Norm(C) of LP")
	require.InEpsilon(t, norm.B/2, norm.A, 1e-12)
	f := quantity(t, rows, 3, "‖F‖ of LP-FT")
	require.InEpsilon(t, f.B/4, f.A, 1e-9)
	diff := quantity(t, rows, 3, "Diff(F) of LP-FT")
	require.NotEqual(t, diff.A, diff.B)
	own, err := s.Measure(ctx, study.Spec{Task: "mine", Method: study.LPFT, Seed: 1})
	require.NoError(t, err)
	require.Equal(t, own.Diff, diff.A, "the smoke profile halves")

	share := quantity(t, rows, 2, "word embedding's share")
	require.Positive(t, share.B)
	require.NotEqual(t, share.A, share.B)
	alpha := quantity(t, rows, 6, "‖F‖ of LoRA")
	require.InEpsilon(t, 4, alpha.A/alpha.B, 1e-4, "α twice as large, F four-fold")
	require.NotEqual(t, quantity(t, rows, 12, "‖P‖").A, quantity(t, rows, 12, "‖P‖").B)
	errors := quantity(t, rows, 15, "scatter")
	require.InEpsilon(t, errors.B/math.Sqrt2, errors.A, 1e-12)
	require.NotZero(t, quantity(t, rows, 7, "selected epoch").B)
	require.Equal(t, 24.8, quantity(t, rows, 14, "Norm(C) of LP on cb").A)
	for _, number := range []int{1, 8, 13, 23, 27, 28} {
		require.NotEmpty(t, quantity(t, rows, number, "").Missing, "this session has nothing of defect %d", number)
	}

	again, err := openTwo().Defects(ctx)
	require.NoError(t, err)
	require.Len(t, again, len(rows))
	for what := range events(t, s, len(log)) {
		require.True(t, strings.HasSuffix(what, store.Reused), what)
	}
	runs, bad := Runs(s.Store)
	require.Empty(t, bad)
	for _, r := range runs {
		require.True(t, r.Setting.PaperCompatible, "the other half is a control, no run")
		require.Equal(t, "test", r.Split)
	}
}

// With three classes and one seed the rows say why they are empty.
func TestDefectsWithoutTheirData(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	s.Profile.Methods = []study.Method{study.Pretrained, study.LP, study.FT, study.LPFT}
	rows, err := s.Defects(t.Context())
	require.NoError(t, err)
	require.Contains(t, quantity(t, rows, 3, "").Missing, "two classes")
	require.Contains(t, quantity(t, rows, 9, "").Missing, "this session has 1")
	require.Contains(t, quantity(t, rows, 8, "").Missing, "MRPC")
	require.Empty(t, quantity(t, rows, 5, "share of right pairs").Missing)
	require.Empty(t, quantity(t, rows, 18, "Diff(F) of FT").Missing)
	planned, err := open(t, s.opt.Home, 1001).PlanDefects(t.Context())
	require.NoError(t, err)
	for _, p := range planned {
		require.True(t, p.Cached, p.Step.Label)
	}
}
