package study

import (
	"fmt"
	"slices"
	"strings"
)

// ParseSeeds reads a comma-separated list of seeds.
func ParseSeeds(text string) ([]uint64, error) {
	var seeds []uint64
	for _, part := range strings.Split(text, ",") {
		var seed uint64
		if _, err := fmt.Sscan(strings.TrimSpace(part), &seed); err != nil {
			return nil, fmt.Errorf("seed %q is no number", part)
		}
		seeds = append(seeds, seed)
	}
	return seeds, CheckSeeds(seeds)
}

// CheckSeeds refuses a seed that comes twice: a mean would count one run as two.
func CheckSeeds(seeds []uint64) error {
	for i, seed := range seeds {
		if slices.Contains(seeds[:i], seed) {
			return fmt.Errorf("seed %d is there twice: expected each once", seed)
		}
	}
	return nil
}
