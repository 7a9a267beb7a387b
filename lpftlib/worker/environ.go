package worker

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lpft/internal/cellenv"
	"lpft/internal/module"
)

// programOf is the lpft that serves as worker: the kernel names it, else it lies where the kernel is built.
func programOf(home string) module.Program {
	return module.Program{Path: cmp.Or(os.Getenv(cellenv.Program), filepath.Join(home, "bin", "lpft")), Sources: os.Getenv(cellenv.Sources)}
}

// carried are variables that a request carries or that are the cell's own affair: a worker serves other cells too.
var carried = []string{"LPFT_PROFILE", "LPFT_TASKS", "LPFT_SEEDS", "LPFT_DATA", "LPFT_MODELS", "LPFT_PROGRESS", "LPFT_REMOTE", "GOMLX_BACKEND",
	cellenv.Program, cellenv.Sources, cellenv.Kernel, cellenv.Kept, cellenv.Worker}

// environ is a cell's environment without what a worker must not have. That of a resident one has no secrets, nothing of
// the kernel's and no say in whether the Hub may be asked.
func environ(env []string, resident bool) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		if slices.Contains(carried, name) {
			return true
		}
		return resident && (strings.Contains(name, "TOKEN") || strings.HasPrefix(name, "GONB") || strings.HasPrefix(name, "JPY_") ||
			slices.Contains([]string{"TMPDIR", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"}, name))
	})
}
