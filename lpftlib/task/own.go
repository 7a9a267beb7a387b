package task

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"lpft/internal/plainfile"
)

// OwnTask is a task file: JSON that describes a data set of the user's own. Example:
//
//	{
//	  "id": "reviews", "name": "Shop reviews",
//	  "classes": ["bad", "good"],
//	  "columns": {"a": "text", "label": "stars"},
//	  "files": {"train": "train.csv", "test": "test.csv"}
//	}
//
// Unknown keys are errors.
type OwnTask struct {
	ID      string   `json:"id"`      // letters, digits, - and _; none of IDs()
	Name    string   `json:"name"`    // "": the id
	Classes []string `json:"classes"` // labels are these names in any case, or their indices
	Metric  string   `json:"metric"`  // "accuracy" (default) or "matthews"

	// Format is tsv (never quoted), csv, jsonl or parquet; "": from the files' endings.
	Format string `json:"format"`

	// Header names the columns of TSV or CSV files that have no header line.
	Header []string `json:"header"`

	// BadText says what becomes of a row whose text is null (in TSV and CSV: empty) or holds half a surrogate pair:
	// "refuse" (default) is an error, "replace" takes the empty text and U+FFFD, "skip" leaves the row out.
	BadText string `json:"bad_text"`

	Columns OwnColumns `json:"columns"`
	Files   OwnFiles   `json:"files"`

	Lowercase bool   `json:"lowercase"`
	TrainedOn string `json:"trained_on"` // for a set without train: id of the task whose model it tests
	StandIn   string `json:"stand_in"`   // a sentence, if the set stands in for another
}

// OwnColumns name the columns. B is "" for tasks of one text.
type OwnColumns struct {
	A     string `json:"a"`
	B     string `json:"b"`
	Label string `json:"label"`
}

// OwnFiles name the files, relative to the task file. Without val the last tenth
// of train is the validation set; without train the task is for testing only.
type OwnFiles struct {
	Train string `json:"train"`
	Val   string `json:"val"`
	Test  string `json:"test"`
}

// LoadFile loads a data set that the task file at path describes. Of the options only FirstRows is used.
func LoadFile(ctx context.Context, path string, o Options) (*Data, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := plainfile.Read(path, plainfile.Settings)
	if err != nil {
		return nil, err
	}
	var own OwnTask
	if err := decodeStrict(data, &own); err != nil {
		return nil, fmt.Errorf("task file %s: %w", path, err)
	}
	t, err := own.task()
	if err != nil {
		return nil, fmt.Errorf("task file %s: %w", path, err)
	}
	d, err := t.files[0].load(t, func(name string) string {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(filepath.Dir(path), name)
	})
	if err != nil {
		return nil, fmt.Errorf("task %s: %w", t.ID, err)
	}
	d.Source = "task file " + path
	if d, err = d.finish(o); err != nil {
		return nil, fmt.Errorf("task %s: %w", t.ID, err)
	}
	return d, nil
}

// task checks the description and turns it into a Task.
func (o *OwnTask) task() (*Task, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	set := fileSet{format: format(o.Format), header: o.Header, train: o.Files.Train, val: o.Files.Val, test: o.Files.Test}
	if set.format == "" {
		var err error
		if set.format, err = formatOf(set.names()); err != nil {
			return nil, err
		}
	}
	if !slices.Contains([]format{tsv, csvFile, jsonl, parquetFile}, set.format) {
		return nil, fmt.Errorf("format %q is not known: there are tsv, csv, jsonl, parquet", set.format)
	}
	if len(set.header) > 0 && set.format != tsv && set.format != csvFile {
		return nil, fmt.Errorf("header is for tsv and csv, not for %s", set.format)
	}
	t := &Task{
		ID: o.ID, Name: cmp.Or(o.Name, o.ID), Suite: "own", Kind: "own", Classes: o.Classes,
		Metric: cmp.Or(o.Metric, Accuracy), PrintedUnit: "rows", Lowercase: o.Lowercase,
		TestOnly: o.Files.Train == "", TrainedOn: o.TrainedOn, StandIn: o.StandIn,
		files: []fileSet{set}, template: single(o.Columns.A), badText: badText(o.BadText),
	}
	if o.Columns.B != "" {
		t.template = pair([]string{o.Columns.A}, []string{o.Columns.B})
	}
	t.template.label = []string{o.Columns.Label}
	return t, nil
}

// formatOf is the ending that all files share, in lower case.
func formatOf(names []string) (format, error) {
	ending := func(name string) string { return strings.ToLower(strings.TrimPrefix(filepath.Ext(name), ".")) }
	for _, name := range names {
		if ending(name) != ending(names[0]) {
			return "", fmt.Errorf("the files end in .%s and .%s: give \"format\"", ending(names[0]), ending(name))
		}
	}
	return format(ending(names[0])), nil
}

// check reports the first thing that is missing or contradictory.
func (o *OwnTask) check() error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	switch {
	case o.ID == "" || strings.Trim(o.ID, letters) != "":
		return fmt.Errorf("id is %q, expected letters, digits, - and _", o.ID)
	case slices.Contains(IDs(), o.ID):
		return fmt.Errorf("id %q is taken by a task of the catalogue", o.ID)
	case len(o.Classes) < 2:
		return fmt.Errorf("%d classes, expected at least 2", len(o.Classes))
	case o.Metric != "" && o.Metric != Accuracy && o.Metric != Matthews:
		return fmt.Errorf("metric %q is not known: there are %s, %s", o.Metric, Accuracy, Matthews)
	case !slices.Contains([]badText{"", refuse, replace, skip}, badText(o.BadText)):
		return fmt.Errorf("bad_text %q is not known: there are %s, %s, %s", o.BadText, refuse, replace, skip)
	case o.Columns.A == "" || o.Columns.Label == "":
		return fmt.Errorf("columns.a and columns.label must be given")
	case o.Files.Test == "":
		return fmt.Errorf("files.test must be given")
	case o.Files.Train == "" && o.Files.Val != "":
		return fmt.Errorf("files.val without files.train")
	case (o.Files.Train == "") != (o.TrainedOn != ""):
		return fmt.Errorf("trained_on is for a task without files.train, and needed there")
	}
	for i, c := range o.Classes {
		if c == "" || slices.ContainsFunc(o.Classes[:i], func(d string) bool { return strings.EqualFold(c, d) }) {
			return fmt.Errorf("class %q is empty or there twice", c)
		}
	}
	return nil
}
