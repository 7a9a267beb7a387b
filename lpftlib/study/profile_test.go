package study

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/probe"
)

// Profile paper holds Table 6, cell for cell.
func TestPaperProfileIsTable6(t *testing.T) {
	p, err := LoadProfile("paper")
	require.NoError(t, err)
	cells := 0
	for _, id := range p.TaskIDs() {
		for _, m := range []Method{FT, LoRA, LPFT, LPLoRA} {
			r, err := p.RatesOf(id, m)
			require.NoError(t, err)
			for metric, ours := range map[string]float64{"bs": float64(r.Batch), "lr": r.LearningRate, "lora_r": float64(p.LoRARank), "lora_alpha": p.LoRAAlpha} {
				if printed, ok := paper.Lookup(6, id, string(m), metric); ok {
					cells++
					require.InDelta(t, printed.Mean, ours, 1e-12, "%s %s %s", id, m, metric)
				}
			}
		}
	}
	require.GreaterOrEqual(t, cells, 80)
	require.Len(t, p.TaskIDs(), 10)
	require.Equal(t, []uint64{1001, 2002, 3003, 4004, 5005}, p.Seeds)
}

// Every built-in profile loads and gives rates for the methods that Table 1 runs on its tasks.
func TestBuiltInProfiles(t *testing.T) {
	for _, name := range Profiles() {
		p, err := LoadProfile(name)
		require.NoError(t, err, name)
		for _, id := range append(p.TaskIDs(), p.Fallback) {
			if id == "" {
				continue
			}
			for _, m := range []Method{FT, LPFT} {
				r, err := p.RatesOf(id, m)
				require.NoError(t, err, "%s %s %s", name, id, m)
				require.Positive(t, r.Batch)
				require.Positive(t, r.LearningRate)
			}
		}
	}
}

// A profile is a list of differences; unknown keys are errors that name the key.
func TestOwnProfiles(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "mine.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	p, err := LoadProfile(write(`{"epochs": 3, "run": ["mrpc", "cb"], "tasks": {"rte": null}}`))
	require.NoError(t, err)
	require.Equal(t, 3, p.Epochs)
	require.Equal(t, "roberta-base", p.Model)
	require.Equal(t, []string{"mrpc", "cb"}, p.TaskIDs())
	require.Nil(t, p.Tasks["rte"])
	for text, want := range map[string]string{
		`{"epoch": 3}`:                      `unknown key "epoch"`,
		`{"tasks": {"cb": {"rows": 3}}}`:    `unknown key "rows"`,
		`{"seeds": []}`:                     "no seeds",
		`{"max_len": 2}`:                    "max_len is 2",
		`{"epochs": 3} {}`:                  "something follows",
		`{"run": ["cbb"]}`:                  `run names "cbb"`,
		`{"select": "luck"}`:                `select is "luck"`,
		`{"norms": [-1]}`:                   "norm -1",
		`{"norm_reading": "C"}`:             `reading "C"`,
		`{"lora_rank": 0}`:                  "LoRA rank 0",
		`{"stop": "early"}`:                 `stop "early" is not known`,
		`{"test_rows": -1}`:                 "test_rows -1",
		`{"own": null}`:                     "own is null",
		`{"tasks": {"cb": {"ft": 3}}, "x"}`: "invalid character",
	} {
		_, err := LoadProfile(write(text))
		require.ErrorContains(t, err, want, text)
	}
	_, err = LoadProfile("demmo")
	require.ErrorContains(t, err, "there are demo, laptop, paper, smoke")
}

// Whatever a profile file holds, it is a profile or an error in one line.
func FuzzProfile(f *testing.F) {
	for _, text := range []string{`{}`, `{"seeds":[1,1]}`, `{"tasks":{"cb":null}}`, `{"tasks":null}`, `{"own":null}`, `{"norms":[-1]}`, `{"run":["x"]}`, `[]`, `{"tasks":{"cb":{"ft":null}}}`, `{"max_len":1e99}`} {
		f.Add(text)
	}
	base, err := profileFiles.ReadFile("profiles/paper.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := &Profile{}
		if merge(p, base, "paper") != nil || merge(p, []byte(text), "fuzz") != nil {
			return
		}
		for id, plan := range p.Tasks {
			if plan == nil {
				delete(p.Tasks, id)
			}
		}
		if p.check() == nil {
			_ = p.TaskIDs()
			_, _ = p.RatesOf("cb", FT)
		}
	})
}

func TestOnlyThePaperStopsEarly(t *testing.T) {
	for _, name := range Profiles() {
		p, err := LoadProfile(name)
		require.NoError(t, err)
		want := probe.StopExact
		if name == "paper" {
			want = probe.StopSklearn10
		}
		require.Equal(t, want, p.Stop, name)
	}
}

// A seed that comes twice would count one run as two.
func TestSeedsOnceEach(t *testing.T) {
	_, err := ParseSeeds("1,2,1")
	require.ErrorContains(t, err, "seed 1 is there twice")
	p, err := LoadProfile("smoke")
	require.NoError(t, err)
	p.Seeds = []uint64{7, 7}
	require.ErrorContains(t, p.check(), "profile smoke: seed 7 is there twice")
	seeds, err := ParseSeeds("1,2")
	require.NoError(t, err)
	require.Equal(t, []uint64{1, 2}, seeds)
}
