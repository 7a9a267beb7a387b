package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strings"
)

const byteOrderMark = "\uFEFF"

// lines yields the lines of a text with their 1-based numbers: LF or CRLF ends them, CR where the text has no LF
// (old Macs), and nothing else: U+2028 and the like are characters. The last line may lack its end, a byte order
// mark is dropped. Blank lines are left out.
func lines(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		text = strings.TrimPrefix(text, byteOrderMark)
		end := "\n"
		if !strings.Contains(text, end) {
			end = "\r"
		}
		for number := 1; text != ""; number++ {
			var line string
			line, text, _ = strings.Cut(text, end)
			line = strings.TrimRight(line, "\r") // files converted twice have CRCRLF
			if strings.TrimSpace(line) != "" && !yield(number, line) {
				return
			}
		}
	}
}

// strayCR refuses a carriage return within a line: some readers end the row there, some keep it.
func (r record) strayCR(line string) error {
	if strings.Contains(line, "\r") {
		return r.errorf("a carriage return within the line: end all lines alike, for example with tr '\\r' '\\n'")
	}
	return nil
}

// parseTSV reads tab-separated rows. There is no quoting: a quotation mark is a
// character as any other, as in GLUE's files. With a nil header the first line is the header.
func parseTSV(file, text string, header []string) records {
	given := header
	return func(yield func(record, error) bool) {
		row, header := 0, given
		for line, s := range lines(text) {
			fields := strings.Split(s, "\t")
			r := record{file: file, line: line, row: row, names: header, values: cells(fields)}
			err := r.strayCR(s)
			if header == nil && err == nil {
				header = fields
				continue
			}
			if err == nil && len(fields) != len(header) {
				err = r.errorf("%d columns, expected %d (%s), separated by tabs", len(fields), len(header), strings.Join(header, ", "))
			}
			if !yield(r, err) || err != nil {
				return
			}
			row++
		}
	}
}

// cells are the fields of a TSV or CSV row.
func cells(fields []string) []cell {
	out := make([]cell, len(fields))
	for i, field := range fields {
		out[i].text = field
		if field == "" {
			out[i].flaw = empty
		}
	}
	return out
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
			r.values = []cell{{text: id}, {text: label}, {text: sentence}}
			err := r.strayCR(s)
			if err == nil && !ok {
				err = r.errorf("no tab, expected LABEL<tab>sentence or ###id")
			}
			if !yield(r, err) || err != nil {
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
