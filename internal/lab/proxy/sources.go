package proxy

import (
	"fmt"
	"strings"
)

// sources are the cells that were executed, by their numbers: errors name cells and lines.
type sources map[int]string

// line is a line of a cell, counted from 1.
func (s sources) line(cell, line int) (text string, ok bool) {
	lines := strings.Split(s[cell], "\n")
	if line < 1 || line > len(lines) || s[cell] == "" {
		return "", false
	}
	return lines[line-1], true
}

// show prints a line of a cell as a compiler does, with a mark below a column of bytes counted from 1, or without where it is 0.
func (s sources) show(cell, line, column int) []string {
	text, ok := s.line(cell, line)
	if !ok {
		return nil
	}
	out := []string{fmt.Sprintf("%5d | %s", line, text)}
	if column < 1 || column > len(text)+1 {
		return out
	}
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, text[:column-1])
	return append(out, "      | "+indent+"^")
}

const (
	red   = "\x1b[31m"
	bold  = "\x1b[1m"
	plain = "\x1b[0m"
)

// failure is how a cell ended that did not end well: what Jupyter shows of it.
type failure struct {
	name      string // "panic", "compile error", ...
	value     string // one line
	traceback []string
}

func (f failure) content() object {
	return object{"ename": f.name, "evalue": f.value, "traceback": f.traceback}
}
