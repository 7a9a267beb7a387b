// Package lab runs this project's notebooks: in JupyterLab, and headless.
//
// A notebook is written in Go and run by GoNB, which compiles every cell into a program
// of its own. Jupyter itself is Python. So that a reader needs nothing but Go and a
// Python, [Setup] makes all the rest once, below one folder:
//
//	<home>/venv/             a private Python environment: JupyterLab and nbclient, pinned by digest
//	<home>/bin/              gonb, goimports and lpft-kernel, built from this module's go.mod; later lpft (see [Env.Complete])
//	<home>/jupyter/kernels/  the kernel "lpft", shown as "Go (lpft)"
//	<home>/jupyter/...       Jupyter's configuration, data, runtime files and logs
//
// Nothing of Jupyter is written outside of it. A second Setup finds everything there and
// returns at once; a half-made folder is made anew; two at once wait for each other.
//
//	env, err := lab.Setup(ctx, lab.Options{ModuleRoot: root})
//	err = env.Execute(ctx, "notebooks/table1.ipynb", "out/table1.ipynb", lab.ExecuteOptions{})
//	err = env.Lab(ctx, lab.LabOptions{Ready: func(url string) { fmt.Println(url) }})
//
// Cells are compiled in a Go workspace of the cell and this module, so `import
// "lpft/lpftlib"` works without a network. The cell's working folder is the notebook's.
package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/store"
)

// KernelName is how a notebook names its kernel, and KernelTitle how Jupyter shows it.
const (
	KernelName  = "lpft"
	KernelTitle = "Go (lpft)"
)

// Options says where to set up and from what.
type Options struct {
	Home       string            // folder for everything; "": LPFT_HOME, else the user's cache folder + "/lpft"
	ModuleRoot string            // folder of this module's go.mod
	Python     string            // Python 3.10 or newer; "": LPFT_PYTHON, else found on PATH
	Progress   func(line string) // told what takes long; may be nil

	// Fit is done with an lpft that was just built, before any cell computes with it; may be nil.
	Fit func(ctx context.Context, lpft string) error
}

// Env is a folder that [Setup] has made ready.
type Env struct {
	Home       string // absolute
	ModuleRoot string // absolute
	progress   func(string)
	fit        func(ctx context.Context, lpft string) error
}

// Setup makes the folder ready, which takes a minute or two and a network the first time.
//
// Errors are one line: what is missing (Go, Python, a package) and what to do.
func Setup(ctx context.Context, o Options) (*Env, error) {
	e, err := open(o)
	if err != nil {
		return nil, err
	}
	want, err := wantedStamps(e.ModuleRoot)
	if err != nil {
		return nil, err
	}
	if !e.venvReady(want.venv) || e.stamp(toolsStamp) != want.tools {
		if err := e.make(ctx, want, o.Python); err != nil {
			return nil, err
		}
	}
	if err := e.writeJupyter(); err != nil {
		return nil, err
	}
	return e, nil
}

// open turns options into an Env without looking whether it is ready.
func open(o Options) (*Env, error) {
	home := o.Home
	if home == "" {
		var err error
		if home, err = store.Home(); err != nil {
			return nil, err
		}
	}
	home, err := filepath.Abs(home)
	if err != nil {
		return nil, err
	}
	root, err := filepath.Abs(o.ModuleRoot)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return nil, fmt.Errorf("%s holds no go.mod: notebooks need this project's source folder", root)
	}
	progress := o.Progress
	if progress == nil {
		progress = func(string) {}
	}
	fit := o.Fit
	if fit == nil {
		fit = func(context.Context, string) error { return nil }
	}
	return &Env{Home: home, ModuleRoot: root, progress: progress, fit: fit}, nil
}

// make builds what is out of date, one process at a time.
func (e *Env) make(ctx context.Context, want stamps, name string) error {
	var python Python
	if !e.venvReady(want.venv) { // before anything that takes minutes
		var err error
		if python, err = FindPython(ctx, name); err != nil {
			return err
		}
	}
	unlock, err := e.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	// One waits for the network and the other for the compiler: they go at the same time.
	work, ctx := errgroup.WithContext(ctx)
	if e.stamp(toolsStamp) != want.tools {
		work.Go(func() error { return e.buildTools(ctx, want.tools) })
	}
	if !e.venvReady(want.venv) { // another process may have made it meanwhile
		work.Go(func() error { return e.buildVenv(ctx, want.venv, python) })
	}
	return work.Wait()
}

// lock keeps other processes from building in the same folder; it says so when it has to wait.
func (e *Env) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(e.Home, 0o700); err != nil {
		return nil, fmt.Errorf("folder for lpft's files: %w; name another in LPFT_HOME", err)
	}
	l := flock.New(filepath.Join(e.Home, "lab.lock"))
	got, err := l.TryLock()
	if err == nil && !got {
		e.progress("waiting for another lpft that sets up " + e.Home)
		_, err = l.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("folder for lpft's files: lock: %w; name another in LPFT_HOME", err)
	}
	return func() { _ = l.Unlock() }, nil
}

func (e *Env) path(parts ...string) string {
	return filepath.Join(append([]string{e.Home}, parts...)...)
}
