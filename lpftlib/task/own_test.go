package task

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

const reviews = `{
  "id": "reviews", "name": "Shop reviews", "classes": ["bad", "good"],
  "columns": {"a": "text", "label": "stars"},
  "files": {"train": "train.csv", "test": "test.csv"}
}`

func TestOwnTask(t *testing.T) {
	dir := tree(t, map[string]string{"reviews.json": reviews,
		"train.csv": "stars,text\ngood,\"Great, \"\"really\"\"\"\nbad,No\ngood,Yes\n", "test.csv": "text,stars\nHm,BAD\n"})
	path := filepath.Join(dir, "reviews.json")
	d, err := LoadFile(background, path, Options{})
	require.NoError(t, err)
	require.Equal(t, Counts{Train: 2, Val: 1, Test: 1}, d.Counts())
	require.Equal(t, Example{A: `Great, "really"`, Label: 1}, d.Train[0])
	require.Equal(t, Example{A: "Hm"}, d.Test[0])
	require.Equal(t, "task file "+path, d.Source)
	require.Equal(t, "Shop reviews", d.Task.Name)
	require.Equal(t, Accuracy, d.Task.Metric)
	d, err = LoadFile(background, path, Options{FirstRows: 2})
	require.NoError(t, err)
	require.Equal(t, Counts{Train: 1, Val: 1, Test: 1}, d.Counts())
}

func TestOwnTaskOtherForms(t *testing.T) {
	type row struct {
		Q string `parquet:"q"`
		P string `parquet:"p,optional"`
		Y int32  `parquet:"y"`
	}
	dir := tree(t, map[string]string{
		"p.json": `{"id": "p", "classes": ["no", "yes"], "metric": "matthews", "columns": {"a": "q", "b": "p", "label": "y"},
			"files": {"train": "t.parquet", "val": "t.parquet", "test": "t.parquet"}, "lowercase": true, "bad_text": "replace"}`,
		"h.json": `{"id": "h", "classes": ["1", "2"], "header": ["y", "q"], "format": "tsv", "columns": {"a": "q", "label": "y"},
			"files": {"test": "h.txt"}, "trained_on": "p", "stand_in": "Something else."}`,
		"h.txt": "2\t\"x\n1\ty",
	})
	require.NoError(t, parquet.WriteFile(filepath.Join(dir, "t.parquet"), []row{{"A", "B", 1}, {"C", "", 0}}))
	d, err := LoadFile(background, filepath.Join(dir, "p.json"), Options{})
	require.NoError(t, err)
	require.Equal(t, []Example{{A: "a", B: "b", Pair: true, Label: 1, Row: 0}, {A: "c", B: "", Pair: true, Label: 0, Row: 1}}, d.Val)
	require.Equal(t, Matthews, d.Task.Metric)

	d, err = LoadFile(background, filepath.Join(dir, "h.json"), Options{})
	require.NoError(t, err)
	require.Equal(t, []Example{{A: "\"x", Label: 1}, {A: "y", Row: 1}}, d.Test)
	require.True(t, d.Task.TestOnly)
	require.True(t, d.StandIn)
	require.Equal(t, "p", d.Task.TrainedOn)
}

func TestOwnTaskMistakes(t *testing.T) {
	for change, want := range map[string]string{
		`"id": "reviews"` + "\x00" + `"id": "cb"`:                    `id "cb" is taken`,
		`"id": "reviews"` + "\x00" + `"id": "a/b"`:                   `id is "a/b"`,
		`"name"` + "\x00" + `"nmae"`:                                 `unknown field "nmae"`,
		`"bad", "good"` + "\x00" + `"bad"`:                           "1 classes, expected at least 2",
		`"bad", "good"` + "\x00" + `"bad", "Bad"`:                    `class "Bad" is empty or there twice`,
		`"a": "text", ` + "\x00":                                     "columns.a and columns.label must be given",
		`"a": "text"` + "\x00" + `"a": "txt"`:                        "train.csv:2: no field txt (there are stars, text)",
		`, "test": "test.csv"` + "\x00":                              "files.test must be given",
		`"test.csv"` + "\x00" + `"test.xlsx"`:                        `the files end in .csv and .xlsx: give "format"`,
		`"id"` + "\x00" + `"format": "xlsx", "id"`:                   `format "xlsx" is not known: there are tsv, csv, jsonl, parquet`,
		`"id"` + "\x00" + `"bad_text": "keep", "id"`:                 `bad_text "keep" is not known: there are refuse, replace, skip`,
		`"test.csv"` + "\x00" + `"gone.csv"`:                         "gone.csv: no such file",
		`"train": "train.csv", ` + "\x00":                            "trained_on is for a task without files.train",
		`"train": "train.csv", ` + "\x00" + `"val": "train.csv", `:   "files.val without files.train",
		`"id"` + "\x00" + `"metric": "f1", "id"`:                     `metric "f1" is not known`,
		`"id"` + "\x00" + `"header": ["a"], "format": "jsonl", "id"`: "header is for tsv and csv",
		"\n}" + "\x00" + "\n} x":                                     "more after the JSON object",
		`"id": "reviews"` + "\x00" + `"id": 3`:                       "cannot unmarshal number",
	} {
		old, new, _ := strings.Cut(change, "\x00")
		require.Contains(t, reviews, old)
		dir := tree(t, map[string]string{"r.json": strings.Replace(reviews, old, new, 1), "train.csv": "stars,text\ngood,x\nbad,y\n", "test.csv": "text,stars\nHm,bad\n"})
		_, err := LoadFile(background, filepath.Join(dir, "r.json"), Options{})
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "task")
	}
	_, err := LoadFile(background, filepath.Join(t.TempDir(), "none.json"), Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzOwnTask(f *testing.F) {
	f.Add(reviews)
	f.Add(`{"id": "a", "classes": ["x", "y"], "columns": {"a": "t", "label": "l"}, "files": {"test": "f.tsv"}, "trained_on": "b"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var own OwnTask
		if decodeStrict([]byte(text), &own) != nil {
			return
		}
		task, err := own.task()
		if err == nil && (len(task.Classes) < 2 || task.TestOnly != (task.TrainedOn != "")) {
			t.Fatalf("accepted: %+v", own)
		}
	})
}
