package study

import "lpft/lpftlib/task"

// Labels are the examples' class ids.
func Labels(examples []task.Example) []int {
	out := make([]int, len(examples))
	for i, e := range examples {
		out[i] = e.Label
	}
	return out
}
