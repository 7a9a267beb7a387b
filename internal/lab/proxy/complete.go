package proxy

import (
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// The first words of a line that starts a cell's statements: what follows is the body of main.
var mainMarks = []string{"%%", "%main", "%test", "%exec"}

// completeness judges whether code that somebody types in a console can run: "complete", "invalid", or "incomplete" with the
// indentation of the next line.
func completeness(code string) (status, indent string) {
	if isOtherCell(code) {
		return "complete", ""
	}
	declarations, statements, open := splitCell(code)
	if open {
		return "incomplete", ""
	}
	depth, unfinished := balance(declarations + "\n" + statements)
	if unfinished || depth > 0 {
		return "incomplete", strings.Repeat("\t", max(depth, 0))
	}
	if parses(declarations, statements) || (statements == "" && parses("", declarations)) {
		return "complete", ""
	}
	return "invalid", ""
}

// isOtherCell says whether a cell is not Go: a file to write, or a script for another program.
func isOtherCell(code string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(code, "\n"), "\n")
	word := strings.Fields(first + " -")[0]
	return strings.HasPrefix(word, "%%") && word != "%%"
}

// splitCell takes GoNB's own lines out: declarations come before the mark of main, statements after it.
// open says that the last of GoNB's lines goes on in one that is not there.
func splitCell(code string) (declarations, statements string, open bool) {
	blank, start, open := masked(code)
	if start < 0 {
		return blank, "", open
	}
	return blank[:start], blank[start:], open
}

// masked is code of the same length in which GoNB's own lines are blank, and where its statements start; -1 where it has none.
func masked(code string) (blank string, start int, open bool) {
	var b strings.Builder
	start = -1
	for line := range strings.Lines(code) {
		text := strings.TrimRight(line, "\r\n")
		if special := strings.HasPrefix(text, "%") || strings.HasPrefix(text, "!"); !special && !open {
			b.WriteString(line)
			continue
		}
		b.WriteString(strings.Repeat(" ", len(text)) + line[len(text):])
		if words := strings.Fields(text); start < 0 && !open && len(words) > 0 && slices.Contains(mainMarks, words[0]) {
			start = b.Len()
		}
		open = strings.HasSuffix(text, "\\")
	}
	return b.String(), start, open
}

// balance counts brackets that are open at the end, and says whether a literal, a comment or an expression is.
func balance(code string) (depth int, unfinished bool) {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(code))
	s.Init(file, []byte(code), func(_ token.Position, what string) {
		unfinished = unfinished || strings.Contains(what, "raw string literal not terminated") || strings.Contains(what, "comment not terminated")
	}, 0)
	last := token.ILLEGAL
	for {
		_, tok, _ := s.Scan()
		switch tok {
		case token.EOF:
			operator := last >= token.ADD && last <= token.COMMA && !slices.Contains([]token.Token{token.INC, token.DEC, token.LPAREN, token.LBRACK, token.LBRACE}, last)
			return depth, unfinished || operator
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth--
		}
		last = tok
	}
}

// parses says whether the parts are Go, as GoNB puts them together.
func parses(declarations, statements string) bool {
	for _, text := range []string{"package p\n" + declarations, "package p\nfunc main() {\n" + statements + "\n}"} {
		if _, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution); err != nil {
			return false
		}
	}
	return true
}
