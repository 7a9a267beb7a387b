package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// UserKernels is the folder in which Jupyter, VS Code and the classic notebook look for a user's
// kernels: below JUPYTER_DATA_DIR, else where the operating system keeps such data.
func UserKernels() (string, error) { return userKernels(runtime.GOOS, os.Getenv, os.UserHomeDir) }

func userKernels(goos string, getenv func(string) string, userHome func() (string, error)) (string, error) {
	if dir := getenv("JUPYTER_DATA_DIR"); dir != "" {
		return filepath.Abs(filepath.Join(dir, "kernels"))
	}
	if dir := getenv("XDG_DATA_HOME"); dir != "" && goos != "darwin" && goos != "windows" {
		return filepath.Abs(filepath.Join(dir, "jupyter", "kernels"))
	}
	if dir := getenv("APPDATA"); dir != "" && goos == "windows" {
		return filepath.Join(dir, "jupyter", "kernels"), nil
	}
	home, err := userHome()
	if err != nil {
		return "", fmt.Errorf("no folder for a user's kernels: %w; name one in JUPYTER_DATA_DIR or with --prefix", err)
	}
	below := map[string][]string{"darwin": {"Library", "Jupyter"}, "windows": {"AppData", "Roaming", "jupyter"}}[goos]
	if below == nil {
		below = []string{".local", "share", "jupyter"}
	}
	return filepath.Join(append(append([]string{home}, below...), "kernels")...), nil
}

// PrefixKernels is the folder in which a Jupyter installed below prefix looks for kernels:
// a Python environment's folder, or /usr/local. The prefix must be there.
func PrefixKernels(prefix string) (string, error) {
	if info, err := os.Stat(prefix); err != nil || !info.IsDir() {
		return "", fmt.Errorf("--prefix %q is no folder: expected a Python environment's, as sys.prefix names it there", prefix)
	}
	return filepath.Abs(filepath.Join(prefix, "share", "jupyter", "kernels"))
}

// InstallKernel adds the kernel to a folder of kernels ([UserKernels], [PrefixKernels]) for people
// with a Jupyter of their own, and returns the kernel's folder there. It builds the kernel and
// gopls where they are not built or not current, and makes no Python environment. Done again it
// changes nothing that is current.
//
// Cells go on being compiled with the sources in o.ModuleRoot: after these have moved, install again.
//
// Errors are one line: what is missing or cannot be written, and what to do.
func InstallKernel(ctx context.Context, o Options, kernels string) (dir string, err error) {
	e, err := open(o)
	if err != nil {
		return "", err
	}
	dir = filepath.Join(kernels, KernelName)
	if err := os.MkdirAll(dir, 0o755); err != nil { // before anything that takes minutes
		return "", fmt.Errorf("kernel's folder: %w; name another place with --prefix", err)
	}
	if err := e.makeKernel(ctx); err != nil {
		return "", err
	}
	if err := writeJSON(filepath.Join(dir, "kernel.json"), e.installedSpec(runtime.GOARCH)); err != nil {
		return "", fmt.Errorf("kernel's folder: %w; name another place with --prefix", err)
	}
	return dir, nil
}

// makeKernel builds what cells need, and what completes code in them, where it is not current.
func (e *Env) makeKernel(ctx context.Context) error {
	want, err := wantedStamps(e.ModuleRoot)
	if err != nil {
		return err
	}
	if e.stamp(toolsStamp) != want.tools {
		unlock, err := e.lock(ctx)
		if err != nil {
			return err
		}
		err = e.buildTools(ctx, want.tools)
		unlock()
		if err != nil {
			return err
		}
	}
	return e.tryComplete(ctx)
}

// installedSpec describes the kernel to a Jupyter that this program does not start: besides what
// [Env.kernelSpec] says, where gopls is, and at last where go is. A Jupyter or VS Code started from
// a desktop's menu often has no go on its PATH.
func (e *Env) installedSpec(goarch string) kernelSpec {
	spec := e.kernelSpec(goarch)
	path := []string{e.path("bin"), e.path("lab-bin"), "${PATH}"}
	if file, err := exec.LookPath("go"); err == nil || errors.Is(err, exec.ErrDot) {
		if file, err = filepath.Abs(file); err == nil {
			path = append(path, filepath.Dir(file))
		}
	}
	spec.Env["PATH"] = strings.Join(path, string(os.PathListSeparator))
	spec.Env["GOPLSCACHE"] = e.path("lab-bin", "cache")
	return spec
}
