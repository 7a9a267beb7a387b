package main

import (
	"os"
	"syscall"

	"lpft/internal/hugepages"
)

// withLargePages starts the program once more, in the same process, with large pages for what it
// allocates; where that cannot be, it goes on as it is. Programs that it starts inherit the wish.
func withLargePages() {
	env, added := hugepages.Environ(os.Environ())
	if !added {
		return
	}
	if self, err := os.Executable(); err == nil {
		_ = syscall.Exec(self, os.Args, env) // returns only where it failed
	}
}
