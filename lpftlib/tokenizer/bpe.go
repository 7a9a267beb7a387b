package tokenizer

import "fmt"

// bpe is a byte-level byte-pair encoding. Words are bytes here throughout: the vocabulary
// file's printable stand-ins for bytes (byteChars) are looked up once, when it is built.
type bpe struct {
	byteIDs [256]int32             // id of each byte, or -1
	merges  map[[2]int32]mergeRule // what two neighbouring ids become
	unk     int32                  // id for a byte without one, or -1: leave it out
	fuseUnk bool                   // one unk for neighbouring such bytes
}

type mergeRule struct{ rank, id int32 }

// byteChars returns GPT-2's printable character for each byte: itself where Latin-1 has a
// visible character, else the next free code point from U+0100.
func byteChars() (chars [256]rune) {
	next := rune(256)
	for b := range chars {
		switch {
		case b >= '!' && b <= '~', b >= 0xa1 && b <= 0xac, b >= 0xae:
			chars[b] = rune(b)
		default:
			chars[b] = next
			next++
		}
	}
	return chars
}

// newBPE looks up the bytes and the merges, given in the order they were learned.
func newBPE(vocab map[string]int32, merges [][2]string, unk string, fuseUnk bool) (*bpe, error) {
	m := &bpe{merges: make(map[[2]int32]mergeRule, len(merges)), unk: -1, fuseUnk: fuseUnk}
	for b, c := range byteChars() {
		m.byteIDs[b] = -1
		if id, ok := vocab[string(c)]; ok {
			m.byteIDs[b] = id
		}
	}
	if unk != "" {
		id, ok := vocab[unk]
		if !ok {
			return nil, fmt.Errorf("the unknown token %q is not in the vocabulary", unk)
		}
		m.unk = id
	}
	for rank, pair := range merges {
		var ids [3]int32
		for i, token := range []string{pair[0], pair[1], pair[0] + pair[1]} {
			id, ok := vocab[token]
			if !ok {
				return nil, fmt.Errorf("merge %d (%q, %q): %q is not in the vocabulary", rank+1, pair[0], pair[1], token)
			}
			ids[i] = id
		}
		m.merges[[2]int32{ids[0], ids[1]}] = mergeRule{int32(rank), ids[2]}
	}
	return m, nil
}

func (m *bpe) next(s string) (int, bool) { return gpt2Next(s), true }

// symbol is a part of a word while it is being merged: a list through prev and next.
type symbol struct {
	id         int32
	prev, next int // -1: none
	gone       bool
}

func (m *bpe) appendIDs(dst []int32, word string) []int32 {
	var room [maxCachedWord]symbol
	symbols := m.symbols(room[:0], word)
	m.merge(symbols)
	for _, s := range symbols {
		if !s.gone {
			dst = append(dst, s.id)
		}
	}
	return dst
}

// symbols appends the bytes of a word as a list.
func (m *bpe) symbols(list []symbol, word string) []symbol {
	afterUnk := false
	for i := range len(word) {
		id := m.byteIDs[word[i]]
		unknown := id < 0
		if unknown {
			id = m.unk
			if id < 0 || afterUnk && m.fuseUnk {
				continue
			}
		}
		afterUnk = unknown
		list = append(list, symbol{id: id, prev: len(list) - 1, next: len(list) + 1})
	}
	if len(list) > 0 {
		list[len(list)-1].next = -1
	}
	return list
}

// merge joins neighbours, the earliest learned pair first and of equal pairs the leftmost,
// until none is left that was learned.
func (m *bpe) merge(symbols []symbol) {
	var room [maxCachedWord]candidate
	queue := candidates(room[:0])
	for i := range symbols {
		queue = m.propose(queue, symbols, i)
	}
	for len(queue) > 0 {
		top := queue[0]
		queue = queue.pop()
		left := &symbols[top.left]
		if left.gone || left.next < 0 {
			continue
		}
		right := &symbols[left.next]
		// A neighbour may have changed since; what still gives the same token is taken.
		if rule, ok := m.merges[[2]int32{left.id, right.id}]; !ok || rule.id != top.id {
			continue
		}
		left.id, left.next, right.gone = top.id, right.next, true
		if left.next >= 0 {
			symbols[left.next].prev = top.left
		}
		queue = m.propose(queue, symbols, left.prev)
		queue = m.propose(queue, symbols, top.left)
	}
}

// propose adds the symbol at left and the one after it to the queue, if there are such and
// the pair was learned.
func (m *bpe) propose(queue candidates, symbols []symbol, left int) candidates {
	if left < 0 || symbols[left].next < 0 {
		return queue
	}
	rule, ok := m.merges[[2]int32{symbols[left].id, symbols[symbols[left].next].id}]
	if !ok {
		return queue
	}
	return queue.push(candidate{rule, left})
}

// candidate is a merge that may be done: the symbol at left with the one after it.
type candidate struct {
	mergeRule
	left int
}

func (a candidate) before(b candidate) bool {
	return a.rank < b.rank || a.rank == b.rank && a.left < b.left
}

// candidates is a binary heap with the first candidate on top. (container/heap would put
// every candidate into an interface value, an allocation each.)
type candidates []candidate

func (h candidates) push(x candidate) candidates {
	h = append(h, x)
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h[i].before(h[parent]) {
			break
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
	return h
}

// pop takes the top away.
func (h candidates) pop() candidates {
	h[0] = h[len(h)-1]
	h = h[:len(h)-1]
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			return h
		}
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(h[i]) {
			return h
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
