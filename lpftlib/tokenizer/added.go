package tokenizer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// addedToken is a string that becomes one id wherever it stands in a text, with the flags
// that tokenizer.json gives it.
type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // not inside or beside a word
	LStrip     bool   `json:"lstrip"`      // takes the white space before it
	RStrip     bool   `json:"rstrip"`      // takes the white space after it
	Normalized bool   `json:"normalized"`  // looked for after normalisation
	Special    bool   `json:"special"`

	plain bool // given as a string, without flags
}

// matcher finds added tokens: leftmost first, of those the longest.
type matcher struct {
	byFirst [256][]addedToken // by first byte, the longest first
	any     bool
}

func newMatcher(tokens []addedToken) matcher {
	var m matcher
	for _, t := range tokens {
		if t.Content == "" {
			continue
		}
		list := &m.byFirst[t.Content[0]]
		*list = append(*list, t)
		m.any = true
	}
	for _, list := range m.byFirst {
		slices.SortStableFunc(list, func(a, b addedToken) int { return len(b.Content) - len(a.Content) })
	}
	return m
}

// split calls emit for every part of s in order: an added token with its id, what lies
// between with id -1. Empty parts are left out.
func (m *matcher) split(s string, emit func(part string, id int32)) {
	done := 0 // s[:done] is emitted
	for at := 0; m.any && at < len(s); {
		t := m.at(s[at:])
		if t == nil {
			at++
			continue
		}
		start, end := at, at+len(t.Content)
		at = end
		if t.SingleWord && (endsWithWord(s[:start]) || startsWithWord(s[end:])) {
			continue
		}
		if t.LStrip {
			start = max(done, len(strings.TrimRightFunc(s[:start], unicode.IsSpace)))
		}
		if t.RStrip {
			end = len(s) - len(strings.TrimLeftFunc(s[end:], unicode.IsSpace))
		}
		if done < start {
			emit(s[done:start], -1)
		}
		emit(t.Content, t.ID)
		done = end
	}
	if done < len(s) {
		emit(s[done:], -1)
	}
}

// at returns the longest token that s begins with, or nil.
func (m *matcher) at(s string) *addedToken {
	list := m.byFirst[s[0]]
	for i := range list {
		if strings.HasPrefix(s, list[i].Content) {
			return &list[i]
		}
	}
	return nil
}

func endsWithWord(s string) bool {
	r, n := utf8.DecodeLastRuneInString(s)
	return n > 0 && contains(wordChars, r)
}

func startsWithWord(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n > 0 && contains(wordChars, r)
}
