// Package dataset is what those know of data sets who do not read them: the form of a row, and the paper's order. Package task
// reads them.
package dataset

// Example is one row of a data set after its template has been applied.
type Example struct {
	A     string // first text
	B     string // second text, "" where Pair is false
	Pair  bool   // whether the encoder reads two texts
	Label int    // index into the task's classes
	Row   int    // 0-based row of the source file; see package task
}

// Counts are numbers of rows per split.
type Counts struct {
	Train, Val, Test int
}

// IDs are all data sets: the paper's thirteen in the order of Table 7, the stand-ins, the built-in task.
func IDs() []string {
	return []string{"cb", "rte", "boolq", "wic", "wsc", "cola", "sst2", "mrpc", "amazon", "dynasent", "semeval", "sst5", "pubmed",
		"boolq-standin", "amazon-standin", "toy", "toy-ood"}
}
