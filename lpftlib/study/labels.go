package study

import "lpft/lpftlib/dataset"

// Labels are the examples' class ids.
func Labels(examples []dataset.Example) []int {
	out := make([]int, len(examples))
	for i, e := range examples {
		out[i] = e.Label
	}
	return out
}
