package backend

import (
	"runtime"
	"slices"
)

// Kind is a kind of thing that a backend keeps for the steps to come.
type Kind string

const (
	// Graphs are compiled for the shapes that they meet, on XLA in seconds, and serve every model and every run of one structure.
	Graphs Kind = "graphs"
	// Weights are pre-trained models in the memory of the device.
	Weights Kind = "weights"
)

// most is how many of a kind are kept, those that were used last: the memory that a process holds between steps does not
// grow with the number of tasks and models that it has seen.
func (k Kind) most() int {
	if k == Weights {
		return 2
	}
	return 32
}

// kept is a thing that may be used again.
type kept struct {
	kind  Kind
	key   string
	value any
}

// Once returns what build made at an earlier call with this kind and key, where that is still kept, and else what it makes now.
// The key must tell everything that build depends on, the backend aside. Whoever has the value may go on using it when it
// is no longer kept; its memory is free once nobody has it. build must not call Once itself.
func (b *Backend) Once(kind Kind, key string, build func() (any, error)) (any, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	same := func(k kept) bool { return k.kind == kind && k.key == key }
	if at := slices.IndexFunc(b.kept, same); at >= 0 {
		found := b.kept[at]
		b.kept = append(slices.Delete(b.kept, at, at+1), found)
		return found.value, nil
	}
	value, err := build()
	if err != nil {
		return nil, err
	}
	b.kept = append(b.kept, kept{kind, key, value})
	if b.count(kind) > kind.most() {
		oldest := slices.IndexFunc(b.kept, func(k kept) bool { return k.kind == kind })
		b.kept = slices.Delete(b.kept, oldest, oldest+1)
		collect(kind)
	}
	return value, nil
}

func (b *Backend) count(kind Kind) (n int) {
	for _, k := range b.kept {
		if k.kind == kind {
			n++
		}
	}
	return n
}

// Drop keeps nothing of a kind any longer, and says whether anything was: to give memory back, or to have some when the
// device is full.
func (b *Backend) Drop(kind Kind) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := len(b.kept)
	b.kept = slices.DeleteFunc(b.kept, func(k kept) bool { return k.kind == kind })
	if len(b.kept) == before {
		return false
	}
	collect(kind)
	return true
}

// collect frees weights that nobody has: the runtime does not know how much memory of the device they hold, and would wait.
func collect(kind Kind) {
	if kind == Weights {
		runtime.GC()
	}
}
