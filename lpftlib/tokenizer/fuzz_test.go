package tokenizer

import (
	"slices"
	"testing"
	"unicode/utf8"
)

// FuzzEncode checks that any text gives valid ids, at most maxLen, and the same ids when its
// words come from the cache.
func FuzzEncode(f *testing.F) {
	for _, x := range hardTexts(f, 128) {
		f.Add(x.A, x.B, x.Pair, 128)
		f.Add(x.B, x.A, true, 7)
	}
	f.Add("\xff\xfe<mask>\xc3", "[SEP]\xe2\x82", true, 3)
	var toks []*Tokenizer
	for _, name := range []string{"bpe", "bpe-flags", "wordpiece", "wordpiece-cased", "wordpiece-flags", "unigram", "unigram-camembert"} {
		toks = append(toks, load(f, name))
	}
	f.Fuzz(func(t *testing.T, a, b string, pair bool, maxLen int) {
		x := Text{A: a, B: b, Pair: pair}
		for _, tok := range toks {
			e := tok.Encode(x, maxLen)
			if len(e.IDs) > max(0, maxLen) || len(e.TypeIDs) != len(e.IDs) {
				t.Fatalf("%d ids and %d types with at most %d", len(e.IDs), len(e.TypeIDs), maxLen)
			}
			for i, id := range e.IDs {
				if id < 0 || int(id) >= tok.VocabSize() || e.TypeIDs[i]>>1 != 0 {
					t.Fatalf("id %d of type %d, vocabulary %d", id, e.TypeIDs[i], tok.VocabSize())
				}
			}
			again := tok.EncodeAll([]Text{x}, maxLen)[0]
			if !slices.Equal(again.TypeIDs, e.TypeIDs) || !slices.Equal(again.IDs, e.IDs) {
				t.Fatalf("%v, then %v", e.IDs, again.IDs)
			}
		}
	})
}

// FuzzSplit checks that both pre-splits cover any text with whole characters and stop.
func FuzzSplit(f *testing.F) {
	for _, x := range hardTexts(f, 128) {
		f.Add(x.A)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		wp := &wordPiece{}
		for _, next := range []func(string) int{gpt2Next, func(s string) int { n, _ := wp.next(s); return n }} {
			for rest := s; rest != ""; {
				n := next(rest)
				if n <= 0 || n > len(rest) || !utf8.ValidString(rest[:n]) {
					t.Fatalf("%d of %q", n, rest)
				}
				rest = rest[n:]
			}
		}
	})
}
