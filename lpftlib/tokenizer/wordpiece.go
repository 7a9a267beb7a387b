package tokenizer

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// wordPiece covers a word by entries of the vocabulary, the longest first, from the left.
type wordPiece struct {
	first    map[string]int32 // entries at the start of a word
	rest     map[string]int32 // entries after it, without their prefix "##"
	longest  int              // bytes of the longest entry
	unk      int32
	maxChars int // a longer word is unknown
}

func newWordPiece(vocab map[string]int32, unk, prefix string, maxChars int) (*wordPiece, error) {
	id, ok := vocab[unk]
	if !ok {
		return nil, fmt.Errorf("the unknown token %q is not in the vocabulary", unk)
	}
	m := &wordPiece{first: vocab, rest: map[string]int32{}, unk: id, maxChars: maxChars}
	for token, id := range vocab {
		m.longest = max(m.longest, len(token))
		if rest, ok := strings.CutPrefix(token, prefix); ok {
			m.rest[rest] = id
		}
	}
	return m, nil
}

func (m *wordPiece) appendIDs(dst []int32, word string) []int32 {
	if len(word) > m.maxChars && utf8.RuneCountInString(word) > m.maxChars {
		return append(dst, m.unk)
	}
	start := len(dst)
	entries := m.first
	for len(word) > 0 {
		n, id := m.longestEntry(entries, word)
		if n == 0 {
			return append(dst[:start], m.unk)
		}
		dst = append(dst, id)
		word, entries = word[n:], m.rest
	}
	return dst
}

// longestEntry returns the length and id of the longest entry that word begins with.
func (m *wordPiece) longestEntry(entries map[string]int32, word string) (int, int32) {
	for n := min(len(word), m.longest); n > 0; n-- {
		if n < len(word) && !utf8.RuneStart(word[n]) {
			continue
		}
		if id, ok := entries[word[:n]]; ok {
			return n, id
		}
	}
	return 0, 0
}

// next cuts at white space, which is skipped, and around each punctuation mark.
func (m *wordPiece) next(s string) (int, bool) {
	for i, r := range s {
		kind := bertKind(r)
		if kind == bertWord {
			continue
		}
		if i > 0 {
			return i, true
		}
		return utf8.RuneLen(r), kind == bertPunct
	}
	return len(s), true
}

type bertClass uint8

const (
	bertWord bertClass = iota
	bertSpace
	bertPunct
)

// bertASCII is searchBertKind for one-byte characters.
var bertASCII = func() (t [128]bertClass) {
	for r := range t {
		t[r] = searchBertKind(rune(r))
	}
	return
}()

func bertKind(r rune) bertClass {
	if r < 128 {
		return bertASCII[r]
	}
	return searchBertKind(r)
}

func searchBertKind(r rune) bertClass {
	switch {
	case unicode.IsSpace(r):
		return bertSpace
	case contains(bertPunctuation, r):
		return bertPunct
	}
	return bertWord
}
