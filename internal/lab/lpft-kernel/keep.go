//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

const grace = 3 * time.Second // from the request to end to the kill

// keep runs a command and ends everything that comes of it when the command ends or standard input does, that is when
// the launcher is gone. It leads a process group; then it removes the folder.
func keep(tmp string, command []string) error {
	defer os.RemoveAll(tmp)
	// The launcher's end is told by standard input. (Ignored signals would stay ignored in what is started here.)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	adoptOrphans()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	ended, left := make(chan struct{}), make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); close(left) }()
	select {
	case <-ended:
	case <-left:
	}
	_ = syscall.Kill(0, syscall.SIGTERM)
	within(grace, ended)
	for begin := time.Now(); len(remaining()) > 0 && time.Since(begin) < grace; {
		time.Sleep(20 * time.Millisecond)
	}
	for range 20 { // what is killed may just have started something
		rest := remaining()
		if len(rest) == 0 {
			break
		}
		for _, p := range rest {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	return killGroup()
}

// remaining are this process's descendants but the worker (package lpftlib/worker), which a cell has started for all notebooks, and
// its own: it leads a process group.
func remaining() (all []process) {
	all = descendants(os.Getpid())
	for _, p := range slices.Clone(all) {
		if p.name == "lpft" && p.group == p.pid {
			others := append(descendants(p.pid), p)
			all = slices.DeleteFunc(all, func(q process) bool {
				return slices.ContainsFunc(others, func(o process) bool { return o.pid == q.pid })
			})
		}
	}
	return all
}

// killGroup ends what is left of the group, this process included.
func killGroup() error { return syscall.Kill(0, syscall.SIGKILL) }

// endTools interrupts what GoNB, the keeper's child, runs to make a program of a cell.
func endTools(keeper int) {
	all := descendants(keeper)
	for _, p := range all {
		tool := p.name == "go" || p.name == "goimports"
		if tool && slices.ContainsFunc(all, func(q process) bool { return q.pid == p.parent && q.parent == keeper }) {
			for _, q := range append(descendants(p.pid), p) {
				_ = syscall.Kill(q.pid, syscall.SIGINT)
			}
		}
	}
}

// process is a line of the table of processes.
type process struct {
	pid, parent, group int
	name               string
}

// descendants are the processes that a process has started, and those have, and so on; not those that have ended.
func descendants(of int) (found []process) {
	all := processes()
	in := map[int]bool{of: true}
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if in[p.parent] && !in[p.pid] {
				in[p.pid], grown = true, true
				found = append(found, p)
			}
		}
	}
	return found
}
