package tokenizer

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// unigram covers a word by the pieces whose scores, logarithms of probabilities, have the
// largest sum (SentencePiece's unigram language model; Kudo 2018, "Subword Regularization").
// The search is Viterbi's: for every end, the best row of pieces up to there.
type unigram struct {
	pieces   []piece // ascending by text
	byFirst  [257]int
	unk      int32
	unkScore float64
	byteIDs  *[256]int32 // byte_fallback: ids of "<0x00>", …, or -1; nil without it
}

type piece struct {
	text  string
	id    int32
	score float64
}

// unkPenalty is how far an unknown character lies below the piece with the lowest score.
const unkPenalty = 10

func newUnigram(d *definition) (*unigram, error) {
	if d.unkID < 0 || int(d.unkID) >= len(d.pieces) {
		return nil, fmt.Errorf("model unk_id %d: want the id of one of the %d pieces", d.unkID, len(d.pieces))
	}
	m := &unigram{unk: d.unkID, unkScore: math.Inf(1)}
	for id, p := range d.pieces {
		score := p.score.twice
		if d.exactScores {
			score = p.score.exact
		}
		if d.vocab[p.text] == int32(id) {
			m.pieces = append(m.pieces, piece{p.text, int32(id), score})
		}
		m.unkScore = min(m.unkScore, score)
	}
	m.unkScore -= unkPenalty
	slices.SortFunc(m.pieces, func(a, b piece) int { return strings.Compare(a.text, b.text) })
	for b := range m.byFirst {
		m.byFirst[b] = sort.Search(len(m.pieces), func(i int) bool {
			return m.pieces[i].text != "" && int(m.pieces[i].text[0]) >= b
		})
	}
	if d.byteFallback {
		m.byteIDs = new([256]int32)
		for b := range m.byteIDs {
			m.byteIDs[b] = m.id(fmt.Sprintf("<0x%02X>", b))
		}
	}
	return m, nil
}

// next takes the whole: Metaspace has cut the words.
func (m *unigram) next(s string) (int, bool) { return len(s), true }

// id returns the id of a piece, or -1.
func (m *unigram) id(text string) int32 {
	i, ok := slices.BinarySearchFunc(m.pieces, text, func(p piece, text string) int { return strings.Compare(p.text, text) })
	if !ok {
		return -1
	}
	return m.pieces[i].id
}

// prefixes calls visit for each piece that s begins with, the shortest first.
func (m *unigram) prefixes(s string, visit func(*piece)) {
	lo, hi := m.byFirst[s[0]], m.byFirst[int(s[0])+1]
	for depth := 1; lo < hi; depth++ { // all from lo to hi begin with s[:depth]
		if p := &m.pieces[lo]; len(p.text) == depth {
			visit(p)
			lo++
		}
		if depth == len(s) {
			return
		}
		within := m.pieces[lo:hi]
		hi = lo + sort.Search(len(within), func(i int) bool { return within[i].text[depth] > s[depth] })
		lo += sort.Search(len(within), func(i int) bool { return within[i].text[depth] >= s[depth] })
	}
}

// step is the best way to reach an end: its last piece and where that starts.
type step struct {
	start int // -1: none yet
	id    int32
	score float64
}

// reach takes the piece if it makes a better way; of equal ways the first stays.
func (s *step) reach(start int, id int32, score float64) {
	if s.start < 0 || score > s.score {
		*s = step{start, id, score}
	}
}

func (m *unigram) appendIDs(dst []int32, word string) []int32 {
	var room [maxCachedWord + 1]step
	steps := m.best(room[:0], word)
	var starts [maxCachedWord]int
	cuts := starts[:0]
	for end := len(word); end > 0; end = steps[end].start {
		cuts = append(cuts, end)
	}
	unknown := 0 // length of the unknown characters before: they become one token
	for i := len(cuts) - 1; i >= 0; i-- {
		end := cuts[i]
		start := steps[end].start
		if steps[end].id == m.unk {
			unknown += end - start
			continue
		}
		dst = m.appendUnknown(dst, word[start-unknown:start])
		dst, unknown = append(dst, steps[end].id), 0
	}
	return m.appendUnknown(dst, word[len(word)-unknown:])
}

// best fills in the best way to each end of a character.
func (m *unigram) best(steps []step, word string) []step {
	for range len(word) + 1 {
		steps = append(steps, step{start: -1})
	}
	for start, r := range word {
		char := utf8.RuneLen(r)
		known := false
		here := steps[start].score
		m.prefixes(word[start:], func(p *piece) {
			steps[start+len(p.text)].reach(start, p.id, p.score+here)
			known = known || len(p.text) == char
		})
		if !known {
			steps[start+char].reach(start, m.unk, m.unkScore+here)
		}
	}
	return steps
}

// appendUnknown appends what unknown characters become: the piece of that text if there is
// one after all, else its bytes' pieces where all are there, else the unknown token.
func (m *unigram) appendUnknown(dst []int32, text string) []int32 {
	if text == "" {
		return dst
	}
	if id := m.id(text); id >= 0 {
		return append(dst, id)
	}
	if m.byteIDs == nil {
		return append(dst, m.unk)
	}
	before := len(dst)
	for i := range len(text) {
		id := m.byteIDs[text[i]]
		if id < 0 {
			return append(dst[:before], m.unk)
		}
		dst = append(dst, id)
	}
	return dst
}
