// Package fetch brings pinned files from the network.
//
// A wheel is a Python package as one file, and a way to publish plain files: pip fetches it from
// whatever index, mirror or proxy it is configured for, and nothing of Python is run.
//
//	w := fetch.Wheel{Project: "nvidia-nccl-cu13", Version: "2.32.3", Digest: "1459…"}
//	file, err := w.Download(ctx, "python3", tmp, func(bytes int64) { … })
//	err = fetch.Unzip(file, "nvidia/", dir)
//
// [Get] fetches from a plain address. Nothing is handed out whose SHA-256 is not the expected one,
// and a network that stands still is given up (see [Watch]).
package fetch

import (
	"archive/zip"
	"bytes"
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
)

// Quick is the patience with a network that may be dead: another source is then asked.
// Patient is for large files that only one source has, which a slow mirror fetches itself first.
const (
	Quick   = 10 * time.Second
	Patient = time.Minute
)

// Wheel is one file of a Python package index.
type Wheel struct {
	Project, Version string
	Digest           string // SHA-256 of the file
}

func (w Wheel) String() string { return fmt.Sprintf("PyPI wheel %s %s", w.Project, w.Version) }

// Download fetches the wheel into the folder tmp, which must be empty, and returns its path. pip
// decides from where, as it is configured. python is the interpreter whose pip it is ("":
// python3); each of two tries may stand still for patience; grown is told how many bytes there are.
func (w Wheel) Download(ctx context.Context, python, tmp string, patience time.Duration, grown func(int64)) (string, error) {
	if python == "" {
		python = "python3"
	}
	if _, err := exec.LookPath(python); err != nil {
		return "", fmt.Errorf("no %s on PATH to fetch it with", python)
	}
	list := filepath.Join(tmp, "requirements.txt")
	line := fmt.Sprintf("%s==%s --hash=sha256:%s\n", w.Project, w.Version, w.Digest)
	if err := os.WriteFile(list, []byte(line), 0o644); err != nil {
		return "", err
	}
	var said bytes.Buffer
	err := Watch(ctx, tmp, 5*patience/2, grown,
		func(ctx context.Context) error {
			cmd := exec.CommandContext(ctx, python, "-m", "pip", "download", "--no-deps", "--require-hashes",
				"--only-binary", ":all:", "--no-cache-dir", "--no-input", "--progress-bar", "off",
				"--disable-pip-version-check", "--timeout", fmt.Sprint(int(patience.Seconds())), "--retries", "1", "--dest", tmp, "-r", list)
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
	return found[0], CheckDigest(found[0], w.Digest)
}

// lastError picks from pip's output the line that says what went wrong.
func lastError(said string, exit error) string {
	if strings.Contains(said, "connection broken by") { // pip then goes on to say that there is no such project
		return "the package index cannot be reached"
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		text, ok := strings.CutPrefix(strings.TrimSpace(lines[i]), "ERROR: ")
		if ok && text != "Exception:" { // behind which comes a Python traceback, whose last line tells
			return text
		}
	}
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return exit.Error()
}

// Unzip writes the files below inside (a folder with a final slash) in a wheel to dir. Entries
// that would leave dir are refused.
func Unzip(file, inside, dir string) error {
	z, err := zip.OpenReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	defer z.Close()
	root, err := openRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	n, left := 0, uint64(maxUnpacked)
	for _, entry := range z.File {
		name, ok := strings.CutPrefix(entry.Name, inside)
		if !ok || name == "" || strings.HasSuffix(name, "/") {
			continue
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) || !entry.Mode().IsRegular() {
			return fmt.Errorf("%s: entry %q would leave the folder", file, entry.Name)
		}
		if entry.UncompressedSize64 > left {
			return fmt.Errorf("%s: unpacks to more than %d bytes", file, int64(maxUnpacked))
		}
		left -= entry.UncompressedSize64
		if err := unzipEntry(entry, root, filepath.FromSlash(name)); err != nil {
			return fmt.Errorf("%s: entry %q: %w", file, entry.Name, err)
		}
		n++
	}
	if n == 0 {
		return fmt.Errorf("%s holds no file below %s", file, inside)
	}
	return nil
}

func unzipEntry(entry *zip.File, root *os.Root, to string) error {
	in, err := entry.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	return writeNew(in, root, filepath.Clean(to), mode(entry.Mode()))
}

// mode keeps programs programs.
func mode(packed fs.FileMode) fs.FileMode {
	if packed&0o111 != 0 {
		return 0o755
	}
	return 0o644
}

// writeNew writes a file that is not there yet.
func writeNew(in io.Reader, root *os.Root, to string, mode fs.FileMode) error {
	if err := root.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := root.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
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
