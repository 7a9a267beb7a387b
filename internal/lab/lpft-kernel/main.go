//go:build unix

// Command lpft-kernel is what Jupyter starts as the kernel "Go (lpft)". It starts GoNB,
// and it sees to the end of whatever GoNB started:
//
//   - when Jupyter is gone (killed, crashed), the kernel and the running cell end within seconds;
//   - when GoNB is gone, a cell that it left running ends too;
//   - GoNB's temporary folder goes with the kernel.
//
// Jupyter starts a kernel as leader of its own process group, so "whatever is left" is that group.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"lpft/internal/atstart"
)

const (
	look  = 500 * time.Millisecond // how often Jupyter is looked for
	grace = 3 * time.Second        // from the request to end to the kill
)

func main() {
	work := flag.String("work", "", "root of the module that cells import from")
	home := flag.String("home", "", "folder of artefacts for a cell, where LPFT_HOME is not set")
	flag.Parse()
	if *work == "" || flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: lpft-kernel -work <module root> -home <folder> <connection file>")
		os.Exit(2)
	}
	if err := run(*work, *home, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "lpft-kernel:", err)
		os.Exit(1)
	}
}

// run starts GoNB and returns when it could not start; otherwise it ends with its own process group.
func run(work, home, connection string) error {
	if _, err := os.Stat(filepath.Join(work, "go.mod")); err != nil {
		return fmt.Errorf("the sources that cells are compiled with are not in %s any more: run \"lpft kernel install\" where they are now", work)
	}
	parent := os.Getppid()
	if syscall.Getpgrp() != os.Getpid() {
		if err := syscall.Setpgid(0, 0); err != nil {
			return fmt.Errorf("own process group: %w", err)
		}
	}
	// Signals to the group reach GoNB by themselves; this process only has to outlive them.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)

	self, err := os.Executable()
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "lpft-")
	if err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(filepath.Dir(self), "gonb"), "--kernel", connection, "-raw_error", "-go_work="+work)
	cmd.Env, _ = atstart.Environ(environ(os.Environ(), home, tmp))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	await(ended, parent)
	_ = os.RemoveAll(tmp)
	return syscall.Kill(0, syscall.SIGKILL) // the group: what GoNB left, and this process
}

// await returns when GoNB has ended, or when parent has and GoNB was asked to.
func await(ended <-chan struct{}, parent int) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for os.Getppid() == parent {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
	}
	_ = syscall.Kill(0, syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(grace):
	}
}

// environ prepares a cell's environment: what would break workspace mode goes, and
// temporary files (GoNB's and the compiler's) stay in one folder.
func environ(env []string, home, tmp string) []string {
	out := []string{"TMPDIR=" + tmp}
	hasHome := false
	for _, kv := range env {
		key, value, _ := strings.Cut(kv, "=")
		switch key {
		case "TMPDIR", "GOWORK":
			continue
		case "GOFLAGS":
			kv = "GOFLAGS=" + withoutMod(value)
		case "LPFT_HOME":
			hasHome = hasHome || value != ""
		}
		out = append(out, kv)
	}
	if !hasHome && home != "" {
		out = append(out, "LPFT_HOME="+home)
	}
	return out
}

// withoutMod drops -mod=... from GOFLAGS: a workspace has its own rule for it.
func withoutMod(flags string) string {
	var kept []string
	for _, f := range strings.Fields(flags) {
		if !strings.HasPrefix(f, "-mod=") && !strings.HasPrefix(f, "--mod=") {
			kept = append(kept, f)
		}
	}
	return strings.Join(kept, " ")
}
