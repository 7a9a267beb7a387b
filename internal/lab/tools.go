package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"lpft/internal/module"
	"lpft/lpftlib/progress"
)

// The programs are this module's own and its `tool` lines, so go.mod pins their versions.
const (
	gonbPackage      = "github.com/janpfeifer/gonb"
	goimportsPackage = "golang.org/x/tools/cmd/goimports"
	goplsPackage     = "golang.org/x/tools/gopls"
	kernelPackage    = "./internal/lab/lpft-kernel"
)

// buildTools builds what every cell needs.
func (e *Env) buildTools(ctx context.Context, stamp string) error {
	e.progress("building the Go kernel for notebooks, once (about a minute)")
	// For each cell GoNB asks `go get` about every module in go.mod, also those that no
	// program was built from. Once all are here, cells need no network.
	download := exec.CommandContext(ctx, "go", "mod", "download")
	download.Dir, download.Env = e.ModuleRoot, append(os.Environ(), "GOWORK=off")
	if said, err := download.CombinedOutput(); err != nil && ctx.Err() == nil && !errors.Is(err, exec.ErrNotFound) {
		e.progress("  not all Go modules can be fetched, cells may need a network: " + lastLine(string(said), err.Error()))
	}
	if err := e.build(ctx, "bin", gonbPackage, goimportsPackage, kernelPackage); err != nil {
		return fmt.Errorf("Go kernel for notebooks: %w", err)
	}
	return e.writeStamp(toolsStamp, stamp)
}

// buildWorker builds the program that computes for cells. A cell that wants it earlier waits for it, or builds it itself.
func (e *Env) buildWorker(ctx context.Context) error {
	lpft := module.Program{Path: e.path("bin", "lpft"), Sources: e.ModuleRoot}
	if lpft.Current() {
		return nil
	}
	e.progress("building lpft, which computes for cells (a minute or two); cells that want it wait")
	lpft.Fit = func(ctx context.Context) error { return e.fit(ctx, lpft.Path) }
	if err := lpft.Make(ctx, progress.Discard); err != nil {
		return err
	}
	e.progress("lpft is built: cells compute")
	return nil
}

// buildGopls builds the program with which the kernel completes code, wanted in JupyterLab only.
func (e *Env) buildGopls(ctx context.Context, stamp string) error {
	unlock, err := e.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if e.stamp(goplsStamp) == stamp {
		return nil
	}
	e.progress("building gopls, which completes code in cells, once (about a minute)")
	if err := e.build(ctx, "lab-bin", goplsPackage); err != nil {
		return fmt.Errorf("gopls: %w", err)
	}
	if err := os.RemoveAll(e.path("lab-bin", "real")); err != nil { // of earlier versions
		return err
	}
	return e.writeStamp(goplsStamp, stamp)
}

// build compiles packages of the module into a folder of home, each program put there whole.
func (e *Env) build(ctx context.Context, folder string, packages ...string) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("no go on PATH: notebooks are compiled cell by cell, so install Go (the version in go.mod or newer)")
	}
	dir := e.path(folder)
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	defer os.RemoveAll(part)
	if err := os.MkdirAll(part, 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-o", part + string(filepath.Separator)}, packages...)...)
	cmd.Dir = e.ModuleRoot
	cmd.Env = module.BuildEnv()
	if said, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("go build: %s", lastLine(string(said), err.Error()))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	built, err := os.ReadDir(part)
	if err != nil {
		return err
	}
	for _, f := range built {
		if err := os.Rename(filepath.Join(part, f.Name()), filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}

// lastLine is the last line of text that says something, or otherwise when none does.
func lastLine(text, otherwise string) string {
	lines := strings.Split(text, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if line := strings.TrimSpace(lines[i]); line != "" {
			return line
		}
	}
	return otherwise
}
