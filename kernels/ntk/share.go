package ntk

import "fmt"

// Share is the part-th (from 1) of `of` shares of the model's parameter groups, for as many processes or devices:
// F is the sum of its groups' kernels, so that each can compute some of them with the same
// [Options].ResumeDir; a last call with all groups finds their files there and adds them up. A share is neighbouring
// groups of about equal work, since reverse passes for upper blocks end there.
func (m *Model) Share(part, of int) ([]string, error) {
	groups := m.Groups()
	if of < 1 || part < 1 || part > of {
		return nil, fmt.Errorf("ntk: share %d of %d: expected a part from 1 to the number of shares", part, of)
	}
	if of > len(groups) {
		return nil, fmt.Errorf("ntk: %d shares of %d parameter groups: expected at most one a group", of, len(groups))
	}
	total := 0.0
	for _, g := range groups {
		total += m.work(g)
	}
	done, start := 0.0, 0
	for k := 1; ; k++ {
		end := start + 1
		done += m.work(groups[start])
		// A share ends where its end comes nearest to its part of all work, and leaves one group for each that follows.
		for end < len(groups)-(of-k) && (k == of || done+m.work(groups[end])/2 <= total*float64(k)/float64(of)) {
			done += m.work(groups[end])
			end++
		}
		if k == part {
			return groups[start:end], nil
		}
		start = end
	}
}

// work is proportional to the cost of a group's Gram matrix: its parameters. Of the word embedding only the rows
// of tokens that occur count, about as much as one dense layer of an FFN.
func (m *Model) work(group string) float64 {
	cfg, numbers := m.Weights.Config, 0.0
	if group == WordGroup {
		return float64(cfg.Hidden) * float64(cfg.Intermediate)
	}
	for _, u := range m.groupUnits(group) {
		switch u.kind {
		case denseUnit:
			numbers += float64(u.in) * float64(u.out)
		case vectorUnit, tableUnit:
			numbers += float64(u.out)
		}
	}
	return numbers
}
