package backend

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// InstallOptions say from where to where a plugin is installed.
type InstallOptions struct {
	Dir      string                                // "": lpft's own folder for cpu, ~/.local/lib/go-xla for cuda
	Python   string                                // the Python whose pip fetches wheels; "": python3
	From     string                                // cpu: [FromRelease], a file or an address; "": the wheel where there is one for this system
	Digest   string                                // cpu: SHA-256 that From must have; "": the one that go-xla's release states
	Patience time.Duration                         // how long a server may say nothing; 0: a minute
	Progress func(what string, bytes, total int64) // told how a download goes; total is 0 where it is not known; may be nil

	ifMissing bool   // do nothing where another process has installed one in the meantime
	releases  string // address of the releases' descriptions; "": go-xla's
}

// Install fetches the plugin of "cpu" or "cuda" and returns its path. Everything is checked
// against a digest before it is unpacked; nothing is put in place before all of it is there, and
// the processor's plugin not before it has computed something.
//
//   - cpu: the PyPI wheel pinned in cpu.txt where this system can load it, else the release that go-xla was
//     tested with, from its page on GitHub;
//   - cuda: the PyPI wheel jax-cuda13-pjrt and NVIDIA's library wheels, pinned in cuda.txt.
func Install(ctx context.Context, kind string, o InstallOptions) (string, error) {
	path, err := installed(ctx, kind, o)
	if err != nil {
		return "", fmt.Errorf("xla:%s cannot be installed: %w", kind, err)
	}
	return path, nil
}

func installed(ctx context.Context, kind string, o InstallOptions) (string, error) {
	install := map[string]func(context.Context, string, InstallOptions) (string, error){"cpu": installCPU, "cuda": installCUDA}[kind]
	if install == nil {
		return "", fmt.Errorf("plugin %q: %w: there are cpu and cuda; the go engine is built in", kind, ErrUnknown)
	}
	if err := o.complete(kind); err != nil {
		return "", err
	}
	return locked(ctx, o.Dir, func(tmp string) (string, error) {
		if there, err := candidates("xla:" + kind); o.ifMissing && err == nil {
			return there[0].Path, nil
		}
		return install(ctx, tmp, o)
	})
}

// complete fills in what was left open.
func (o *InstallOptions) complete(kind string) error {
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	if o.Patience == 0 {
		o.Patience = time.Minute
	}
	if o.Dir != "" {
		return nil
	}
	if kind == "cpu" {
		dir, err := ownFolder()
		o.Dir = filepath.Join(dir, "cpu")
		return err
	}
	home, err := os.UserHomeDir()
	o.Dir = filepath.Join(home, ".local", "lib", "go-xla")
	return err
}

// locked runs work with an empty folder inside dir, one process at a time.
func locked(ctx context.Context, dir string, work func(tmp string) (string, error)) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	lock := flock.New(filepath.Join(dir, ".install.lock"))
	if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer func() { _ = lock.Unlock() }()
	left, _ := filepath.Glob(filepath.Join(dir, ".part-*")) // of a process that was killed: the lock says it is gone
	for _, old := range left {
		_ = os.RemoveAll(old)
	}
	tmp, err := os.MkdirTemp(dir, ".part-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	return work(tmp)
}
