package lab

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// pipSilence is how long pip may say nothing before it is given up.
const pipSilence = 3 * time.Minute

// python is the environment's interpreter.
func (e *Env) python() string {
	if runtime.GOOS == "windows" {
		return e.path("venv", "Scripts", "python.exe")
	}
	return e.path("venv", "bin", "python")
}

// buildVenv makes the Python environment from nothing.
func (e *Env) buildVenv(ctx context.Context, stamp string, python Python) error {
	e.progress(fmt.Sprintf("making the Python environment for notebooks with Python %s, once (about a minute, 250 MB)", python.Version))
	if err := os.RemoveAll(e.path("venv")); err != nil {
		return err
	}
	if err := e.runPython(ctx, python.Path, "-m", "venv", e.path("venv")); err != nil {
		return fmt.Errorf("Python environment: %w; on Debian or Ubuntu install python3-venv", err)
	}
	list := e.path("venv", "requirements.txt")
	if err := writeFile(list, []byte(requirements), 0o644); err != nil {
		return err
	}
	err := e.runPython(ctx, e.python(), "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:",
		"--no-cache-dir", "--no-input", "--progress-bar", "off", "--disable-pip-version-check",
		"--timeout", "15", "--retries", "2", "-r", list)
	if err != nil {
		return fmt.Errorf("Python packages for notebooks: %w; this step needs a network (or pip configured for a mirror) once", err)
	}
	if err := e.addTranslator(ctx); err != nil {
		return err
	}
	return e.writeStamp(venvStamp, stamp)
}

// addTranslator installs what lets papermill set parameters of Go notebooks, from its source here.
func (e *Env) addTranslator(ctx context.Context) error {
	source := e.path("venv", "lpft-papermill")
	for _, name := range translatorFiles {
		text, err := translator.ReadFile("papermill/" + name)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(source, name), text, 0o644); err != nil {
			return err
		}
	}
	err := e.runPython(ctx, e.python(), "-m", "pip", "install", "--no-deps", "--no-index", "--no-build-isolation", "--no-input",
		"--disable-pip-version-check", source)
	if err != nil {
		return fmt.Errorf("papermill's translator for Go: %w", err)
	}
	return nil
}

// runPython runs a step, shows what it says, and gives it up when it says nothing for long.
func (e *Env) runPython(ctx context.Context, python string, args ...string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(pipSilence, func() { cancel(fmt.Errorf("no sign of life for %v", pipSilence)) })
	defer silence.Stop()

	cmd := exec.CommandContext(ctx, python, args...)
	cmd.Env = append(os.Environ(), "PYTHONNOUSERSITE=1", "PYTHONUNBUFFERED=1")
	cmd.WaitDelay = 2 * time.Second
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	said := make(chan string, 1)
	go func() { said <- e.follow(r, silence) }()
	err := cmd.Run()
	w.Close()
	why := <-said
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	if err != nil && why != "" {
		return fmt.Errorf("%s", why)
	}
	return err
}

// follow reports pip's steps and returns the line with which it says why it fails.
func (e *Env) follow(r io.Reader, silence *time.Timer) (why string) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	failed, packages, shown := false, 0, time.Now()
	for lines.Scan() {
		silence.Reset(pipSilence)
		line := strings.TrimSpace(lines.Text())
		switch {
		case strings.HasPrefix(line, "ERROR: "):
			why, failed = strings.TrimPrefix(line, "ERROR: "), true
		case strings.HasPrefix(line, "Collecting "):
			if packages++; packages == 1 || time.Since(shown) > 2*time.Second {
				name, _, _ := strings.Cut(strings.TrimPrefix(line, "Collecting "), " ")
				e.progress(fmt.Sprintf("  package %d: %s", packages, name))
				shown = time.Now()
			}
		case strings.HasPrefix(line, "Installing collected"):
			e.progress(fmt.Sprintf("  installing %d packages", packages))
		case line != "" && !failed:
			why = line
		}
	}
	return why
}
