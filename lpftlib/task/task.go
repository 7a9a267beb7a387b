package task

import (
	"fmt"
	"strings"

	"lpft/lpftlib/dataset"
)

// Example is one row of a data set, and Counts are numbers of rows per split.
type (
	Example = dataset.Example
	Counts  = dataset.Counts
)

// Metric names, as Task.Metric and task files spell them.
const (
	Accuracy = "accuracy"
	Matthews = "matthews"
)

// Task describes a data set: what it is, how it is labelled, how it is scored.
type Task struct {
	ID      string   // as in the paper's tables, lower case: "cb"
	Name    string   // as people write it: "CB"
	Suite   string   // SuperGLUE, GLUE, BOSS, PubMed, built-in or own
	Kind    string   // the paper's word for it (Table 7): NLI, QA, WSD, ...
	Classes []string // class names; Example.Label indexes them
	Metric  string   // Accuracy or Matthews: what Table 8 reports

	// TestOnly marks the out-of-distribution sets: they have no training rows,
	// a model trained on TrainedOn is evaluated on them.
	TestOnly  bool
	TrainedOn string

	StandIn   string // "" or a sentence that says what it stands in for
	Lowercase bool   // texts are lower-cased (PubMed)

	// Printed holds the numbers of Table 7 (camera-ready), zero where the paper has none.
	// PrintedUnit is what they count: "rows", or "abstracts" for PubMed.
	Printed     Counts
	PrintedUnit string
	Remark      string // why the printed numbers differ from the real ones, "" where they do not

	folders   []string  // where it lies below Options.Dir, best first
	files     []fileSet // the file forms it comes in, best first
	hub       *hubSet   // nil: not on the Hub
	template  template
	skipEmpty bool // rows without text are dropped
	badText   badText
}

// Get returns the task with the given id. The result is the caller's own copy.
func Get(id string) (*Task, error) {
	for _, t := range tasks() {
		if t.ID == id {
			return &t, nil
		}
	}
	return nil, fmt.Errorf("task %q is not known: there are %s", id, strings.Join(IDs(), ", "))
}

// IDs lists all tasks: the paper's thirteen in the order of Table 7, the stand-ins, the toy task.
func IDs() []string {
	var ids []string
	for _, t := range tasks() {
		ids = append(ids, t.ID)
	}
	return ids
}

// BuiltIn tells the tasks that lpft generates itself: they need no files and are nobody's data.
func (t *Task) BuiltIn() bool { return t.Suite == "built-in" }
