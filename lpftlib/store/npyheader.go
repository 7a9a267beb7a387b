package store

import (
	"fmt"
	"strconv"
	"strings"
)

// parseNpyHeader reads the Python dict of a header, {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, as
// numpy.load does: its keys in any order, either kind of quotation mark, and Python 2's long integers (2L).
func parseNpyHeader(header string) (descr string, shape []int, err error) {
	d := pythonText{header}
	var fortran string
	seen := map[string]bool{}
	ok := d.accept("{")
	for ok && !d.accept("}") {
		var key string
		key, ok = d.quoted()
		ok = ok && d.accept(":") && !seen[key]
		seen[key] = true
		if !ok {
			break
		}
		switch key {
		case "descr":
			descr, ok = d.quoted()
		case "fortran_order":
			fortran = d.word()
			ok = fortran == "True" || fortran == "False"
		case "shape":
			if shape, ok, err = d.tuple(); err != nil {
				return "", nil, fmt.Errorf(".npy header: shape: %w", err)
			}
		default:
			ok = false
		}
		ok = ok && (d.accept(",") || d.at("}"))
	}
	if !ok || len(seen) != 3 || strings.TrimSpace(d.rest) != "" {
		return "", nil, fmt.Errorf(".npy header %.200q: expected descr of a plain type, fortran_order and shape", header)
	}
	if fortran == "True" && len(shape) > 1 {
		return "", nil, fmt.Errorf(".npy array of shape %v is in Fortran order: save numpy.ascontiguousarray(array) instead", shape)
	}
	return descr, shape, nil
}

// pythonText is Python source that is read from the front.
type pythonText struct{ rest string }

// at tells that mark comes next, after white space.
func (p *pythonText) at(mark string) bool {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	return strings.HasPrefix(p.rest, mark)
}

// accept steps over mark if it comes next.
func (p *pythonText) accept(mark string) bool {
	if !p.at(mark) {
		return false
	}
	p.rest = p.rest[len(mark):]
	return true
}

// quoted reads a string without escapes.
func (p *pythonText) quoted() (string, bool) {
	for _, mark := range []string{"'", `"`} {
		if p.accept(mark) {
			text, rest, closed := strings.Cut(p.rest, mark)
			p.rest = rest
			return text, closed && !strings.Contains(text, `\`)
		}
	}
	return "", false
}

// word reads letters and digits.
func (p *pythonText) word() string {
	p.at("")
	end := strings.IndexFunc(p.rest, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	return word
}

// tuple reads dimensions: (), (3,), (3, 5); but (3) is a number, not a tuple.
func (p *pythonText) tuple() (dims []int, ok bool, err error) {
	dims = []int{}
	comma := true
	for ok = p.accept("("); ok && !p.accept(")"); {
		if !comma || len(dims) > maxRank {
			return dims, len(dims) > maxRank, nil
		}
		text := p.word()
		dim, err := strconv.Atoi(strings.TrimSuffix(text, "L"))
		if err != nil {
			return nil, false, fmt.Errorf("%.200q is not a dimension", text)
		}
		dims = append(dims, dim)
		comma = p.accept(",")
	}
	return dims, ok && (comma || len(dims) > 1), nil
}

// conversion says how to save an array of a type that is not read.
func conversion(descr string) string {
	switch kind := strings.TrimLeft(descr, "<>|="); {
	case strings.HasPrefix(descr, ">"):
		return "array.astype(array.dtype.newbyteorder('<')) instead: its numbers are big-endian"
	case strings.HasPrefix(kind, "b"):
		return "array.astype('int64') instead: these are booleans"
	case strings.HasPrefix(kind, "f"):
		return "array.astype('float32') or astype('float64') instead"
	case strings.HasPrefix(kind, "S"):
		return "array.astype(str) instead: these are bytes"
	}
	return "little-endian floats of 4 or 8 bytes, integers, or strings (<U with a width)"
}
