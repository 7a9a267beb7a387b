package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"lpft/internal/cellenv"
	"lpft/internal/module"
	"lpft/lpftlib/atomicfile"
	"lpft/lpftlib/progress"
)

// Program is the lpft that serves as worker.
type Program struct {
	Path    string
	Sources string // what it is built from when a worker starts; "": it is taken as it is
}

// ProgramOf finds it: the kernel names it, else it lies where the kernel is built.
func ProgramOf(home string) Program {
	return Program{Path: cmp.Or(os.Getenv(cellenv.Program), filepath.Join(home, "bin", "lpft")), Sources: os.Getenv(cellenv.Sources)}
}

// Build tells one build of the program from another; "" where there is none.
func (p Program) Build() string {
	info, err := os.Stat(p.Path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s, %d bytes, %s", p.Path, info.Size(), info.ModTime().UTC().Format("2006-01-02T15:04:05.000000000"))
}

// Make builds the program where its sources have changed.
func (p Program) Make(ctx context.Context, show progress.Sink) error {
	if p.Sources != "" && !p.Current() {
		return p.MakeBy(func() error {
			bar := progress.Start(show, "building lpft", 1, "program")
			cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", p.Path, "./cmd/lpft")
			cmd.Dir, cmd.Env = p.Sources, module.BuildEnv()
			if said, err := cmd.CombinedOutput(); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return fmt.Errorf("lpft cannot be built in %s: %w: %s", p.Sources, err, strings.TrimSpace(string(said)))
			}
			bar.Set(1, "")
			bar.Done()
			return nil
		})
	}
	if p.Build() == "" {
		return fmt.Errorf("no program at %s that computes for the cells: \"lpft lab\" or \"lpft kernel install\" builds it", p.Path)
	}
	return nil
}

// MakeBy has build make the program of p.Sources and remembers what these were. What changes while it is built makes the
// program one of other sources.
func (p Program) MakeBy(build func() error) error {
	digest, err := p.digest()
	if err != nil {
		return err
	}
	if err := os.Remove(p.madeOf()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := build(); err != nil {
		return err
	}
	return atomicfile.Write(p.madeOf(), func(w io.Writer) error { _, err := io.WriteString(w, digest); return err })
}

// Current tells whether the program is there and was made of what its sources are now.
func (p Program) Current() bool {
	was, err := os.ReadFile(p.madeOf())
	if err != nil || p.Build() == "" {
		return false
	}
	digest, err := p.digest()
	return err == nil && string(was) == digest
}

func (p Program) madeOf() string { return p.Path + ".sources" }

func (p Program) digest() (string, error) {
	return digestOf(p.Sources, filepath.Dir(filepath.Dir(p.Path)))
}

// carried are variables that a request carries or that are the cell's own affair: a worker serves other cells too.
var carried = []string{"LPFT_PROFILE", "LPFT_TASKS", "LPFT_SEEDS", "LPFT_DATA", "LPFT_MODELS", "LPFT_PROGRESS", "LPFT_REMOTE", "GOMLX_BACKEND",
	cellenv.Program, cellenv.Sources, cellenv.Kernel, cellenv.Kept, cellenv.Worker}

// environ is a cell's environment without what a worker must not have. That of a resident one has no secrets, nothing of
// the kernel's and no say in whether the Hub may be asked.
func environ(env []string, resident bool) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		if slices.Contains(carried, name) {
			return true
		}
		return resident && (strings.Contains(name, "TOKEN") || strings.HasPrefix(name, "GONB") || strings.HasPrefix(name, "JPY_") ||
			slices.Contains([]string{"TMPDIR", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"}, name))
	})
}
