package study

import (
	"fmt"
	"slices"

	"lpft/lpftlib/stage"
)

// Beyond is what the items beyond the paper run (docs/beyond.md): trainings on the very rows of a kernel, without dropout.
// FT and LP-FT train at the rates that Table 6 has for FT, LoRA and LP-LoRA at those for LoRA, so that two methods of a
// pair differ in the head at the start only.
type Beyond struct {
	Tasks   []string  `json:"tasks"`   // where the session has none of them, all
	Methods []Method  `json:"methods"` // with an FT stage
	Seeds   []uint64  `json:"seeds"`   // of these items, whatever others run; empty: the profile's
	Epochs  int       `json:"epochs"`
	Adam    []float64 `json:"adam"` // multiples of Table 6's learning rate for training by Adam
	SGD     []float64 `json:"sgd"`  // likewise by plain gradient descent, whose steps are far shorter at one rate

	Orders []uint64 `json:"orders"` // seeds of the row orders in which linear probes are fitted
	Folds  []int    `json:"folds"`  // of their cross-validation
}

func (b *Beyond) check() error {
	switch {
	case b == nil:
		return nil
	case b.Epochs < 1:
		return fmt.Errorf("beyond: epochs is %d: expected at least 1", b.Epochs)
	case CheckSeeds(b.Seeds) != nil:
		return fmt.Errorf("beyond: %w", CheckSeeds(b.Seeds))
	case CheckSeeds(b.Orders) != nil:
		return fmt.Errorf("beyond: orders: %w", CheckSeeds(b.Orders))
	case len(b.Orders) == 0 || len(b.Folds) == 0:
		return fmt.Errorf("beyond: %d row orders, %d numbers of folds: expected at least one each", len(b.Orders), len(b.Folds))
	case slices.Min(b.Folds) < 2:
		return fmt.Errorf("beyond: folds %v: expected at least 2 each", b.Folds)
	case len(b.Methods) == 0 || len(b.Adam) == 0:
		return fmt.Errorf("beyond: %d methods, %d multiples for Adam: expected at least one each", len(b.Methods), len(b.Adam))
	}
	for _, m := range b.Methods {
		if !m.Trains() {
			return fmt.Errorf("beyond: methods: %q has no FT stage", m)
		}
	}
	for _, v := range slices.Concat(b.Adam, b.SGD) {
		if !(v > 0) {
			return fmt.Errorf("beyond: multiple %g of the rate: expected a positive number", v)
		}
	}
	return nil
}

// KernelRun is a training on the rows of a kernel.
type KernelRun struct {
	Spec
	Optimiser stage.Optimiser `json:"optimiser,omitempty"`
	Multiple  float64         `json:"multiple"` // of Table 6's learning rate for FT or LoRA
	// Frozen is a part of the encoder that stands still, one of [Parts]; "": none.
	Frozen string `json:"frozen,omitempty"`
}

// Run is the training itself, of what was found out about it.
func (r KernelRun) Run() KernelRun { return r }

// By is the optimiser with the multiple of the rate: "SGD, rate × 100".
func (r KernelRun) By() string {
	if r.Multiple == 1 {
		return r.Optimiser.Title()
	}
	return fmt.Sprintf("%s, rate × %g", r.Optimiser.Title(), r.Multiple)
}

// String is the run in words.
func (r KernelRun) String() string {
	text := r.Spec.String() + ", on the kernel's rows by " + r.By()
	if r.Frozen != "" {
		text += ", " + r.Frozen + " frozen"
	}
	return text
}

// SeedsOr are the items' own seeds, or else the profile's.
func (b *Beyond) SeedsOr(profile []uint64) []uint64 {
	if len(b.Seeds) > 0 {
		return b.Seeds
	}
	return profile
}

// Runs are the trainings of the items on tasks, seed by seed within each setting; seeds are the profile's.
func (b *Beyond) Runs(tasks []string, seeds []uint64) (out []KernelRun) {
	seeds = b.SeedsOr(seeds)
	for _, id := range tasks {
		for _, by := range []struct {
			optimiser stage.Optimiser
			multiples []float64
		}{{stage.SGD, b.SGD}, {stage.Adam, b.Adam}} {
			for _, multiple := range by.multiples {
				for _, m := range b.Methods {
					for _, seed := range seeds {
						out = append(out, KernelRun{Spec: Spec{Task: id, Method: m, Seed: seed}, Optimiser: by.optimiser, Multiple: multiple})
					}
				}
			}
		}
	}
	return out
}
