package module

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"lpft/lpftlib/atomicfile"
	"lpft/lpftlib/progress"
)

// Program is lpft as it is built from its sources: what computes for cells, and what `go run ./cmd/lpft` becomes.
type Program struct {
	Path    string
	Sources string                          // what it is built from; "": it is taken as it is
	Fit     func(ctx context.Context) error // done to a program that was just built, before it counts as made; may be nil
}

// Build tells one build of the program from another; "" where there is none.
func (p Program) Build() string {
	info, err := os.Stat(p.Path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s, %d bytes, %s", p.Path, info.Size(), info.ModTime().UTC().Format("2006-01-02T15:04:05.000000000"))
}

// Make builds the program where its sources have changed, one process at a time: who comes second waits.
func (p Program) Make(ctx context.Context, show progress.Sink) error {
	if p.Sources != "" && !p.Current() {
		bar := progress.Start(show, "building lpft (once, a minute or two)", 1, "program")
		if err := p.alone(ctx, func() error { return p.build(ctx) }); err != nil {
			return err
		}
		bar.Set(1, "")
		bar.Done()
	}
	if p.Build() == "" {
		return fmt.Errorf("no program at %s that computes for the cells: \"lpft lab\" or \"lpft kernel install\" builds it", p.Path)
	}
	return nil
}

// alone has make make the program unless another process has done it meanwhile.
func (p Program) alone(ctx context.Context, make func() error) error {
	if err := os.MkdirAll(filepath.Dir(p.Path), 0o700); err != nil {
		return err
	}
	making := flock.New(p.Path + ".lock")
	if _, err := making.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		return fmt.Errorf("waiting for another process that builds lpft: %w", err)
	}
	defer making.Unlock()
	if p.Current() {
		return nil
	}
	return p.makeBy(make)
}

// build compiles the program and has it fitted.
func (p Program) build(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", p.Path, "./cmd/lpft")
	cmd.Dir, cmd.Env = p.Sources, BuildEnv()
	if said, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("lpft cannot be built in %s: %w: %s", p.Sources, err, strings.TrimSpace(string(said)))
	}
	if p.Fit == nil {
		return nil
	}
	return p.Fit(ctx)
}

// makeBy has build make the program of p.Sources and remembers what these were. What changes while it is built makes the
// program one of other sources.
func (p Program) makeBy(build func() error) error {
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
	if p.Sources == "" {
		return p.Build() != ""
	}
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
