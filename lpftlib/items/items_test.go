package items

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/kernels/regression"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// home is where all tests of this package keep results, so that each step is computed once.
var home string

func TestMain(m *testing.M) {
	var err error
	if home, err = os.MkdirTemp("", "lpft-items-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(home)
	os.Exit(code)
}

// toy opens the smoke profile on the built-in task with what other tests have computed: no files, no network.
func toy(t *testing.T, seeds ...uint64) *session.Session {
	t.Helper()
	return toyIn(t, home, seeds...)
}

// toyIn is toy with a store of its own.
func toyIn(t *testing.T, home string, seeds ...uint64) *session.Session {
	t.Helper()
	for _, name := range []string{"LPFT_PROFILE", "LPFT_TASKS", "LPFT_SEEDS", "LPFT_DATA", "LPFT_MODELS", "LPFT_REMOTE"} {
		t.Setenv(name, "")
	}
	s, err := session.Open(t.Context(), session.Options{Profile: "smoke", Tasks: []string{"toy"}, Seeds: seeds, Home: home, Offline: true, Say: func(string) {}})
	require.NoError(t, err)
	return s
}

// The items' plans are all that they take: once their steps are made, in the plans' order, every item builds without
// computing anything, and together they make a report page with figures and claims.
func TestItemsMakeAReport(t *testing.T) {
	s := toyIn(t, t.TempDir(), 1001)
	var plans [][]session.Planned
	for _, item := range All() {
		steps, err := item.Needs(t.Context(), s)
		require.NoError(t, err)
		plans = append(plans, steps)
	}
	made := map[string]bool{}
	for _, step := range session.Join(plans...) {
		require.False(t, step.Cached, step.Step.Label)
		for _, key := range step.Needs {
			require.True(t, made[key], "%s comes before what it needs", step.Step.Label)
		}
		before := computed(t, s)
		require.NoError(t, step.Do(t.Context()))
		require.Equal(t, []string{step.Key}, computed(t, s)[len(before):], "%s makes itself and nothing else", step.Step.Label)
		made[step.Key] = true
	}
	before := computed(t, s)
	defer func() { require.Equal(t, before, computed(t, s), "building the items computed what no plan names") }()
	r := &report.Report{Title: paper.Title, Profile: s.Profile.Name, Version: "test"}
	for _, item := range All() {
		built, err := item.Build(context.Background(), s, nil)
		require.NoError(t, err)
		require.NotEmpty(t, built.Claims, item.ID)
		section, err := built.Report()
		require.NoError(t, err)
		require.Equal(t, item.ID, section.ID)
		r.Items = append(r.Items, section)
		r.Claims = append(r.Claims, built.Claims...)
	}
	dir := t.TempDir()
	require.NoError(t, report.Write(dir, r))
	page, err := os.ReadFile(filepath.Join(dir, "index.html"))
	require.NoError(t, err)
	for _, want := range []string{`id="table1"`, `id="figure1"`, "built into lpft", "another model", "LP-FT", `<h2 class="part">Beyond the paper</h2>`} {
		require.Contains(t, string(page), want)
	}
	figures, err := filepath.Glob(filepath.Join(dir, "figures", "*.png"))
	require.NoError(t, err)
	require.Len(t, figures, 15)
}

// computed are the keys of what a store has computed, in order.
func computed(t *testing.T, s *session.Session) (keys []string) {
	t.Helper()
	events, err := s.Store.Log()
	require.NoError(t, err)
	for _, e := range events {
		if e.What == store.Computed {
			keys = append(keys, e.Key)
		}
	}
	return keys
}

// A row of Table 1 is the mean over seeds; a pre-trained encoder has no Diff.
func TestTable1Rows(t *testing.T) {
	s := toy(t, 1001, 2002)
	built, err := table1().Build(context.Background(), s, nil)
	require.NoError(t, err)
	table := built.Tables[0]
	require.Len(t, table.Rows, 12) // six methods on two test sets
	for _, row := range table.Rows {
		diff := row.Cells[1].Ours
		if row.Method == "Pre-trained" || row.Method == "LP" {
			require.Equal(t, "-", diff)
		} else {
			require.Contains(t, diff, " ± ")
		}
	}
}

// The kernels of a task judge each other's printed orderings.
func TestKernelCellsAreJudgedByTheirPeers(t *testing.T) {
	stats := func(m study.Method, rankP, rankF int) *study.KernelStats {
		k := &study.KernelStats{Spec: study.Spec{Task: "cb", Method: m}}
		k.P.Rank.Float32, k.F.Rank.Float32 = rankP, rankF
		for _, sum := range []*study.KernelSummary{&k.P, &k.F, &k.Theta} {
			sum.Regression.Model = &regression.Model{Kappa: 1}
		}
		return k
	}
	all := []*study.KernelStats{stats(study.FT, 12, 90), stats(study.LPFT, 12, 10)}
	other := paper.Setting{Model: "minilm", PaperCompatible: true}
	ft, lpft := kernelRow(all[0], "F", "ft_e", all, other), kernelRow(all[1], "F", "ft_e", all, other)
	p := kernelRow(all[0], "P", "pretrain_e", all, other)
	require.Equal(t, paper.TrendOnly, ft.Cells[1].Verdict, ft.Cells[1].Reason)
	require.Equal(t, paper.Differs, lpft.Cells[1].Verdict, lpft.Cells[1].Reason)
	require.Equal(t, paper.Differs, p.Cells[1].Verdict)
	require.Contains(t, p.Cells[1].Reason, "F of LP-FT")
}

func TestUnknownItem(t *testing.T) {
	_, err := ByID("table99")
	require.ErrorContains(t, err, "table1, figure1, figure4")
}

// Colours belong to the caller: another one gives another picture of the same numbers.
func TestColoursAreTheCallers(t *testing.T) {
	s := toy(t, 1001)
	var pictures [][]byte
	for _, colors := range []map[string]string{nil, {"loss": "#ff00ff"}} {
		b, err := growth().Build(t.Context(), s, colors)
		require.NoError(t, err)
		section, err := b.Report()
		require.NoError(t, err)
		pictures = append(pictures, section.Figures[0].PNG)
	}
	require.NotEqual(t, pictures[0], pictures[1])
}
