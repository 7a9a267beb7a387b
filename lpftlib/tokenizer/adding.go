package tokenizer

import "math"

// adding takes added tokens one after the other, as the original does: a string of the
// vocabulary keeps its id, a new one is numbered after all others, and one that comes again
// with other flags replaces those of before.
type adding struct {
	vocab  map[string]int32
	size   int                  // of the vocabulary, pieces that come twice counted twice
	ids    map[string]int32     // of the added tokens
	tokens map[int32]addedToken // by id
	order  []int32              // ids, first come first
}

func newAdding(d *definition) *adding {
	return &adding{vocab: d.vocab, size: max(len(d.vocab), len(d.pieces)), ids: map[string]int32{}, tokens: map[int32]addedToken{}}
}

func (a *adding) add(t addedToken) {
	if t.Content == "" {
		return
	}
	id, known := a.id(t.Content)
	if !known {
		id = a.next()
	}
	if !a.has(t.Content) {
		a.order = append(a.order, id)
	}
	t.ID = id
	a.ids[t.Content], a.tokens[id] = id, t
}

// id says which id a string has, of an added token or of the vocabulary.
func (a *adding) id(content string) (int32, bool) {
	if id, ok := a.ids[content]; ok {
		return id, true
	}
	id, ok := a.vocab[content]
	return id, ok
}

func (a *adding) has(content string) bool {
	_, ok := a.ids[content]
	return ok
}

// next is the first id after the vocabulary and the added tokens.
func (a *adding) next() int32 {
	next := int32(a.size)
	for id := range a.tokens {
		if id >= next && id < math.MaxInt32 {
			next = id + 1
		}
	}
	return next
}

// list gives the tokens, first come first.
func (a *adding) list() []addedToken {
	var out []addedToken
	for _, id := range a.order {
		out = append(out, a.tokens[id])
	}
	return out
}
