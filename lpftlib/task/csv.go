package task

import (
	"errors"
	"fmt"
	"strings"
)

// parseCSV reads comma-separated rows with RFC 4180 quoting, as pandas and Python's csv module do: LF, CRLF or CR
// ends a row, and inside quotation marks they are characters of the text, kept as they are. (Go's encoding/csv
// makes CRLF there LF.) Blank lines are left out.
func parseCSV(file, text string, header []string) records {
	given := header
	return func(yield func(record, error) bool) {
		header := given
		reader := &csvReader{text: strings.TrimPrefix(text, byteOrderMark), line: 1}
		for row := 0; ; {
			fields, line, err := reader.next()
			if err != nil {
				yield(record{}, fmt.Errorf("%s:%d: %w", file, line, err))
				return
			}
			if fields == nil {
				return
			}
			if header == nil {
				header = fields
				continue
			}
			r := record{file: file, line: line, row: row, names: header, values: cells(fields)}
			if len(fields) != len(header) {
				yield(r, r.errorf("%d fields, expected %d (%s), separated by commas; a text with a comma or a line end in it goes between quotation marks",
					len(fields), len(header), strings.Join(header, ", ")))
				return
			}
			if !yield(r, nil) {
				return
			}
			row++
		}
	}
}

// csvReader cuts text into rows.
type csvReader struct {
	text string // what is still to be read
	line int    // its first line's number
}

var (
	errUnclosed = errors.New("the quotation mark that opens a field is never closed")
	errAfter    = errors.New(`text after the quotation mark that closes a field: a quotation mark in a quoted text is written ""`)
)

// next returns the fields of the next row and the line where it begins; no fields at the end of the text.
func (c *csvReader) next() (fields []string, line int, err error) {
	for c.text != "" && c.skipBlank() {
	}
	line = c.line
	for more := c.text != ""; more; {
		var field string
		if field, err = c.field(); err != nil {
			return nil, line, err
		}
		fields = append(fields, field)
		if more = strings.HasPrefix(c.text, ","); more {
			c.text = c.text[1:]
		}
	}
	c.endRow()
	return fields, line, nil
}

// skipBlank leaves out a line that holds nothing but spaces and tabs.
func (c *csvReader) skipBlank() bool {
	rest := strings.TrimLeft(c.text, " \t")
	if rest != "" && rest[0] != '\n' && rest[0] != '\r' {
		return false
	}
	c.text = rest
	c.endRow()
	return true
}

// endRow steps over one line end.
func (c *csvReader) endRow() {
	for _, end := range []string{"\r\n", "\n", "\r"} {
		if rest, ok := strings.CutPrefix(c.text, end); ok {
			c.text = rest
			c.line++
			return
		}
	}
}

// field reads up to the comma or line end that ends the field. A quotation mark counts only at its start.
func (c *csvReader) field() (string, error) {
	if strings.HasPrefix(c.text, `"`) {
		return c.quoted()
	}
	end := strings.IndexAny(c.text, ",\r\n")
	if end < 0 {
		end = len(c.text)
	}
	field := c.text[:end]
	c.text = c.text[end:]
	return field, nil
}

// quoted reads a field between quotation marks.
func (c *csvReader) quoted() (string, error) {
	var field strings.Builder
	for rest := c.text[1:]; ; {
		part, after, closed := strings.Cut(rest, `"`)
		if !closed {
			return "", errUnclosed
		}
		field.WriteString(part)
		if rest, closed = strings.CutPrefix(after, `"`); closed { // "" is one quotation mark
			field.WriteByte('"')
			continue
		}
		if after != "" && !strings.ContainsAny(after[:1], ",\r\n") {
			return "", errAfter
		}
		c.line += lineEnds(field.String())
		c.text = after
		return field.String(), nil
	}
}

// lineEnds counts LF, CRLF and CR, each as one.
func lineEnds(text string) int {
	return strings.Count(text, "\n") + strings.Count(text, "\r") - strings.Count(text, "\r\n")
}
