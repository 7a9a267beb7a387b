package task

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

const byteOrderMark = "\uFEFF"

// lines yields the lines of a text with their 1-based numbers: LF or CRLF ends
// them, the last may lack its end, a byte order mark is dropped. Blank lines are left out.
func lines(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		text = strings.TrimPrefix(text, byteOrderMark)
		for number := 1; text != ""; number++ {
			var line string
			line, text, _ = strings.Cut(text, "\n")
			line = strings.TrimSuffix(line, "\r")
			if strings.TrimSpace(line) != "" && !yield(number, line) {
				return
			}
		}
	}
}

// parseTSV reads tab-separated rows. There is no quoting: a quotation mark is a
// character as any other, as in GLUE's files. With a nil header the first line is the header.
func parseTSV(file, text string, header []string) records {
	given := header
	return func(yield func(record, error) bool) {
		row, header := 0, given
		for line, s := range lines(text) {
			fields := strings.Split(s, "\t")
			if header == nil {
				header = trimmed(fields)
				continue
			}
			r := record{file: file, line: line, row: row, names: header, values: fields}
			if len(fields) != len(header) {
				yield(r, r.errorf("%d columns, expected %d (%s), separated by tabs", len(fields), len(header), strings.Join(header, ", ")))
				return
			}
			if !yield(r, nil) {
				return
			}
			row++
		}
	}
}

func trimmed(fields []string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = strings.TrimSpace(f)
	}
	return out
}

// parseCSV reads comma-separated rows with RFC 4180 quoting.
func parseCSV(file, text string, header []string) records {
	given := header
	return func(yield func(record, error) bool) {
		header := given
		reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, byteOrderMark)))
		reader.FieldsPerRecord = len(header) // 0: as the first line
		for row := 0; ; {
			fields, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(record{}, csvError(file, err))
				return
			}
			if header == nil {
				header = trimmed(fields)
				continue
			}
			line, _ := reader.FieldPos(0)
			if !yield(record{file: file, line: line, row: row, names: header, values: fields}, nil) {
				return
			}
			row++
		}
	}
}

func csvError(file string, err error) error {
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		return fmt.Errorf("%s:%d: %w", file, bad.Line, bad.Err)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// parseJSONL reads one JSON object a line. Nested objects become fields with a
// dot in their name (WSC's target.span1_text); lists are left out.
func parseJSONL(file, text string) records {
	return func(yield func(record, error) bool) {
		row := 0
		for line, s := range lines(text) {
			r := record{file: file, line: line, row: row}
			if err := r.decode(s); err != nil {
				yield(r, r.errorf("not a JSON object: %v", err))
				return
			}
			if !yield(r, nil) {
				return
			}
			row++
		}
	}
}

// decode fills the record from a JSON object.
func (r *record) decode(line string) error {
	if !utf8.ValidString(line) { // the decoder would put U+FFFD in its place
		return errors.New("not UTF-8: convert the file, for example with iconv -t UTF-8")
	}
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("the line ends too early")
		}
		return err
	}
	if object == nil {
		return errors.New("null")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more after the object")
	}
	r.add("", object)
	return nil
}

// add appends the fields of an object, names sorted.
func (r *record) add(prefix string, object map[string]any) {
	for _, key := range sortedKeys(object) {
		name := prefix + key
		switch v := object[key].(type) {
		case map[string]any:
			r.add(name+".", v)
		case string:
			r.names, r.values = append(r.names, name), append(r.values, v)
		case json.Number:
			r.names, r.values = append(r.names, name), append(r.values, v.String())
		case bool:
			r.names, r.values = append(r.names, name), append(r.values, truth(v))
		}
	}
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// truth spells a boolean as the class names of BoolQ, WiC and WSC do.
func truth(v bool) string {
	if v {
		return "True"
	}
	return "False"
}

// parseAbstracts reads PubMed-RCT's form: a line ###id before each abstract, then
// one sentence a line as LABEL<tab>text, blank lines between abstracts.
func parseAbstracts(file, text string) records {
	return func(yield func(record, error) bool) {
		row, id := 0, ""
		for line, s := range lines(text) {
			if after, ok := strings.CutPrefix(s, "###"); ok {
				id = strings.TrimSpace(after)
				continue
			}
			r := record{file: file, line: line, row: row, names: []string{"abstract_id", "label", "text"}}
			label, sentence, ok := strings.Cut(s, "\t")
			if !ok {
				yield(r, r.errorf("no tab, expected LABEL<tab>sentence or ###id"))
				return
			}
			r.values = []string{id, label, sentence}
			if !yield(r, nil) {
				return
			}
			row++
		}
	}
}

// decodeStrict reads one JSON value into v; unknown keys and anything after it are errors.
func decodeStrict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more after the JSON object")
	}
	return nil
}
