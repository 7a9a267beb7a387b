package tokenizer

import "sort"

// runeRange is an inclusive range of code points.
type runeRange struct{ lo, hi rune }

// contains reports whether r is in one of the ascending ranges.
func contains(ranges []runeRange, r rune) bool {
	i := sort.Search(len(ranges), func(i int) bool { return ranges[i].hi >= r })
	return i < len(ranges) && ranges[i].lo <= r
}

// charClass is a character class of GPT-2's expression.
type charClass uint8

const (
	other  charClass = iota // [^\s\p{L}\p{N}]
	letter                  // \p{L}
	number                  // \p{N}
	space                   // \s
)

// classRun says that class holds from start to the next run.
type classRun struct {
	start rune
	class charClass
}

// asciiClass is gpt2Classes for one-byte characters.
var asciiClass = func() (t [128]charClass) {
	for r := range t {
		t[r] = searchClass(rune(r))
	}
	return
}()

func gpt2Class(r rune) charClass {
	if r < 128 {
		return asciiClass[r]
	}
	return searchClass(r)
}

func searchClass(r rune) charClass {
	i := sort.Search(len(gpt2Classes), func(i int) bool { return gpt2Classes[i].start > r })
	return gpt2Classes[i-1].class
}

// caseRun maps every stride-th code point from lo to hi to itself plus delta.
type caseRun struct{ lo, hi, stride, delta rune }

// lower returns the lower case of r; U+0130 is the caller's affair.
func lower(r rune) rune {
	i := sort.Search(len(lowerRuns), func(i int) bool { return lowerRuns[i].hi >= r })
	if i < len(lowerRuns) {
		if run := lowerRuns[i]; run.lo <= r && (r-run.lo)%run.stride == 0 {
			return r + run.delta
		}
	}
	return r
}
