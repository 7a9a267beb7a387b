package tokenizer

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// bertNormalizer prepares text as BERT does, in this order.
type bertNormalizer struct {
	clean        bool // drop control characters, make all white space " "
	han          bool // put spaces around Chinese characters, so that each is a word
	stripAccents bool // decompose, then drop nonspacing marks
	lowercase    bool // character by character: a final sigma is not looked for
}

func (n *bertNormalizer) normalize(s string) string {
	if isASCII(s) {
		return n.normalizeASCII(s)
	}
	runes := n.cleanAndSpace(make([]rune, 0, len(s)), s)
	if n.stripAccents {
		runes = withoutMarks(decompose(runes))
	}
	out := make([]byte, 0, len(s))
	for _, r := range runes {
		switch {
		case !n.lowercase:
		case r == 'İ':
			out = append(out, 'i')
			r = '\u0307'
		default:
			r = lower(r)
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// normalizeASCII is normalize where there are neither accents nor Chinese characters.
func (n *bertNormalizer) normalizeASCII(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		if n.clean && (c < ' ' || c == 0x7f) {
			if c != '\t' && c != '\n' && c != '\r' {
				continue
			}
			c = ' '
		}
		if n.lowercase && 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	return string(out)
}

// cleanAndSpace appends the characters of s, cleaned and with spaces around Chinese ones.
func (n *bertNormalizer) cleanAndSpace(dst []rune, s string) []rune {
	for _, r := range s {
		if n.clean {
			if contains(bertDropped, r) {
				continue
			}
			if unicode.IsSpace(r) {
				r = ' '
			}
		}
		if n.han && isChinese(r) {
			dst = append(dst, ' ', r, ' ')
			continue
		}
		dst = append(dst, r)
	}
	return dst
}

// isChinese reports whether r is in a block of Chinese characters, as BERT counts them:
// the 0x2b920 is BERT's.
func isChinese(r rune) bool {
	return r >= 0x3400 && contains(chineseBlocks, r)
}

var chineseBlocks = []runeRange{
	{0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xf900, 0xfaff}, {0x20000, 0x2a6df},
	{0x2a700, 0x2b73f}, {0x2b740, 0x2b81f}, {0x2b920, 0x2ceaf}, {0x2f800, 0x2fa1f},
}

// decompose returns the canonical decomposition (NFD) of runes in Unicode 9.
//
// Decompositions and combining classes never change once a character has them, so the
// library's newer tables serve for every character that Unicode 9 decomposes; the others
// must stay as they are. (The library's own String would also break up long runs of marks.)
func decompose(runes []rune) []rune {
	out := make([]rune, 0, len(runes)+8)
	var classes []uint8 // combining classes of the runes at the end of out, all above 0
	settle := func() {
		sortByClass(out[len(out)-len(classes):], classes)
		classes = classes[:0]
	}
	var buf [utf8.UTFMax * 4]byte
	for _, r := range runes {
		if r < 0xc0 || !contains(decomposing, r) {
			settle()
			out = append(out, r)
			continue
		}
		parts := norm.NFD.AppendString(buf[:0], string(r))
		for len(parts) > 0 {
			class := norm.NFD.Properties(parts).CCC()
			part, size := utf8.DecodeRune(parts)
			parts = parts[size:]
			if class == 0 {
				settle()
			} else {
				classes = append(classes, class)
			}
			out = append(out, part)
		}
	}
	settle()
	return out
}

// sortByClass orders marks by combining class; marks of one class keep their order.
func sortByClass(marks []rune, classes []uint8) {
	for i := 1; i < len(marks); i++ {
		at, _ := slices.BinarySearchFunc(classes[:i], classes[i], func(have, want uint8) int {
			if have <= want {
				return -1
			}
			return 1
		})
		mark, class := marks[i], classes[i]
		copy(marks[at+1:i+1], marks[at:i])
		copy(classes[at+1:i+1], classes[at:i])
		marks[at], classes[at] = mark, class
	}
}

// withoutMarks removes the nonspacing marks, in place.
func withoutMarks(runes []rune) []rune {
	return slices.DeleteFunc(runes, func(r rune) bool {
		return r >= 0x300 && contains(nonspacing, r)
	})
}
