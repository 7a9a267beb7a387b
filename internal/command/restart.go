package command

import (
	"os"
	"syscall"

	"lpft/internal/atstart"
)

// restart starts the program once more, in the same process, with the settings that can only be made at
// the start; where that cannot be, it goes on as it is. Programs that it starts inherit them.
func restart() {
	env, added := atstart.Environ(os.Environ())
	if !added {
		return
	}
	if self, err := os.Executable(); err == nil {
		_ = syscall.Exec(self, os.Args, env) // returns only where it failed
	}
}
