package proxy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// panicStart finds the line with which Go's runtime begins to say why it ends a program.
var panicStart = regexp.MustCompile(`(?m)^(panic: |fatal error: |runtime: |SIG[A-Z]+: |unexpected fault address )`)

// GoNB puts the cell's line before a place in the file that it made of the cells.
var frameLine = regexp.MustCompile(`^\t(?: ?(?:\x1b\[7m)?\[\[ Cell (?:\[(\d+)\] )?Line (\d+) \]\](?:\x1b\[0m)? )?(.+):(\d+)(?: \+0x[0-9a-f]+)?$`)

// frame is a function on the stack and where it was.
type frame struct {
	function   string
	cell, line int // 0: not of a cell
	file       string
}

// panicked tells a panic once: its message, then the user's lines, the innermost first, then the rest of the goroutine's stack.
// current is the cell that ran.
func panicked(text string, current int, cells sources) failure {
	message, stack, _ := strings.Cut(text, "\ngoroutine ")
	message, _, _ = strings.Cut(message, "\nruntime stack:")
	message = strings.TrimSpace(message)
	first, _, _ := strings.Cut(message, "\n")
	f := failure{name: "panic", value: strings.TrimPrefix(first, "panic: "), traceback: []string{red + message + plain}}
	if !strings.HasPrefix(first, "panic: ") {
		f.name = "fatal error"
		f.value = strings.TrimPrefix(first, "fatal error: ")
	}
	stack, _, _ = strings.Cut(stack, "\n\n") // of the goroutine that panicked
	var rest []string
	for _, fr := range frames(stack, current) {
		if fr.line == 0 {
			rest = append(rest, "  "+fr.function, "      "+fr.file)
			continue
		}
		f.traceback = append(f.traceback, fmt.Sprintf("%scell [%d], line %d%s, in %s", bold, fr.cell, fr.line, plain, fr.function))
		f.traceback = append(f.traceback, cells.show(fr.cell, fr.line, 0)...)
	}
	if len(rest) > 0 {
		f.traceback = append(append(f.traceback, "stack:"), rest...)
	}
	return f
}

// frames reads a goroutine's stack: a line with the function, and one with the place.
func frames(stack string, current int) (out []frame) {
	function := ""
	for _, line := range strings.Split(stack, "\n") {
		m := frameLine.FindStringSubmatch(line)
		if m == nil {
			function = strings.TrimPrefix(strings.TrimSpace(line), "main.")
			continue
		}
		fr := frame{function: function, file: generated.ReplaceAllString(m[3], "$1") + ":" + m[4]}
		if m[2] != "" {
			fr.cell, fr.line = number(m[1], current), number(m[2], 0)
		}
		if at := strings.LastIndexByte(fr.function, '('); at > 0 && fr.line > 0 {
			fr.function = fr.function[:at]
		}
		out = append(out, fr)
	}
	return out
}

func number(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return otherwise
}
