package tokenizer

import "math"

// adding takes added tokens one after the other, as the original does: a string of the
// vocabulary keeps its id, a new one is numbered after all others, and one that comes again
// with other flags replaces those of before.
type adding struct {
	vocab  map[string]int32
	ids    map[string]int32     // of the added tokens
	tokens map[int32]addedToken // by id: the flags that count
	// Where a string is looked for (before or after normalisation) is said by the entry that
	// was there first, of special ones before others.
	special, plain []addedToken
}

func newAdding(vocab map[string]int32) *adding {
	return &adding{vocab: vocab, ids: map[string]int32{}, tokens: map[int32]addedToken{}}
}

func (a *adding) add(t addedToken) {
	if t.Content == "" {
		return
	}
	if t.Special && !a.isSpecial(t.Content) {
		a.special = append(a.special, t)
	}
	id, known := a.id(t.Content)
	if !known {
		id = a.next()
	}
	t.ID = id
	if a.tokens[id] == t {
		return
	}
	a.ids[t.Content], a.tokens[id] = id, t
	if !a.isSpecial(t.Content) {
		a.plain = append(a.plain, t)
	}
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

func (a *adding) isSpecial(content string) bool {
	for _, t := range a.special {
		if t.Content == content {
			return true
		}
	}
	return false
}

// next is the first id after the vocabulary and the added tokens.
func (a *adding) next() int32 {
	next := int32(len(a.vocab))
	for id := range a.tokens {
		if id >= next && id < math.MaxInt32 {
			next = id + 1
		}
	}
	return next
}

// list gives the tokens in the order in which they are looked for.
func (a *adding) list() []addedToken {
	var out []addedToken
	for _, t := range append(append([]addedToken{}, a.special...), a.plain...) {
		id, _ := a.id(t.Content)
		flags := a.tokens[id]
		flags.Normalized, flags.Special = t.Normalized, t.Special
		out = append(out, flags)
	}
	return out
}
