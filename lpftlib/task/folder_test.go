package task

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	cbTrain = "{\"premise\": \"It rained. \\\"Yes.\\\"\", \"hypothesis\": \"it rained\", \"label\": \"entailment\", \"idx\": 0}\r\n" +
		"{\"premise\": \"p\", \"hypothesis\": \"h\", \"label\": \"neutral\", \"idx\": 1}\r\n" +
		"{\"premise\": \"q\", \"hypothesis\": \"k\", \"label\": \"contradiction\", \"idx\": 2}"
	wscLine = `{"text": "Mark told Pete lies. He was bold.", "target": {"span1_index": 0, "span1_text": "Mark", "span2_index": 4, "span2_text": "He"}, "idx": 0, "label": true}`
	wicLine = `{"word": "place", "sentence1": "Come to my place.", "sentence2": "No place for it.", "idx": 0, "label": false, "start1": 11, "version": 1.1}`
	boolqL  = `{"question": "is it so", "passage": "It -- It is so.", "idx": 5, "label": true}`
	mrpcTSV = "\uFEFFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t702876\t702977\t\"He said\tshe said \" again\tone\r\n0\t1\t2\tone\t\"two\r\n"
)

func twice(line string) string { return line + "\n" + line + "\n" }

// TestForms loads every original form once and checks texts, labels and sizes.
func TestForms(t *testing.T) {
	dir := tree(t, map[string]string{
		"cb/train.jsonl": cbTrain, "cb/val.jsonl": cbTrain,
		"WSC/train.jsonl": twice(wscLine), "WSC/val.jsonl": wscLine,
		"wic/train.jsonl": twice(wicLine), "wic/val.jsonl": wicLine,
		"SuperGLUE/BoolQ/train.jsonl": twice(boolqL), "SuperGLUE/BoolQ/val.jsonl": boolqL,
		"RTE/train.tsv":                 "index\tsentence1\tsentence2\tlabel\n0\t\"No\tyes\tnot_entailment\n1\ta\tb\tentailment\n",
		"RTE/dev.tsv":                   "index\tsentence1\tsentence2\tlabel\n0\tc\td\tentailment\n",
		"glue_data/cola/train.tsv":      "gj04\t1\t\tI'm \"here\".\ngj04\t0\t*\tHere I'm\n",
		"glue_data/cola/dev.tsv":        "gj04\t1\t\tLast.",
		"sst2/TRAIN.tsv":                tinySST,
		"sst2/dev.TSV":                  tinySST,
		"mrpc/train.tsv":                mrpcTSV,
		"mrpc/dev.tsv":                  mrpcTSV,
		"boss/Amazon/train.tsv":         "Text\tLabel\ngood\t1\n\t2\nbad\t0\n",
		"boss/Amazon/test.tsv":          "Text\tLabel\r\n\"so so\"\t2\r\n",
		"boss/dynasent/test.tsv":        "Text\tLabel\nfine\t1\n",
		"BOSS_standin/amazon/train.tsv": "Text\tLabel\ngood\t1\nbad\t0\n", "BOSS_standin/amazon/test.tsv": "Text\tLabel\ngood\t1\n",
		"PubMed_20k_RCT_numbers_replaced_with_at_sign/train.txt": "###1\nMETHODS\tA Total of @ .\nRESULTS\tIL-@ .\n\n",
		"PubMed_20k_RCT_numbers_replaced_with_at_sign/dev.txt":   "###2\nBACKGROUND\tB .\n",
		"PubMed_20k_RCT_numbers_replaced_with_at_sign/test.txt":  "###3\nOBJECTIVE\tC .",
	})
	for _, c := range []struct {
		id     string
		counts Counts
		split  string
		row    int
		want   Example
	}{
		{"cb", Counts{Train: 2, Val: 1, Test: 3}, "train", 0, Example{A: "It rained. \"Yes.\"", B: "it rained", Pair: true, Label: 0, Row: 0}},
		{"cb", Counts{Train: 2, Val: 1, Test: 3}, "val", 0, Example{A: "q", B: "k", Pair: true, Label: 1, Row: 2}},
		{"wsc", Counts{Train: 1, Val: 1, Test: 1}, "test", 0, Example{A: "He: Mark told Pete lies. He was bold.", B: "Mark", Pair: true, Label: 1, Row: 0}},
		{"wic", Counts{Train: 1, Val: 1, Test: 1}, "test", 0, Example{A: "Come to my place. No place for it. Does place have the same meaning in both sentences?", B: "", Pair: false, Label: 0, Row: 0}},
		{"boolq", Counts{Train: 1, Val: 1, Test: 1}, "test", 0, Example{A: "is it so", B: "It -- It is so.", Pair: true, Label: 1, Row: 0}},
		{"rte", Counts{Train: 1, Val: 1, Test: 1}, "train", 0, Example{A: "\"No", B: "yes", Pair: true, Label: 1, Row: 0}},
		{"cola", Counts{Train: 1, Val: 1, Test: 1}, "val", 0, Example{A: "Here I'm", B: "", Pair: false, Label: 0, Row: 1}},
		{"sst2", Counts{Train: 3, Val: 1, Test: 4}, "train", 0, Example{A: "one ", B: "", Pair: false, Label: 1, Row: 0}},
		{"amazon", Counts{Train: 1, Val: 1, Test: 1}, "val", 0, Example{A: "bad", B: "", Pair: false, Label: 0, Row: 2}}, // row 1 has no text
		{"amazon", Counts{Train: 1, Val: 1, Test: 1}, "test", 0, Example{A: "\"so so\"", B: "", Pair: false, Label: 2, Row: 0}},
		{"dynasent", Counts{Train: 0, Val: 0, Test: 1}, "test", 0, Example{A: "fine", B: "", Pair: false, Label: 1, Row: 0}},
		{"amazon-standin", Counts{Train: 1, Val: 1, Test: 1}, "train", 0, Example{A: "good", B: "", Pair: false, Label: 1, Row: 0}},
		{"pubmed", Counts{Train: 2, Val: 1, Test: 1}, "train", 0, Example{A: "a total of @ .", B: "", Pair: false, Label: 2, Row: 0}},
		{"pubmed", Counts{Train: 2, Val: 1, Test: 1}, "test", 0, Example{A: "c .", B: "", Pair: false, Label: 3, Row: 0}},
	} {
		d, err := Load(background, c.id, offline(t, dir))
		require.NoError(t, err, c.id)
		require.Equal(t, c.counts, d.Counts(), c.id)
		rows, err := d.Split(c.split)
		require.NoError(t, err, c.id)
		require.Equal(t, c.want, rows[c.row], c.id)
		require.Equal(t, c.id == "amazon-standin", d.StandIn, c.id)
	}
	d, err := Load(background, "dynasent", offline(t, dir))
	require.NoError(t, err)
	_, err = d.Split("train")
	require.EqualError(t, err, "task dynasent has no train split: it is evaluated with a model trained on amazon")

	// A tab inside a text cannot be told from a separator.
	_, err = Load(background, "mrpc", offline(t, dir))
	require.ErrorContains(t, err, filepath.Join("mrpc", "train.tsv")+":2: 6 columns, expected 5 (Quality, #1 ID,")
}

func TestMRPC(t *testing.T) {
	const rows = "\uFEFFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t1\t2\t\"He said \" again\tshe\r\n0\t1\t2\tone\t\"two\r\n"
	d, err := Load(background, "mrpc", offline(t, tree(t, map[string]string{"MRPC/train.tsv": rows, "MRPC/dev.tsv": rows})))
	require.NoError(t, err)
	require.Equal(t, []Example{{A: "\"He said \" again", B: "she", Pair: true, Label: 1, Row: 0}, {A: "one", B: "\"two", Pair: true, Label: 0, Row: 1}}, d.Test)
}

func TestRTEPrefersSuperGLUE(t *testing.T) {
	const line = `{"premise": "from jsonl", "hypothesis": "h", "label": "entailment", "idx": 0}`
	const rows = "index\tsentence1\tsentence2\tlabel\n0\tfrom tsv\tb\tentailment\n1\tfrom tsv\tb\tentailment\n"
	dir := tree(t, map[string]string{"RTE/train.jsonl": twice(line), "RTE/val.jsonl": line, "RTE/train.tsv": rows, "RTE/dev.tsv": rows})
	d, err := Load(background, "rte", offline(t, dir))
	require.NoError(t, err)
	require.Equal(t, "from jsonl", d.Train[0].A)
}

func TestExactNameGoesFirst(t *testing.T) {
	dir := tree(t, map[string]string{
		"CB/train.jsonl": cbTrain, "CB/val.jsonl": cbTrain, "cb/train.jsonl": "broken", "c-b/train.jsonl": "broken"})
	d, err := Load(background, "cb", offline(t, dir))
	require.NoError(t, err)
	require.Equal(t, "folder "+filepath.Join(dir, "CB"), d.Source)
}

// TestAbsent checks the one line that a user sees when a task is nowhere.
func TestAbsent(t *testing.T) {
	o := offline(t, "")
	_, err := Load(background, "cb", o)
	require.EqualError(t, err, "task cb: no data folder was given; Hub aps/super_glue@3de24cf8022e: not in the cache "+o.Hub.CacheDir+
		", and offline; give the folder that holds CB with --data DIR or LPFT_DATA, or run once with a network")

	dir := tree(t, map[string]string{"BoolQ/val.jsonl": boolqL, "BoolQ-standin/train.jsonl": twice(boolqL), "BoolQ-standin/val.jsonl": boolqL})
	_, err = Load(background, "boolq", offline(t, dir))
	require.ErrorContains(t, err, "task boolq: "+filepath.Join(dir, "BoolQ")+" has no train.jsonl (the stand-in boolq-standin is there); Hub ")
	d, err := Load(background, "boolq-standin", offline(t, dir))
	require.NoError(t, err)
	require.True(t, d.StandIn)

	_, err = Load(background, "sst5", offline(t, dir))
	require.EqualError(t, err, "task sst5: no folder BOSS/sst5 or BOSS/SentimentAnalysis/sst5 in "+dir+
		"; it is not on the Hub; give the folder that holds BOSS/sst5 with --data DIR or LPFT_DATA")

	_, err = Load(background, "cb", offline(t, filepath.Join(dir, "typo")))
	require.ErrorContains(t, err, "data folder "+filepath.Join(dir, "typo"))
	_, err = Load(background, "cb", offline(t, filepath.Join(dir, "BoolQ", "val.jsonl")))
	require.ErrorContains(t, err, "is not a folder")
}

// TestWrongContent checks that a damaged folder is reported, not passed over.
func TestWrongContent(t *testing.T) {
	for want, files := range map[string]map[string]string{
		`train.jsonl:2: label "maybe" is not one of entailment, contradiction, neutral (or 0 to 2)`: {
			"CB/train.jsonl": `{"premise": "p", "hypothesis": "h", "label": "neutral"}` + "\n" + `{"premise": "p", "hypothesis": "h", "label": "maybe"}`, "CB/val.jsonl": cbTrain},
		"val.jsonl:1: not a JSON object: the line ends too early":                  {"CB/train.jsonl": cbTrain, "CB/val.jsonl": `{"premise": "p`},
		"val.jsonl: no rows, expected at least one example":                        {"CB/train.jsonl": cbTrain, "CB/val.jsonl": "\n"},
		"val.jsonl:1: no field hypothesis or sentence2 (there are premise, label)": {"CB/train.jsonl": cbTrain, "CB/val.jsonl": `{"premise": "p", "label": "neutral"}`},
		"val.jsonl:1: no field label (there are premise, hypothesis)":              {"CB/train.jsonl": cbTrain, "CB/val.jsonl": `{"premise": "p", "hypothesis": "h"}`},
	} {
		_, err := Load(background, "cb", offline(t, tree(t, files)))
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "task cb: ")
	}
}
