package tokenizer

import (
	"strings"
	"unicode"
)

// metaspace cuts a text into words as SentencePiece's vocabularies want it: a mark, mostly
// "▁", stands for the space before a word. The zero value takes a text as one word.
type metaspace struct {
	whitespace bool   // the text is first cut at white space, which is lost
	mark       string // in place of " "; "" leaves the text as it is
	prepend    prependScheme
	split      bool // a word begins at each mark
}

// prependScheme says which parts of a text get a mark before them that have none.
type prependScheme string

const (
	prependAlways prependScheme = "always"
	prependFirst  prependScheme = "first" // only the one at the very start of the text
	prependNever  prependScheme = "never"
)

// words calls emit for each word; atStart says that the piece begins the text.
func (m *metaspace) words(piece string, atStart bool, emit func(string)) {
	if !m.whitespace {
		m.marked(piece, atStart, emit)
		return
	}
	for len(piece) > 0 {
		end := strings.IndexFunc(piece, unicode.IsSpace)
		if end < 0 {
			end = len(piece)
		}
		if end > 0 {
			m.marked(piece[:end], atStart, emit)
		}
		rest := strings.TrimLeftFunc(piece[end:], unicode.IsSpace)
		piece, atStart = rest, false
	}
}

// marked gives one part its marks and cuts it there.
func (m *metaspace) marked(part string, atStart bool, emit func(string)) {
	if m.mark == "" {
		emit(part)
		return
	}
	part = strings.ReplaceAll(part, " ", m.mark)
	if !strings.HasPrefix(part, m.mark) && (m.prepend == prependAlways || m.prepend == prependFirst && atStart) {
		part = m.mark + part
	}
	for m.split {
		next := 1 + strings.Index(part[1:], m.mark)
		if next == 0 {
			break
		}
		emit(part[:next])
		part = part[next:]
	}
	emit(part)
}
