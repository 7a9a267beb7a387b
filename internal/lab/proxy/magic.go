package proxy

import (
	"fmt"
	"strings"
	"time"
)

// Lines by which a cell asks this kernel for something. GoNB has more; helpLine is GoNB's, and this kernel adds to its answer.
const (
	timeLine = "%time"
	varsLine = "%vars"
	helpLine = "%help"
)

// magics are this kernel's own lines with what they do.
var magics = []struct{ line, help string }{
	{timeLine, "tells how long the cell takes, from its request to its last output: compiler and linker included"},
	{varsLine, `lists what cells have kept for each other with lpftlib.Keep("name", value): name, type, shape, size and the cell that kept it`},
}

// takeMagics takes this kernel's own lines out of a cell, leaving its other lines where they are, and says which there were.
func takeMagics(code string) (rest string, asked map[string]bool) {
	asked = map[string]bool{}
	if isOtherCell(code) { // a text of another language, whose lines are its own
		return code, asked
	}
	lines := strings.SplitAfter(code, "\n")
	for i, line := range lines {
		word := strings.TrimSpace(line)
		if word == helpLine {
			asked[word] = true
		}
		for _, m := range magics {
			if word == m.line {
				asked[word] = true
				lines[i] = strings.TrimPrefix(line, m.line)
			}
		}
	}
	return strings.Join(lines, ""), asked
}

// obey does what a cell that ran well has asked for.
func (s *server) obey(r *running) {
	say := func(text string) {
		s.publish("stream", r.request.rawHeader, object{"name": "stdout", "text": text})
	}
	if r.cell.asked[helpLine] {
		say(magicsText())
	}
	if r.cell.asked[varsLine] {
		s.showVars(r.request)
	}
	if r.cell.asked[timeLine] {
		say(fmt.Sprintf("took %s, compiler and linker included\n", time.Since(r.cell.began).Round(10*time.Millisecond)))
	}
}

// magicsText is what "%help" says of this kernel's own lines.
func magicsText() string {
	var b strings.Builder
	b.WriteString("\nOf the kernel \"Go (lpft)\", each on a line of its own:\n")
	for _, m := range magics {
		fmt.Fprintf(&b, "- \"%s\": %s.\n", m.line, m.help)
	}
	return b.String()
}

// magicAt explains the line of this kernel's own that a place of code is in, "" where there is none.
func magicAt(code string, at int) string {
	for _, m := range magics {
		if strings.TrimSpace(lineAt(code, at)) == m.line {
			return m.line + " " + m.help
		}
	}
	return ""
}
