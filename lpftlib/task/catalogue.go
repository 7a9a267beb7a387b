package task

// The Hub's repositories, each pinned to a commit whose files do not change any more.
const (
	superGLUE       = "aps/super_glue"
	superGLUECommit = "3de24cf8022e94f4ee4b9d55a6f539891524d646"
	glue            = "nyu-mll/glue"
	glueCommit      = "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"
	pubmed          = "armanc/pubmed-rct20k"
	pubmedCommit    = "091aec1e2384a20b2b36eb96177755ca13dd0b42"
)

// The forms in which the suites are downloaded.
var (
	jsonlFiles  = fileSet{format: jsonl, train: "train.jsonl", test: "val.jsonl"}
	glueFiles   = fileSet{format: tsv, train: "train.tsv", test: "dev.tsv"}
	bossFiles   = fileSet{format: tsv, train: "train.tsv", test: "test.tsv"}
	bossTest    = fileSet{format: tsv, test: "test.tsv"}
	pubmedFiles = fileSet{format: abstracts, train: "train.txt", val: "dev.txt", test: "test.txt"}
	// CoLA's files have no header: source, label, the author's own mark, sentence.
	colaFiles = fileSet{format: tsv, header: []string{"source", "label", "mark", "sentence"}, train: "train.tsv", test: "dev.tsv"}
)

// hubParquet names the Hub's files of one configuration of a GLUE-like repository.
// The official test files have no labels, so the validation file is the test set here too.
func hubParquet(repo, revision, config string) *hubSet {
	return &hubSet{repo: repo, revision: revision, files: fileSet{format: parquetFile,
		train: config + "/train-00000-of-00001.parquet", test: config + "/validation-00000-of-00001.parquet"}}
}

var (
	falseTrue  = []string{"False", "True"}
	sentiments = []string{"negative", "positive", "neutral"}
	nli        = pair([]string{"premise", "sentence1"}, []string{"hypothesis", "sentence2"})
)

// tasks is the catalogue: Table 7 of the paper with the templates and labels of its code, then ours.
func tasks() []Task {
	list := []Task{
		{
			ID: "cb", Name: "CB", Suite: "SuperGLUE", Kind: "NLI", Classes: []string{"entailment", "contradiction", "neutral"},
			Printed: Counts{Train: 225, Val: 25, Test: 57}, Remark: "the validation file has 56 rows, and the printed accuracies are multiples of 1/56",
			template: nli, files: []fileSet{jsonlFiles}, hub: hubParquet(superGLUE, superGLUECommit, "cb"),
		},
		{
			ID: "rte", Name: "RTE", Suite: "SuperGLUE", Kind: "NLI", Classes: []string{"entailment", "not_entailment"},
			Printed:  Counts{Train: 2241, Val: 249, Test: 277},
			template: nli, files: []fileSet{jsonlFiles, glueFiles}, hub: hubParquet(superGLUE, superGLUECommit, "rte"),
		},
		{
			ID: "boolq", Name: "BoolQ", Suite: "SuperGLUE", Kind: "QA", Classes: falseTrue,
			Printed:  Counts{Train: 8484, Val: 943, Test: 3270},
			template: boolq, files: []fileSet{jsonlFiles}, hub: hubParquet(superGLUE, superGLUECommit, "boolq"),
		},
		{
			ID: "wic", Name: "WiC", Suite: "SuperGLUE", Kind: "WSD", Classes: falseTrue,
			Printed: Counts{Train: 5400, Val: 600, Test: 638}, Remark: "the training file has 5,428 rows, which 9:1 splits into 4,885 and 543",
			template: wic, files: []fileSet{jsonlFiles}, hub: hubParquet(superGLUE, superGLUECommit, "wic"),
		},
		{
			ID: "wsc", Name: "WSC", Suite: "SuperGLUE", Kind: "coref.", Classes: falseTrue,
			Printed:  Counts{Train: 498, Val: 56, Test: 104},
			template: wsc, files: []fileSet{jsonlFiles}, hub: hubParquet(superGLUE, superGLUECommit, "wsc"),
		},
		{
			ID: "cola", Name: "CoLA", Suite: "GLUE", Kind: "acceptability", Classes: []string{"unacceptable", "acceptable"}, Metric: Matthews,
			Printed: Counts{Train: 7695, Val: 855, Test: 1040}, Remark: "8,551 training rows leave 856 for validation; the validation file has 1,043 rows",
			template: single("sentence"), files: []fileSet{colaFiles}, hub: hubParquet(glue, glueCommit, "cola"),
		},
		{
			ID: "sst2", Name: "SST-2", Suite: "GLUE", Kind: "sentiment", Classes: []string{"negative", "positive"},
			Printed:  Counts{Train: 60614, Val: 6735, Test: 872},
			template: single("sentence"), files: []fileSet{glueFiles}, hub: hubParquet(glue, glueCommit, "sst2"),
		},
		{
			ID: "mrpc", Name: "MRPC", Suite: "GLUE", Kind: "paraphrase", Classes: []string{"not_equivalent", "equivalent"},
			Printed: Counts{Train: 3301, Val: 367, Test: 408}, Remark: "the paper prints the task as sentiment",
			template: mrpc, files: []fileSet{glueFiles}, hub: hubParquet(glue, glueCommit, "mrpc"),
		},
		boss(Task{ID: "amazon", Name: "Amazon", Printed: Counts{Train: 27000, Val: 3000, Test: 38905}}),
		boss(Task{ID: "dynasent", Name: "Dynasent", TestOnly: true, TrainedOn: "amazon", Printed: Counts{Test: 4320}}),
		boss(Task{ID: "semeval", Name: "SemEval", TestOnly: true, TrainedOn: "amazon", Printed: Counts{Test: 20622},
			Remark: "the SemEval-2016 4A test file has 20,632 rows, of which the published set drops 10 malformed ones"}),
		boss(Task{ID: "sst5", Name: "SST-5", TestOnly: true, TrainedOn: "amazon", Printed: Counts{Test: 1067}}),
		{
			ID: "pubmed", Name: "PubMed 20k RCT", Suite: "PubMed", Kind: "sequential",
			Classes: []string{"BACKGROUND", "CONCLUSIONS", "METHODS", "OBJECTIVE", "RESULTS"}, Lowercase: true,
			Printed: Counts{Train: 15000, Val: 2500, Test: 2500}, PrintedUnit: "abstracts", Remark: "the paper counts abstracts, the task's rows are sentences",
			template: single("text"), files: []fileSet{pubmedFiles},
			folders: []string{"PubMed", "PubMed_20k_RCT_numbers_replaced_with_at_sign",
				"pubmed-rct/PubMed_20k_RCT_numbers_replaced_with_at_sign", "PubMed/PubMed_20k_RCT_numbers_replaced_with_at_sign"},
			hub: &hubSet{repo: pubmed, revision: pubmedCommit, atSigns: true,
				note:  "cleaned by Jin and Szolovits (2018), about 2 % fewer sentences; numbers replaced by @ here",
				files: fileSet{format: jsonl, train: "train.jsonl", val: "dev.jsonl", test: "test.jsonl"}},
		},
		{
			ID: "boolq-standin", Name: "BoolQ stand-in", Suite: "SuperGLUE", Kind: "QA", Classes: falseTrue,
			StandIn:  "BoolQ's validation file cut in two, in the place of BoolQ: never to be reported as BoolQ.",
			template: boolq, files: []fileSet{jsonlFiles}, folders: []string{"BoolQ-standin"},
		},
		boss(Task{ID: "amazon-standin", Name: "Amazon stand-in", folders: []string{"BOSS-standin/amazon"},
			StandIn: "Another public review set (stars 1, 3, 5), in the place of BOSS's Amazon reviews: never to be reported as Amazon."}),
	}
	list = append(list, toyTasks()...)
	for i := range list {
		list[i] = completed(list[i])
	}
	return list
}

var (
	boolq = pair([]string{"question"}, []string{"passage"})
	mrpc  = mrpcTemplate()
)

// mrpcTemplate knows both spellings of MRPC's columns: GLUE's own files and the Hub.
func mrpcTemplate() template {
	t := pair([]string{"#1 String", "sentence1"}, []string{"#2 String", "sentence2"})
	t.label = []string{"Quality", "label"}
	return t
}

// boss fills in what all BOSS sentiment sets share.
func boss(t Task) Task {
	t.Suite, t.Kind, t.Classes = "BOSS", "sentiment", sentiments
	t.template, t.skipEmpty, t.badText = single("Text"), true, skip
	t.files = []fileSet{bossFiles}
	if t.TestOnly {
		t.files = []fileSet{bossTest}
	}
	if t.folders == nil {
		t.folders = []string{"BOSS/" + t.ID, "BOSS/SentimentAnalysis/" + t.ID}
	}
	return t
}

// completed fills in what follows from the rest.
func completed(t Task) Task {
	if t.Metric == "" {
		t.Metric = Accuracy
	}
	if t.PrintedUnit == "" {
		t.PrintedUnit = "rows"
	}
	if t.folders == nil {
		switch t.Suite {
		case "SuperGLUE":
			t.folders = []string{t.Name, "SuperGLUE/" + t.Name}
		case "GLUE":
			t.folders = []string{t.Name, "GLUE/" + t.Name, "glue_data/" + t.Name}
		}
	}
	t.Classes = append([]string(nil), t.Classes...)
	return t
}
