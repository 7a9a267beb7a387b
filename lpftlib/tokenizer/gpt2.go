package tokenizer

import "unicode/utf8"

// gpt2Next returns the length of the first match in a non-empty s of GPT-2's expression
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// by hand, since Go's regular expressions have no look-ahead. The matches cover the text.
func gpt2Next(s string) int {
	if n := contraction(s); n > 0 {
		return n
	}
	start := 0
	if s[0] == ' ' && len(s) > 1 {
		start = 1
	}
	class, n := classAt(s[start:])
	if class == space {
		return whiteSpace(s)
	}
	for end := start + n; ; end += n {
		if end == len(s) {
			return end
		}
		var c charClass
		if c, n = classAt(s[end:]); c != class {
			return end
		}
	}
}

// contraction returns the length of the English contraction that s begins with, or 0.
func contraction(s string) int {
	if s[0] != '\'' || len(s) < 2 {
		return 0
	}
	switch s[1] {
	case 's', 't', 'm', 'd':
		return 2
	}
	if len(s) > 2 {
		switch s[1:3] {
		case "re", "ve", "ll":
			return 3
		}
	}
	return 0
}

// whiteSpace returns the length of the white space s begins with, less its last character
// where a word follows which may take that: \s+(?!\S), else \s+.
func whiteSpace(s string) int {
	last, end := 0, 0
	for end < len(s) {
		c, n := classAt(s[end:])
		if c != space {
			break
		}
		last, end = end, end+n
	}
	if end == len(s) || last == 0 {
		return end
	}
	return last
}

// classAt returns the class and the length of the first character of a non-empty s.
func classAt(s string) (charClass, int) {
	if s[0] < utf8.RuneSelf {
		return asciiClass[s[0]], 1
	}
	r, n := utf8.DecodeRuneInString(s)
	return gpt2Class(r), n
}
