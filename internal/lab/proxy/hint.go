package proxy

import (
	"fmt"
	"regexp"
)

// hints are what to do about errors that people new to Go in notebooks meet.
var hints = []struct {
	when *regexp.Regexp
	what string
}{
	{regexp.MustCompile(`non-declaration statement outside function body|expected declaration, found`),
		"put a line with %% above statements: what is below it runs, what is above it is declared for all cells"},
	{regexp.MustCompile(`no required module provides package ([^\s;:]+)`), missing},
	{regexp.MustCompile(`cannot find module providing package ([^\s;:]+)`), missing},
	{regexp.MustCompile(`imports (\S+) from implicitly required module`), missing},
	{regexp.MustCompile(`package (\S+) is not in (?:std|GOROOT)`), missing},
	{regexp.MustCompile(`: undefined: ([\pL_][\pL\pN_]*)$`), "no cell that has run declares %s: run the first cell, and the cells above this one"},
}

const missing = "package %[1]s is not in this project: check its name, or fetch it with a cell \"!*go get %[1]s\""

// hint is what to do about a line of an error, "" where nothing is known.
func hint(line string) string {
	for _, h := range hints {
		if m := h.when.FindStringSubmatch(line); len(m) > 1 {
			return fmt.Sprintf(h.what, m[1])
		} else if m != nil {
			return h.what
		}
	}
	return ""
}
