package task

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// label finds the class that s names: its name in any case, or its index.
// Where class names are numbers themselves, only names count. A whole number may be written with a decimal
// point: 1.0 is what tables with a gap somewhere in the column, decimals and floats hold for 1.
func (t *Task) label(s string) (int, bool) {
	s = strings.TrimSpace(s)
	if i := t.named(s); i >= 0 {
		return i, true
	}
	s = whole(s)
	if i := t.named(s); i >= 0 {
		return i, true
	}
	if t.numbered() || !isIndex(s) {
		return 0, false
	}
	k, err := strconv.Atoi(s)
	return k, err == nil && k < len(t.Classes)
}

// named is the position of the class with the name s, -1 if there is none.
func (t *Task) named(s string) int {
	return slices.IndexFunc(t.Classes, func(c string) bool { return strings.EqualFold(c, s) })
}

// numbered tells that class names are numbers.
func (t *Task) numbered() bool {
	return slices.ContainsFunc(t.Classes, func(c string) bool { return strings.Trim(c, "+-.0123456789") == "" })
}

// whole turns 1.0 into 1 and leaves everything else as it is.
func whole(s string) string {
	number, zeros, ok := strings.Cut(s, ".")
	if ok && isIndex(number) && zeros != "" && strings.Trim(zeros, "0") == "" {
		return number
	}
	return s
}

// isIndex reports whether s is a short string of digits.
func isIndex(s string) bool {
	return s != "" && len(s) < 6 && strings.Trim(s, "0123456789") == ""
}

// allowed lists the labels for an error message.
func (t *Task) allowed() string {
	names := strings.Join(t.Classes, ", ")
	if t.numbered() {
		return names
	}
	return fmt.Sprintf("%s (or 0 to %d)", names, len(t.Classes)-1)
}

// advice says what a wrong label that many files hold means.
func (t *Task) advice(s string) string {
	switch whole(strings.TrimSpace(s)) {
	case "-1", "-1.0":
		return ": -1 marks rows without a label, as in the test files of GLUE and SuperGLUE, which cannot be scored; take the validation file"
	case strconv.Itoa(len(t.Classes)):
		if !t.numbered() {
			return ": if the labels count from 1, give these numbers as \"classes\" in a task file"
		}
	}
	return ""
}
