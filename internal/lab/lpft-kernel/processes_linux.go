package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// adoptOrphans makes this process the parent of descendants whose parent has ended, so that none escapes.
func adoptOrphans() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// processes reads the table of processes, without those that have ended.
func processes() (all []process) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		head, rest, _ := cutLast(string(text), ") ")
		_, name, _ := strings.Cut(head, " (")
		p := process{name: name}
		var state string
		if _, err := fmt.Sscan(rest, &state, &p.parent, &p.group); err != nil || state == "Z" {
			continue
		}
		if _, err := fmt.Sscan(head, &p.pid); err == nil {
			all = append(all, p)
		}
	}
	return all
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
