package task

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"
)

// record is one row of a file before a template is applied: named values, all as text.
type record struct {
	file   string
	line   int // 1-based line of the file (parquet: row)
	row    int // 0-based row, counting neither header nor blank lines
	names  []string
	values []cell
	bad    badText // what becomes of a text that is not whole
}

// cell is one value of a record: its text, and what is wrong with it.
type cell struct {
	text string
	flaw flaw
}

// flaw says why a value is no whole text, "" where it is one.
type flaw string

const (
	null  flaw = "null"                  // or an empty field of a TSV or CSV file, which can write null in no other way
	empty flaw = "empty"                 // the same in TSV and CSV
	half  flaw = "half a surrogate pair" // an escape \ud800 … \udfff by itself: no character
	list  flaw = "a list"                // where one value is expected
)

// badText is what a task wants done with a row whose text is null, empty in a TSV or CSV file, or holds
// half a surrogate pair.
type badText string

const (
	refuse  badText = "refuse"  // an error with file and row; also ""
	replace badText = "replace" // null is the empty text, half a pair U+FFFD
	skip    badText = "skip"    // the row is left out
)

// errSkip tells that a row is to be left out.
var errSkip = errors.New("this row is left out")

// records is what every reader yields. After an error nothing follows.
type records = iter.Seq2[record, error]

// errorf puts the place of the record before a message.
func (r record) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", r.file, r.line, fmt.Sprintf(format, args...))
}

// find returns the first of the named columns that the record has. A name as it is written goes before one in
// another case or between spaces, and a name that fits two columns is an error: neither is taken by chance.
func (r record) find(names ...string) (column string, value cell, err error) {
	for _, same := range []func(a, b string) bool{exactly, loosely} {
		for _, name := range names {
			found := -1
			for i, n := range r.names {
				switch {
				case !same(n, name):
				case found >= 0:
					return "", cell{}, r.errorf("two fields fit the name %s, %q and %q: give one of them another name", name, r.names[found], n)
				default:
					found = i
				}
			}
			if found >= 0 {
				return r.names[found], r.values[found], nil
			}
		}
	}
	return "", cell{}, r.errorf("no field %s (there are %s)%s", strings.Join(names, " or "), strings.Join(r.names, ", "), r.separator())
}

func exactly(a, b string) bool { return a == b }

func loosely(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

// separator says what seems to part the columns of a record that has a single one.
func (r record) separator() string {
	if len(r.names) != 1 {
		return ""
	}
	for _, mark := range []struct{ character, name string }{{";", "semicolons"}, {"\t", "tabs"}, {",", "commas"}, {"|", "bars"}} {
		if strings.Contains(r.names[0], mark.character) {
			return fmt.Sprintf(": the columns seem to be parted by %s; csv wants commas, tsv tabs", mark.name)
		}
	}
	return ""
}

// text returns the text of the first of the named columns that the record has.
func (r record) text(names ...string) (string, error) {
	column, c, err := r.find(names...)
	if err != nil {
		return "", err
	}
	switch {
	case c.flaw == list:
		return "", r.errorf("field %s is a list: expected one text", column)
	case !utf8.ValidString(c.text):
		return "", r.errorf("the text is not UTF-8: convert the file, for example with iconv -t UTF-8")
	case c.flaw == "" || r.bad == replace:
		return c.text, nil
	case r.bad == skip:
		return "", errSkip
	}
	return "", r.errorf("field %s is %s: expected a text; mend the file, or say %q or %q with \"bad_text\" in a task file", column, c.flaw, replace, skip)
}

// label returns the class that the first of the named columns gives.
func (r record) label(t *Task) (int, error) {
	column, c, err := r.find(t.template.labels()...)
	if err != nil {
		return 0, err
	}
	if c.flaw != "" {
		return 0, r.errorf("label %s is %s: expected one of %s", column, c.flaw, t.allowed())
	}
	k, ok := t.label(c.text)
	if !ok {
		return 0, r.errorf("label %q is not one of %s%s", c.text, t.allowed(), t.advice(c.text))
	}
	return k, nil
}

// examples applies a task's template and labels to records.
func examples(t *Task, rs records) ([]Example, error) {
	var out []Example
	for r, err := range rs {
		if err != nil {
			return nil, err
		}
		r.bad = t.badText
		a, b, err := t.template.apply(r)
		if errors.Is(err, errSkip) || (err == nil && t.skipEmpty && strings.TrimSpace(a) == "") {
			continue
		}
		if err != nil {
			return nil, err
		}
		label, err := r.label(t)
		if err != nil {
			return nil, err
		}
		if t.Lowercase {
			a, b = lower(a), lower(b)
		}
		out = append(out, Example{A: a, B: b, Pair: t.template.pair, Label: label, Row: r.row})
	}
	return out, nil
}
