//go:build unix

package server

import (
	"errors"
	"syscall"
)

// alive says whether a process lives.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
