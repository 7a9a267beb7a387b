package tokenizer

import (
	"strings"
	"unicode"
)

// normalizer changes a text before it is cut into words.
type normalizer interface{ normalize(string) string }

// normalizers are done one after the other.
type normalizers []normalizer

func (all normalizers) normalize(s string) string {
	for _, n := range all {
		s = n.normalize(s)
	}
	return s
}

// stripping takes white space off the ends.
type stripping struct{ left, right bool }

func (n stripping) normalize(s string) string {
	if n.left {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
	}
	if n.right {
		s = strings.TrimRightFunc(s, unicode.IsSpace)
	}
	return s
}

// replacing puts one string for another.
type replacing struct{ old, new string }

func (n replacing) normalize(s string) string { return strings.ReplaceAll(s, n.old, n.new) }

// squeezing puts a string for each run of two or more spaces.
type squeezing struct{ new string }

// spaceRuns is the only regular expression that lpft knows in a normalizer.
const spaceRuns = " {2,}"

func (n squeezing) normalize(s string) string {
	if !strings.Contains(s, "  ") {
		return s
	}
	var out strings.Builder
	for {
		at := strings.Index(s, "  ")
		if at < 0 {
			out.WriteString(s)
			return out.String()
		}
		out.WriteString(s[:at])
		out.WriteString(n.new)
		s = strings.TrimLeft(s[at:], " ")
	}
}

// keepsStart says whether a text's first character after n is one that stood first before,
// or a space: whether "the start of the text" means the same before and after. tokenizers
// decides that from alignments, which other normalizers shift in ways lpft does not follow.
func keepsStart(n normalizer, mark string) bool {
	switch n := n.(type) {
	case nil:
		return true
	case normalizers:
		for _, part := range n {
			if !keepsStart(part, mark) {
				return false
			}
		}
		return true
	case stripping:
		return !n.left
	case squeezing:
		return n.new == " " || n.new == mark
	}
	return false
}
