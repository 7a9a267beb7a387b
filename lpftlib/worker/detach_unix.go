//go:build unix

package worker

import (
	"os/exec"
	"syscall"
)

// detached starts a process in a session of its own: no kernel's end and no interrupt reaches it.
func detached(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
