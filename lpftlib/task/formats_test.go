package task

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const bom = "\uFEFF"

// The data sets that cannot be had freely, in the formats they are published in, with what trips
// readers: byte order marks, CRLF, quotation marks that open a field and close none, blank lines,
// no line end after the last row, labels as names and as numbers.
var published = map[string]string{
	"MRPC/train.tsv": bom + "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n" +
		"1\t702876\t702977\t\"Amrozi accused\t\"Referring to him , \"\" he said\r\n" +
		"0\t2108705\t2108831\t'Yucaipa\tYucaipa's, \\t 5%\r\n" +
		"1\t1330381\t1330521\tthree\t  three\r\n",
	"MRPC/dev.tsv": "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t1\t2\t\"\t\"\"",

	"WSC/train.jsonl": bom + `{"text": "\"Mark\" told Pete\u2028lies. He was bold.", "target": {"span1_index": 0, "span1_text": "\"Mark\"", "span2_index": 4, "span2_text": "He"}, "idx": 0, "label": true}` + "\r\n" +
		`{"target": {"span2_text": "it", "span1_text": "the trophy"}, "label": false, "text": "It does not fit.", "idx": 1}`,
	"WSC/val.jsonl": `{"text": "Sam took French classes.", "target": {"span1_index": 0, "span1_text": "Sam", "span2_index": 1, "span2_text": "took"}, "idx": 0, "label": "False"}` + "\n\n",

	"BOSS/amazon/train.tsv": bom + "Text\tLabel\r\n" +
		"\"Great, it \"\"works\"\"\t1\r\n \t2\r\nbroke \" at once\t0\r\n\r\n5\t2\r\n",
	"BOSS/amazon/test.tsv":   "Text\tLabel\nso \u0085 so\t2\n",
	"BOSS/dynasent/test.tsv": bom + "Text\tLabel\n\"I love it.\t1\n\"\"\t0\nmeh \"\t2",

	"PubMed/train.txt": bom + "###24293578\r\nOBJECTIVE\t\"To See\" @ Weeks .\r\nMETHODS\tA tab\there .\r\n\r\n###2\r\nConclusions\tΣΟΦΟΣ .\r\n",
	"PubMed/dev.txt":   "###3\nBACKGROUND\t### is no id here .\n\n",
	"PubMed/test.txt":  "\n\n###4\nRESULTS\t@ .",
}

func TestPublishedFormats(t *testing.T) {
	dir := tree(t, published)
	var loaded []*Data
	for _, c := range []struct {
		id               string
		train, val, test []Example
	}{
		{"mrpc", []Example{
			{A: "\"Amrozi accused", B: "\"Referring to him , \"\" he said", Pair: true, Label: 1, Row: 0},
			{A: "'Yucaipa", B: "Yucaipa's, \\t 5%", Pair: true, Label: 0, Row: 1},
		}, []Example{{A: "three", B: "  three", Pair: true, Label: 1, Row: 2}}, []Example{{A: "\"", B: "\"\"", Pair: true, Label: 0, Row: 0}}},
		{"wsc", []Example{{A: "He: \"Mark\" told Pete\u2028lies. He was bold.", B: "\"Mark\"", Pair: true, Label: 1, Row: 0}},
			[]Example{{A: "it: It does not fit.", B: "the trophy", Pair: true, Label: 0, Row: 1}},
			[]Example{{A: "took: Sam took French classes.", B: "Sam", Pair: true, Label: 0, Row: 0}}},
		{"amazon", []Example{{A: "\"Great, it \"\"works\"\"", B: "", Pair: false, Label: 1, Row: 0}, {A: "broke \" at once", B: "", Pair: false, Label: 0, Row: 2}},
			[]Example{{A: "5", B: "", Pair: false, Label: 2, Row: 3}}, []Example{{A: "so \u0085 so", B: "", Pair: false, Label: 2, Row: 0}}},
		{"dynasent", nil, nil, []Example{{A: "\"I love it.", B: "", Pair: false, Label: 1, Row: 0}, {A: "\"\"", B: "", Pair: false, Label: 0, Row: 1}, {A: "meh \"", B: "", Pair: false, Label: 2, Row: 2}}},
		{"pubmed", []Example{{A: "\"to see\" @ weeks .", B: "", Pair: false, Label: 3, Row: 0}, {A: "a tab\there .", B: "", Pair: false, Label: 2, Row: 1}, {A: "σοφος .", B: "", Pair: false, Label: 1, Row: 2}},
			[]Example{{A: "### is no id here .", B: "", Pair: false, Label: 0, Row: 0}}, []Example{{A: "@ .", B: "", Pair: false, Label: 4, Row: 0}}},
	} {
		t.Run(c.id, func(t *testing.T) {
			d, err := Load(background, c.id, offline(t, dir))
			require.NoError(t, err)
			require.Equal(t, c.train, d.Train)
			require.Equal(t, c.val, d.Val)
			require.Equal(t, c.test, d.Test)
			loaded = append(loaded, d)
		})
	}
	rows := map[string]Table7Row{}
	for _, r := range Table7(loaded...) {
		rows[r.ID] = r
	}
	require.Len(t, rows, 13)
	for id, want := range map[string]struct{ real, printed Counts }{
		"mrpc": {Counts{Train: 2, Val: 1, Test: 1}, Counts{Train: 3301, Val: 367, Test: 408}}, "wsc": {Counts{Train: 1, Val: 1, Test: 1}, Counts{Train: 498, Val: 56, Test: 104}},
		"amazon": {Counts{Train: 2, Val: 1, Test: 1}, Counts{Train: 27000, Val: 3000, Test: 38905}}, "dynasent": {Counts{Train: 0, Val: 0, Test: 3}, Counts{Train: 0, Val: 0, Test: 4320}},
		"pubmed": {Counts{Train: 3, Val: 1, Test: 1}, Counts{Train: 15000, Val: 2500, Test: 2500}},
	} {
		require.Equal(t, &want.real, rows[id].Real, id)
		require.Equal(t, want.printed, rows[id].Printed, id)
		require.Contains(t, rows[id].Source, dir, id)
	}
	require.Equal(t, "abstracts", rows["pubmed"].PrintedUnit)
	require.Contains(t, rows["mrpc"].Remark, "sentiment")
}

// Every mistake in such a file is one line with the file and its line.
func TestPublishedFormatsDamaged(t *testing.T) {
	for name, c := range map[string]struct{ id, file, text, want string }{
		"MRPC, a column less":     {"mrpc", "MRPC/train.tsv", bom + "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t1\t2\ta\r\n", "MRPC/train.tsv:2: 4 columns, expected 5 (Quality, #1 ID, #2 ID, #1 String, #2 String), separated by tabs"},
		"MRPC, no header":         {"mrpc", "MRPC/dev.tsv", "1\t1\t2\ta\tb\n0\t1\t2\ta\tb\n", "MRPC/dev.tsv:2: no field #1 String or sentence1"},
		"MRPC, unknown label":     {"mrpc", "MRPC/dev.tsv", "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n\n2\t1\t2\ta\tb\n", `MRPC/dev.tsv:3: label "2" is not one of not_equivalent, equivalent (or 0 to 1)`},
		"MRPC, header only":       {"mrpc", "MRPC/dev.tsv", "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n", "MRPC/dev.tsv: no rows, expected at least one example"},
		"WSC, no span":            {"wsc", "WSC/val.jsonl", `{"text": "a", "target": {"span2_text": "b"}, "label": true}`, "WSC/val.jsonl:1: no field target.span1_text or span1_text"},
		"WSC, label null":         {"wsc", "WSC/val.jsonl", `{"text": "a", "target": {"span1_text": "c", "span2_text": "b"}, "label": null}`, "WSC/val.jsonl:1: label label is null: expected one of False, True (or 0 to 1)"},
		"WSC, empty":              {"wsc", "WSC/train.jsonl", bom + "\r\n", "WSC/train.jsonl: no rows"},
		"Amazon, a tab too many":  {"amazon", "BOSS/amazon/train.tsv", "Text\tLabel\na\t1\nb\tc\t0\n", "amazon/train.tsv:3: 3 columns, expected 2 (Text, Label), separated by tabs"},
		"Amazon, a star":          {"amazon", "BOSS/amazon/test.tsv", "Text\tLabel\na\t5\n", `amazon/test.tsv:2: label "5" is not one of negative, positive, neutral (or 0 to 2)`},
		"Amazon, no texts":        {"amazon", "BOSS/amazon/test.tsv", "Text\tLabel\n \t1\n\t0\n", "amazon/test.tsv: no rows"},
		"DynaSent, label missing": {"dynasent", "BOSS/dynasent/test.tsv", "Text\tLabel\na\t\n", `dynasent/test.tsv:2: label Label is empty: expected one of negative`},
		"DynaSent, quoted CSV":    {"dynasent", "BOSS/dynasent/test.tsv", "Text,Label\na,1\n", "dynasent/test.tsv:2: no field Text (there are Text,Label)"},
		"DynaSent, nothing":       {"dynasent", "BOSS/dynasent/test.tsv", "", "dynasent/test.tsv: no rows"},
		"DynaSent, Latin-1":       {"dynasent", "BOSS/dynasent/test.tsv", "Text\tLabel\ncaf\xe9\t1\n", "dynasent/test.tsv:2: the text is not UTF-8"},
		"WSC, Latin-1":            {"wsc", "WSC/val.jsonl", `{"text": "caf` + "\xe9" + `"}`, "WSC/val.jsonl:1: not a JSON object: not UTF-8"},
		"MRPC, Latin-1":           {"mrpc", "MRPC/dev.tsv", "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t1\t2\ta\tcaf\xe9\n", "MRPC/dev.tsv:2: the text is not UTF-8"},
		"PubMed, unknown label":   {"pubmed", "PubMed/dev.txt", "###1\nBACKGROUND\ta .\nDISCUSSION\tb .\n", `PubMed/dev.txt:3: label "DISCUSSION" is not one of BACKGROUND, CONCLUSIONS, METHODS, OBJECTIVE, RESULTS`},
		"PubMed, no tab":          {"pubmed", "PubMed/test.txt", "###1\r\n\r\nRESULTS a .\r\n", "PubMed/test.txt:3: no tab"},
		"PubMed, ids only":        {"pubmed", "PubMed/test.txt", "###1\n\n###2\n", "PubMed/test.txt: no rows"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			for path, text := range published {
				files[path] = text
			}
			require.Contains(t, files, c.file)
			files[c.file] = c.text
			_, err := Load(background, c.id, offline(t, tree(t, files)))
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "task "+c.id+": ")
			require.NotContains(t, err.Error(), "\n")
			require.False(t, IsAbsent(err), "a damaged file is not an absent one")
		})
	}
}

// CoLA's files have no header: with one the first row's label gives it away. A byte order mark and
// CRLF do no harm.
func TestCoLAHeader(t *testing.T) {
	rows := bom + "gj04\t1\t\t\"Our friends won't buy\r\nbc01\t0\t*\tHim \"\" saw .\r\n"
	d, err := Load(background, "cola", offline(t, tree(t, map[string]string{"CoLA/train.tsv": rows, "CoLA/dev.tsv": rows})))
	require.NoError(t, err)
	require.Equal(t, []Example{{A: "\"Our friends won't buy", B: "", Pair: false, Label: 1, Row: 0}, {A: "Him \"\" saw .", B: "", Pair: false, Label: 0, Row: 1}}, d.Test)
	header := "source\tlabel\tmark\tsentence\n" + rows
	_, err = Load(background, "cola", offline(t, tree(t, map[string]string{"CoLA/train.tsv": header, "CoLA/dev.tsv": rows})))
	require.ErrorContains(t, err, `CoLA/train.tsv:1: label "label" is not one of unacceptable, acceptable`)
}

// Records can be gone through more than once.
func TestRecordsTwice(t *testing.T) {
	for name, rs := range map[string]records{
		"tsv": parseTSV("f", "a\n1\n2\n", nil), "csv": parseCSV("f", "a\n1\n2\n", nil),
	} {
		first, _, err := collect(rs)
		require.NoError(t, err)
		again, _, err := collect(rs)
		require.NoError(t, err)
		require.Equal(t, first, again, name)
	}
}

// A parquet file of the Hub without a column, or without rows, is named.
func TestHubFilesDamaged(t *testing.T) {
	type noHypothesis struct {
		Premise string `parquet:"premise"`
		Label   int64  `parquet:"label"`
	}
	good := parquetOf(t, row("p", "h", 0), row("p", "h", 1))
	for want, val := range map[string][]byte{
		"cb/validation-00000-of-00001.parquet:1: no field hypothesis or sentence2 (there are premise, label)": parquetOf(t, noHypothesis{"p", 0}),
		"cb/validation-00000-of-00001.parquet: no rows, expected at least one example":                        parquetOf[hubPair](t),
		`cb/validation-00000-of-00001.parquet:2: label "3" is not one of entailment`:                          parquetOf(t, row("p", "h", 0), row("p", "h", 3)),
	} {
		server, _ := fakeHub(t, map[string]map[string][]byte{superGLUEAt: {"cb" + trainPart: good, "cb" + valPart: val}})
		_, err := Load(background, "cb", Options{Hub: HubOptions{Endpoint: server.URL, CacheDir: t.TempDir()}})
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
	}
}
