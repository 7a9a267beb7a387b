//go:build !unix

package worker

import "os/exec"

// detached has nothing to do here.
func detached(*exec.Cmd) {}
