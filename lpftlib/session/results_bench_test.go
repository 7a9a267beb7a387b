package session

import (
	"context"
	"fmt"
	"lpft/lpftlib/study"
	"testing"

	"lpft/lpftlib/store"
)

// manyRuns fills a store with n artefacts as a study leaves them: runs, and for each two fifths as many features and
// trainings, all with a provenance of the usual size.
func manyRuns(b *testing.B, n int) *store.Store {
	b.Helper()
	st, err := store.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	prov := store.NewProvenance()
	put := func(kind string, version int, inputs any, file string, v any) string {
		a, err := st.Do(b.Context(), store.Step{Kind: kind, Version: version, Label: kind, Inputs: inputs}, func(_ context.Context, w *store.Work) error {
			w.SetProvenance(prov.Finish())
			return w.WriteJSON(file, v)
		})
		if err != nil {
			b.Fatal(err)
		}
		return a.Key
	}
	for i := range n / 5 {
		head := put("finetune", finetuneVersion, map[string]any{"seed": i, "model": "m"}, "run.json", study.Outcome{Epoch: 1})
		features := put("features", featuresVersion, featureInputs{Trained: head, Data: "d", Splits: splits, MaxLen: 128, Engine: "go"}, "x.json", i)
		for set := range 3 {
			run := study.Spec{Task: fmt.Sprintf("task%d", i%13), Method: study.FT, Seed: uint64(i / 13)}
			setting := study.Setting{Profile: "paper", Model: "roberta-base", ModelDigest: "m", Data: "d", TestData: fmt.Sprint(set), Engine: "go", MaxLen: 128}
			m := study.Measures{Spec: run, TestSet: fmt.Sprintf("set%d", set), Split: "test", Rows: 100, Score: float64(i % 100), Setting: setting}
			put("run", measuresVersion, measuresInputs{Run: run, Setting: setting, Features: features, Head: head, Split: fmt.Sprint(set)}, measuresFile, m)
		}
	}
	return st
}

// BenchmarkResults10000 is what `lpft results` does with a store of ten thousand artefacts.
func BenchmarkResults10000(b *testing.B) {
	st := manyRuns(b, 10_000)
	for b.Loop() {
		rows, bad := Runs(st)
		if len(bad) > 0 || len(rows) != 6000 {
			b.Fatal(len(rows), bad)
		}
		if _, err := study.Averages(rows); err != nil {
			b.Fatal(err)
		}
	}
}
