//go:build unix && !linux

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// adoptOrphans: only Linux can. Elsewhere the process group is all that is known of orphans.
func adoptOrphans() {}

// processes asks ps, without those that have ended.
func processes() (all []process) {
	out, _ := exec.Command("ps", "-A", "-o", "pid=,ppid=,pgid=,state=,comm=").Output()
	for line := range strings.Lines(string(out)) {
		var p process
		var state, command string
		if n, _ := fmt.Sscan(line, &p.pid, &p.parent, &p.group, &state, &command); n == 5 && !strings.HasPrefix(state, "Z") {
			p.name = filepath.Base(command)
			all = append(all, p)
		}
	}
	return all
}
