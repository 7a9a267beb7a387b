package tokenizer

import "unicode/utf8"

// graphemeLen returns the length of the first character as a reader sees it in a non-empty
// s: a letter with its marks, a family of emoji (UAX 29, extended grapheme clusters). Pairs
// of flags are left apart: it is for [charsmap], which looks only at clusters of less than
// six bytes, and a flag with anything beside it has six.
func graphemeLen(s string) int {
	if s[0] < utf8.RuneSelf && s[0] != '\r' && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return 1
	}
	r, n := utf8.DecodeRuneInString(s)
	var c cluster
	c.add(r)
	for n < len(s) {
		next, size := utf8.DecodeRuneInString(s[n:])
		if c.endsBefore(next) {
			break
		}
		c.add(next)
		n += size
	}
	return n
}

// cluster is what the rules need to know of the characters so far.
type cluster struct {
	last       rune
	pictograph bool // pictograph and then marks only: GB11
	consonant  bool // Indic consonant and then marks only: GB9c
	linked     bool // one of these marks links to the next consonant
}

func (c *cluster) add(r rune) {
	joins := contains(graphemeJoins, r)
	c.pictograph = contains(graphemePictographs, r) || c.pictograph && joins
	linker := contains(graphemeLinkers, r)
	switch {
	case contains(graphemeConsonants, r):
		c.consonant, c.linked = true, false
	case linker || contains(graphemeIndicMarks, r):
		c.linked = c.linked || linker
	default:
		c.consonant = false
	}
	c.last = r
}

const zeroWidthJoiner = '\u200d'

// endsBefore says whether a new cluster begins with next.
func (c *cluster) endsBefore(next rune) bool {
	switch {
	case c.last == '\r' && next == '\n': // GB3
		return false
	case contains(graphemeControls, c.last) || contains(graphemeControls, next): // GB4, GB5
		return true
	case contains(graphemeJoins, next), contains(graphemePrepends, c.last): // GB9, GB9a, GB9b
		return false
	case c.consonant && c.linked && contains(graphemeConsonants, next): // GB9c
		return false
	case c.pictograph && c.last == zeroWidthJoiner && contains(graphemePictographs, next): // GB11
		return false
	}
	return !hangulJoins(c.last, next)
}

// hangulJoins says whether two parts of a Korean syllable belong together (GB6 to GB8).
func hangulJoins(a, b rune) bool {
	vowel, final := isVowel(b), isFinal(b)
	switch {
	case a >= 0x1100 && a <= 0x115f, a >= 0xa960 && a <= 0xa97c: // leading consonant
		return vowel || b >= 0x1100 && b <= 0x115f || b >= 0xa960 && b <= 0xa97c || isSyllable(b)
	case isVowel(a), isSyllable(a) && (a-0xac00)%28 == 0:
		return vowel || final
	case isFinal(a), isSyllable(a):
		return final
	}
	return false
}

func isVowel(r rune) bool    { return r >= 0x1160 && r <= 0x11a7 || r >= 0xd7b0 && r <= 0xd7c6 }
func isFinal(r rune) bool    { return r >= 0x11a8 && r <= 0x11ff || r >= 0xd7cb && r <= 0xd7fb }
func isSyllable(r rune) bool { return r >= 0xac00 && r <= 0xd7a3 }
