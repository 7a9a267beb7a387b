package labcommand

import (
	"slices"
	"strings"
)

// Opens tells whether arguments of lpft open a Lab, which does not end before somebody has used it.
func Opens(args []string) bool {
	return len(args) > 0 && args[0] == "lab" && !Says(args, "-h", "--help", "--setup-only")
}

// Says tells whether one of the flags is among the arguments.
func Says(args []string, flags ...string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		name, _, _ := strings.Cut(a, "=")
		return slices.Contains(flags, name)
	})
}
