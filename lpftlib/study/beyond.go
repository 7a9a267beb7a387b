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
}

func (b *Beyond) check() error {
	switch {
	case b == nil:
		return nil
	case b.Epochs < 1:
		return fmt.Errorf("beyond: epochs is %d: expected at least 1", b.Epochs)
	case CheckSeeds(b.Seeds) != nil:
		return fmt.Errorf("beyond: %w", CheckSeeds(b.Seeds))
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
func (r KernelRun) String() string { return r.Spec.String() + ", on the kernel's rows by " + r.By() }

// Runs are the trainings of the items on tasks, seed by seed within each setting; seeds are the profile's.
func (b *Beyond) Runs(tasks []string, seeds []uint64) (out []KernelRun) {
	if len(b.Seeds) > 0 {
		seeds = b.Seeds
	}
	for _, id := range tasks {
		for _, by := range []struct {
			optimiser stage.Optimiser
			multiples []float64
		}{{stage.SGD, b.SGD}, {stage.Adam, b.Adam}} {
			for _, multiple := range by.multiples {
				for _, m := range b.Methods {
					for _, seed := range seeds {
						out = append(out, KernelRun{Spec{Task: id, Method: m, Seed: seed}, by.optimiser, multiple})
					}
				}
			}
		}
	}
	return out
}
