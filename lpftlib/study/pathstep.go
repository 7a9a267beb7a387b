package study

import "lpft/lpftlib/probe"

// PathStep is one point of linear probing's course: accuracy and norms after at most so many
// iterations (Figures 1 and 4).
type PathStep = probe.Step
