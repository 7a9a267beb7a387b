package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"lpft/internal/surrogate"
)

// parseJSONL reads one JSON object a line. Nested objects become fields with a dot in their name (WSC's
// target.span1_text).
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

// Limits of what a line may nest, far above any data set's: names grow with the depth.
const (
	maxDepth = 32
	maxName  = 256
)

// decode fills the record from a JSON object.
func (r *record) decode(line string) error {
	if !utf8.ValidString(line) { // the decoder would put U+FFFD in its place
		return errors.New("not UTF-8: convert the file, for example with iconv -t UTF-8")
	}
	d := &tokens{json.NewDecoder(strings.NewReader(line)), line}
	d.UseNumber()
	first, _, err := d.next()
	if err != nil {
		return err
	}
	if first != json.Delim('{') {
		return fmt.Errorf("%s: write one object a line, for example with jq -c '.[]'", kindOf(first))
	}
	if err := r.object(d, "", 1); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more after the object")
	}
	return nil
}

// object appends the fields of an object whose brace has been read.
func (r *record) object(d *tokens, prefix string, depth int) error {
	for {
		key, _, err := d.next()
		if err != nil {
			return err
		}
		if key == json.Delim('}') {
			return nil
		}
		name := prefix + key.(string)
		if depth > maxDepth || (prefix != "" && len(name) > maxName) {
			return fmt.Errorf("objects within objects, deeper than %d or with names longer than %d bytes", maxDepth, maxName)
		}
		value, raw, err := d.next()
		if err != nil {
			return err
		}
		if value == json.Delim('{') {
			if err := r.object(d, name+".", depth+1); err != nil {
				return err
			}
			continue
		}
		c := cell{}
		switch v := value.(type) {
		case string:
			c.text = v
			if surrogate.Half(raw) {
				c.flaw = half
			}
		case json.Number:
			c.text = v.String()
		case bool:
			c.text = truth(v)
		case nil:
			c.flaw = null
		default:
			c.flaw = list
			if err := d.skipList(); err != nil {
				return err
			}
		}
		r.names, r.values = append(r.names, name), append(r.values, c)
	}
}

// tokens reads a line token by token, which keeps fields in their order and shows strings as they are written.
type tokens struct {
	*json.Decoder
	line string
}

// next returns a token and the piece of the line up to its end.
func (d *tokens) next() (token json.Token, raw string, err error) {
	from := d.InputOffset()
	token, err = d.Token()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, "", errors.New("the line ends too early: each object goes on one line, for example with jq -c .")
	case err != nil && (strings.HasPrefix(d.rest(), "NaN") || strings.HasPrefix(d.rest(), "Infinity") || strings.HasPrefix(d.rest(), "-Infinity")):
		return nil, "", errors.New("NaN and Infinity, which Python writes for missing numbers, are not JSON: write null")
	case err != nil:
		return nil, "", err
	}
	return token, d.line[from:d.InputOffset()], nil
}

// rest is what follows the last token, without the colon, comma or bracket before the next.
func (d *tokens) rest() string { return strings.TrimLeft(d.line[d.InputOffset():], " \t\r:,[") }

// skipList reads to the end of a list whose bracket has been read.
func (d *tokens) skipList() error {
	for open := 1; open > 0; {
		token, _, err := d.next()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			open++
		case json.Delim(']'), json.Delim('}'):
			open--
		}
	}
	return nil
}

// kindOf says what a token begins.
func kindOf(token json.Token) string {
	switch token.(type) {
	case json.Delim:
		return "an array"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	}
	return "null"
}

// truth spells a boolean as the class names of BoolQ, WiC and WSC do.
func truth(v bool) string {
	if v {
		return "True"
	}
	return "False"
}
