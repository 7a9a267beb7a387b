package task

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// record is one row of a file before a template is applied: named values, all as text.
type record struct {
	file   string
	line   int // 1-based line of the file (parquet: row)
	row    int // 0-based row, counting neither header nor blank lines
	names  []string
	values []string
}

// records is what every reader yields. After an error nothing follows.
type records = iter.Seq2[record, error]

// errorf puts the place of the record before a message.
func (r record) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", r.file, r.line, fmt.Sprintf(format, args...))
}

// find returns the first of the named values that the record has. Upper and lower case are one.
func (r record) find(names ...string) (string, error) {
	for _, name := range names {
		i := slices.IndexFunc(r.names, func(n string) bool { return strings.EqualFold(n, name) })
		if i >= 0 {
			return r.values[i], nil
		}
	}
	return "", r.errorf("no field %s (there are %s)", strings.Join(names, " or "), strings.Join(r.names, ", "))
}

// examples applies a task's template and labels to records.
func examples(t *Task, rs records) ([]Example, error) {
	var out []Example
	for r, err := range rs {
		if err != nil {
			return nil, err
		}
		a, b, err := t.template.apply(r)
		if err != nil {
			return nil, err
		}
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return nil, r.errorf("the text is not UTF-8: convert the file, for example with iconv -t UTF-8")
		}
		if t.skipEmpty && strings.TrimSpace(a) == "" {
			continue
		}
		text, err := r.find(t.template.labels()...)
		if err != nil {
			return nil, err
		}
		label, ok := t.label(text)
		if !ok {
			return nil, r.errorf("label %q is not one of %s", text, t.allowed())
		}
		if t.Lowercase {
			a, b = lower(a), lower(b)
		}
		out = append(out, Example{A: a, B: b, Pair: t.template.pair, Label: label, Row: r.row})
	}
	return out, nil
}
