package tokenizer

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"
)

const (
	cacheSlots    = 1 << 15 // a power of two
	maxCachedWord = 64      // bytes; longer words hardly come twice
)

// wordCache remembers the ids of words. Each word has one slot, which the last word that
// hashed there holds: so it is bounded, and reads and writes need no lock.
type wordCache struct {
	seed  maphash.Seed
	slots []atomic.Pointer[cachedWord]
}

type cachedWord struct {
	word string
	ids  []int32
}

func newWordCache() wordCache {
	return wordCache{maphash.MakeSeed(), make([]atomic.Pointer[cachedWord], cacheSlots)}
}

func (c *wordCache) slot(word string) *atomic.Pointer[cachedWord] {
	return &c.slots[maphash.String(c.seed, word)%cacheSlots]
}

// newCachedWord copies both: the word is part of a text that should not be kept.
func newCachedWord(word string, ids []int32) *cachedWord {
	return &cachedWord{strings.Clone(word), slices.Clone(ids)}
}
