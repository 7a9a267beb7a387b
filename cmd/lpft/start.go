//go:build amd64 && unix && !goexperiment.simd

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"lpft/internal/lab"
	"lpft/internal/module"
	"lpft/lpftlib/progress/terminal"
	"lpft/lpftlib/store"
	"lpft/lpftlib/worker"
)

// main of a build without GOEXPERIMENT=simd, as `go run ./cmd/lpft` makes it, is not lpft yet: it makes lpft with SIMD below
// LPFT_HOME and becomes it. It imports little, so that a newcomer waits for one long compilation and not for two, and makes
// what notebooks need at the same time.
func main() {
	if err := start(os.Args[1:]); err != nil {
		text := strings.Join(strings.Fields(err.Error()), " ")
		if errors.Is(err, context.Canceled) {
			text = "stopped; the same command continues from here"
		}
		fmt.Fprintln(os.Stderr, "lpft: "+text)
		os.Exit(1)
	}
}

func start(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root, err := module.Root()
	if err != nil {
		return fmt.Errorf("this build only makes lpft, with Go and from its sources (GOEXPERIMENT=simd go build ./cmd/lpft makes one that needs neither): %w", err)
	}
	home, err := store.MakeHome()
	if err != nil {
		return err
	}
	if needsLab(args) {
		say := func(line string) { fmt.Fprintln(os.Stderr, line) }
		if _, err := lab.Setup(ctx, lab.Options{Home: home, ModuleRoot: root, Progress: say}); err != nil {
			return err
		}
	}
	lpft, err := made(ctx, root, home)
	if err != nil {
		return err
	}
	return syscall.Exec(lpft.Path, append([]string{os.Args[0]}, args...), os.Environ())
}

// made is lpft below home, or in the user's cache folder where home may only be read.
func made(ctx context.Context, root, home string) (worker.Program, error) {
	lpft := worker.Program{Path: filepath.Join(home, "bin", "lpft"), Sources: root}
	if lpft.Current() {
		return lpft, nil
	}
	err := makeAlone(ctx, lpft)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		cache, none := os.UserCacheDir()
		if none != nil {
			return lpft, err
		}
		lpft.Path = filepath.Join(cache, "lpft", "bin", "lpft")
		err = makeAlone(ctx, lpft)
	}
	return lpft, err
}

// needsLab tells whether a command will want the notebooks' programs and Python, so that they are made beside lpft.
func needsLab(args []string) bool {
	if len(args) == 0 || !slices.Contains([]string{"lab", "reproduce"}, args[0]) {
		return false
	}
	return !slices.ContainsFunc(args, func(a string) bool { return slices.Contains([]string{"-h", "--help", "--dry-run"}, a) })
}

// makeAlone makes the program, one process at a time.
func makeAlone(ctx context.Context, lpft worker.Program) error {
	if err := os.MkdirAll(filepath.Dir(lpft.Path), 0o700); err != nil {
		return err
	}
	making := flock.New(lpft.Path + ".lock")
	if _, err := making.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		return fmt.Errorf("waiting for another lpft that is being built: %w", err)
	}
	defer making.Unlock()
	return lpft.Make(ctx, terminal.Sink(os.Stderr))
}
