package tokenizer

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// Family says how words become ids.
type Family int

// The families that [Load] knows.
const (
	BPE       Family = iota // byte-level byte-pair encoding: RoBERTa, GPT-2
	WordPiece               // BERT, MiniLM
	Unigram                 // SentencePiece: XLM-RoBERTa, CamemBERT
)

// String gives the name that tokenizer.json uses.
func (f Family) String() string {
	return [...]string{"BPE", "WordPiece", "Unigram"}[f]
}

// Text is one example: a single text, or a pair.
type Text struct {
	A, B string
	Pair bool // with B == "" too: then a pair whose second text is empty
}

// Encoding is a text as the encoder takes it, special tokens included, not padded.
type Encoding struct {
	IDs     []int32 // [T]
	TypeIDs []int32 // [T]: BERT gives 1 to the second text and its [SEP]; RoBERTa only 0
}

// Tokenizer encodes texts. It is safe for concurrent use.
type Tokenizer struct {
	family       Family
	words        wordModel
	cache        wordCache
	norm         normalizer // nil: the text is taken as it is
	prefixSpace  bool       // BPE: a space goes before a piece that has none
	meta         *metaspace // Unigram: cuts the words
	raw, normed  matcher    // added tokens looked for before and after normalisation
	single, pair template
	cutLeft      bool // a text that is too long loses its start, not its end
	padID        int32
	vocabSize    int
	digest       string
	scratches    sync.Pool // of *scratch
}

// wordModel turns one word of the pre-split into ids.
type wordModel interface {
	// next returns the length of what comes first in a non-empty s, and whether it is a
	// word (else it is white space to skip).
	next(s string) (n int, word bool)
	// appendIDs appends the ids of a word.
	appendIDs(dst []int32, word string) []int32
}

// Family returns the tokenizer's family.
func (t *Tokenizer) Family() Family { return t.family }

// PadID returns the id of <pad> or [PAD], or -1 if the vocabulary has none.
func (t *Tokenizer) PadID() int32 { return t.padID }

// VocabSize returns the largest id plus one: the rows an embedding matrix needs.
func (t *Tokenizer) VocabSize() int { return t.vocabSize }

// Digest returns the SHA-256 (hexadecimal) of the names and contents of the files that
// decide the ids.
func (t *Tokenizer) Digest() string { return t.digest }

// Encode returns the ids of x, at most maxLen of them, special tokens included. The
// package comment says what is cut where.
func (t *Tokenizer) Encode(x Text, maxLen int) Encoding {
	s, _ := t.scratches.Get().(*scratch)
	if s == nil {
		s = new(scratch)
	}
	defer t.scratches.Put(s)
	s.a = t.appendText(s.a[:0], x.A)
	if !x.Pair {
		return t.single.build(s.a, nil, maxLen, t.cutLeft)
	}
	s.b = t.appendText(s.b[:0], x.B)
	return t.pair.build(s.a, s.b, maxLen, t.cutLeft)
}

// EncodeAll encodes every text, on all processors; result i belongs to text i.
func (t *Tokenizer) EncodeAll(xs []Text, maxLen int) []Encoding {
	const chunk = 64
	out := make([]Encoding, len(xs))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(xs)+chunk-1)/chunk) {
		wg.Go(func() {
			for {
				end := int(next.Add(chunk))
				for i := end - chunk; i < min(end, len(xs)); i++ {
					out[i] = t.Encode(xs[i], maxLen)
				}
				if end >= len(xs) {
					return
				}
			}
		})
	}
	wg.Wait()
	return out
}

// scratch holds the ids of the two texts while an encoding is made.
type scratch struct{ a, b []int32 }

// appendText appends the ids of a text, without the special tokens around it.
func (t *Tokenizer) appendText(dst []int32, text string) []int32 {
	if !utf8.ValidString(text) {
		text = string([]rune(text))
	}
	atStart := true // until the first part
	t.raw.split(text, func(piece string, id int32) {
		if id >= 0 {
			dst, atStart = append(dst, id), false
			return
		}
		if t.norm != nil {
			piece = t.norm.normalize(piece)
		}
		t.normed.split(piece, func(piece string, id int32) {
			if id >= 0 {
				dst = append(dst, id)
			} else {
				dst = t.appendWords(dst, piece, atStart)
			}
			atStart = false
		})
		atStart = false
	})
	return dst
}

// appendWords appends the ids of a piece that holds no added token; atStart says that it
// begins the text.
func (t *Tokenizer) appendWords(dst []int32, piece string, atStart bool) []int32 {
	if t.meta != nil {
		t.meta.words(piece, atStart, func(word string) { dst = t.appendWord(dst, word) })
		return dst
	}
	if t.prefixSpace && !strings.HasPrefix(piece, " ") {
		piece = " " + piece
	}
	for len(piece) > 0 {
		n, word := t.words.next(piece)
		if word {
			dst = t.appendWord(dst, piece[:n])
		}
		piece = piece[n:]
	}
	return dst
}

// appendWord appends the ids of a word, from the cache if they are there.
func (t *Tokenizer) appendWord(dst []int32, word string) []int32 {
	if len(word) > maxCachedWord {
		return t.words.appendIDs(dst, word)
	}
	slot := t.cache.slot(word)
	if e := slot.Load(); e != nil && e.word == word {
		return append(dst, e.ids...)
	}
	start := len(dst)
	dst = t.words.appendIDs(dst, word)
	slot.Store(newCachedWord(word, dst[start:]))
	return dst
}
