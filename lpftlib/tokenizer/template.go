package tokenizer

import "slices"

// A template says what stands around the texts: a row of parts, in order.
type template []templatePart

// templatePart is a text (text 0 is A, 1 is B) or, with text < 0, special tokens.
type templatePart struct {
	text   int
	ids    []int32 // the special tokens
	typeID int32   // token type of the whole part
}

// specialTokens returns how many ids the template adds to the texts.
func (t template) specialTokens() int {
	n := 0
	for _, p := range t {
		n += len(p.ids)
	}
	return n
}

// withoutTypes returns the template with all token types 0.
func (t template) withoutTypes() template {
	out := slices.Clone(t)
	for i := range out {
		out[i].typeID = 0
	}
	return out
}

// build cuts the texts' ids a and b to what maxLen leaves, at their end or (left) at their
// start, and puts them in place.
func (t template) build(a, b []int32, maxLen int, left bool) Encoding {
	na, nb := truncate(len(a), len(b), max(0, maxLen-t.specialTokens()))
	texts := [2][]int32{a[:na], b[:nb]}
	if left {
		texts = [2][]int32{a[len(a)-na:], b[len(b)-nb:]}
	}
	n := na + nb + t.specialTokens()
	e := Encoding{make([]int32, 0, n), make([]int32, 0, n)}
	for _, p := range t {
		ids := p.ids
		if p.text >= 0 {
			ids = texts[p.text]
		}
		e.IDs = append(e.IDs, ids...)
		for range ids {
			e.TypeIDs = append(e.TypeIDs, p.typeID)
		}
	}
	if keep := max(0, maxLen); len(e.IDs) > keep { // no room even for the special tokens
		e.IDs, e.TypeIDs = e.IDs[:keep], e.TypeIDs[:keep]
	}
	return e
}

// truncate returns how many tokens stay of texts with a and b tokens where there is room
// for budget: "longest first" (docs/protocol.md, Texts). A single text is b = 0.
func truncate(a, b, budget int) (int, int) {
	if a+b <= budget {
		return a, b
	}
	short, long := min(a, b), max(a, b)
	if 2*short <= budget { // the shorter text stays whole
		long = budget - short
	} else {
		short, long = budget/2, budget-budget/2
	}
	if a > b {
		return long, short
	}
	return short, long
}
