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
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"lpft/internal/lab"
	"lpft/internal/labcommand"
	"lpft/internal/module"
	"lpft/lpftlib/progress/terminal"
	"lpft/lpftlib/store"
)

// main of a build without GOEXPERIMENT=simd, as `go run ./cmd/lpft` makes it, is not lpft yet: it makes lpft with SIMD below
// LPFT_HOME and becomes it. It imports little, so that a newcomer waits for one long compilation and not for two, and makes
// what notebooks need at the same time. The Lab it opens itself, and makes lpft while somebody reads.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program whatever it is doing
	if err := start(ctx, os.Args[1:]); err != nil {
		text := strings.Join(strings.Fields(err.Error()), " ")
		if errors.Is(err, context.Canceled) {
			text = "stopped; the same command continues from here"
		}
		say("lpft: " + text)
		os.Exit(1)
	}
}

func say(line string) { fmt.Fprintln(os.Stderr, line) }

func start(ctx context.Context, args []string) error {
	root, err := module.Root()
	if err != nil {
		return fmt.Errorf("this build only makes lpft, with Go and from its sources (GOEXPERIMENT=simd go build ./cmd/lpft makes one that needs neither): %w", err)
	}
	home, err := store.MakeHome()
	if err != nil {
		return err
	}
	lpft := module.Program{Path: filepath.Join(home, "bin", "lpft"), Sources: root}
	if !lpft.Current() {
		if labcommand.Opens(args) {
			return openLab(ctx, args)
		}
		if lpft, err = made(ctx, lpft, wantsNotebooks(args)); err != nil {
			return err
		}
	}
	return syscall.Exec(lpft.Path, append([]string{os.Args[0]}, args...), os.Environ())
}

// made makes lpft, and beside it what notebooks need, where they are to be run. Where home may only be read lpft comes into
// the user's cache folder.
func made(ctx context.Context, lpft module.Program, notebooks bool) (module.Program, error) {
	work, working := errgroup.WithContext(ctx)
	if notebooks {
		work.Go(func() error {
			_, err := lab.Setup(working, lab.Options{Home: filepath.Dir(filepath.Dir(lpft.Path)), ModuleRoot: lpft.Sources, Progress: say})
			return err
		})
	}
	work.Go(func() error { return lpft.Make(working, terminal.Sink(os.Stderr)) })
	err := work.Wait()
	if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
		return lpft, err
	}
	cache, none := os.UserCacheDir()
	if none != nil {
		return lpft, err
	}
	lpft.Path = filepath.Join(cache, "lpft", "bin", "lpft")
	return lpft, lpft.Make(ctx, terminal.Sink(os.Stderr))
}

// wantsNotebooks tells whether a command runs notebooks, or makes ready what they need.
func wantsNotebooks(args []string) bool {
	return len(args) > 0 && (args[0] == "lab" || args[0] == "reproduce") && !labcommand.Says(args, "-h", "--help", "--dry-run")
}
