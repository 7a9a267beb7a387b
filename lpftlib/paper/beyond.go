package paper

import "fmt"

// decidingSeeds is how many seeds a statement beyond the paper needs: nothing printed stands beside it.
const decidingSeeds = 3

// Seeded judges a statement beyond the paper as [Judged] does, and decides nothing on fewer than three seeds.
func Seeded(text string, r Relation, pairs []Pair, seeds int) Claim {
	c := Judged(Beyond, text, r, pairs)
	if seeds < decidingSeeds && c.Outcome != Undecided {
		c.Outcome = Undecided
		c.Explanation += fmt.Sprintf("; seeds: %d, and %d are needed", seeds, decidingSeeds)
	}
	return c
}
