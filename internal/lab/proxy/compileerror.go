package proxy

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	place    = regexp.MustCompile(`^(?:.*[/\\])?(?:\./)?(?:main|main_test|other)\.go:(\d+):(\d+): (.*)$`)
	cellLine = regexp.MustCompile(`^Cell(?:\[(\d+)\]:)? Line (\d+)$`)
	ansi     = regexp.MustCompile("\x1b\\[[0-9;]*m")
	// The compiler's own title, the go command's exit and the program that failed say nothing to the user.
	noise = regexp.MustCompile(`^(# .*|exit status \d+|\s*|failed to run .*|\tgo get .*|note: module requires Go .*)$`)
	// The folder and module that GoNB makes up.
	generated       = regexp.MustCompile(`\S*gonb_[0-9a-f]{8}\S*/(main(?:_test)?\.go)`)
	generatedModule = regexp.MustCompile(`(?:package )?\bgonb_[0-9a-f]{8}\b`)
)

// compileError tells what the compiler (or GoNB's parser, or the go command) found, at the user's lines.
// output is all that was said; parts are GoNB's: for each line of output the cell's line and its surroundings.
func compileError(output string, parts []string, current int, cells sources) failure {
	f := failure{name: "error"}
	hinted := map[string]bool{}
	for i, said := range strings.Split(output, "\n") {
		if noise.MatchString(said) {
			continue
		}
		m := place.FindStringSubmatch(said)
		if m == nil {
			f.add(generatedModule.ReplaceAllString(generated.ReplaceAllString(said, "$1"), "the cell"), nil)
		} else {
			f.name = "compile error"
			part := ""
			if i < len(parts) {
				part = parts[i]
			}
			cell, line, column := whereIn(part, number(m[2], 0), current, cells)
			title := fmt.Sprintf("%scell [%d]:%s ", bold, current, plain)
			if line > 0 {
				title = fmt.Sprintf("%scell [%d], line %d:%s ", bold, cell, line, plain)
			}
			f.addAt(title, m[3], cells.show(cell, line, column))
		}
		if h := hint(said); h != "" && !hinted[h] {
			hinted[h] = true
			f.traceback = append(f.traceback, "hint: "+h)
		}
	}
	if f.value == "" {
		f.add(strings.TrimSpace(output), nil)
	}
	return f
}

func (f *failure) add(said string, below []string) { f.addAt("", said, below) }

// addAt adds a finding; the first is the failure's one line.
func (f *failure) addAt(title, said string, below []string) {
	if f.value == "" {
		f.value = said
	}
	f.traceback = append(f.traceback, title+red+said+plain)
	f.traceback = append(f.traceback, below...)
}

// whereIn finds the cell's line that GoNB names, and the column in it: the line that GoNB compiles may be indented otherwise
// (then the column moves with it) or be put together anew (then there is none).
func whereIn(part string, column, current int, cells sources) (cell, line, at int) {
	lines := strings.Split(ansi.ReplaceAllString(part, ""), "\n")
	m := cellLine.FindStringSubmatch(lines[0])
	if m == nil {
		return 0, 0, 0
	}
	cell, line = number(m[1], current), number(m[2], 0)
	text, _ := cells.line(cell, line)
	for i := 2; i < len(lines); i++ {
		if strings.TrimLeft(lines[i], " ") != "^" {
			continue
		}
		compiled := lines[i-1]
		start := strings.TrimLeft(compiled, " \t")
		if start != "" && start == strings.TrimLeft(text, " \t") {
			return cell, line, column - (len(compiled) - len(start)) + (len(text) - len(start))
		}
	}
	return cell, line, 0
}
