// Package atomicfile writes files that are whole or not there: a reader, or a power cut, sees the old file or the new
// one and nothing between.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"lpft/internal/plainfile"
)

// Write gives path what content produces: through a temporary file in the same folder, flushed, renamed, and the
// folder flushed. A link, a device or a pipe of that name is an error: the file would take its place.
func Write(path string, content func(io.Writer) error) error {
	if err := plainfile.CheckOutput(path); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return err
	}
	if err := fill(f, content); err != nil {
		os.Remove(f.Name())
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		os.Remove(f.Name())
		return err
	}
	return SyncDir(dir)
}

// fill writes, flushes and closes f.
func fill(f *os.File, content func(io.Writer) error) error {
	defer f.Close() // after an error; a second Close does nothing
	buffered := bufio.NewWriterSize(f, 1<<16)
	if err := content(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// SyncDir flushes a folder, so that a rename in it survives a power cut.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be flushed there
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// SetAside renames a file or folder that cannot be trusted to the first free PATH.bad-N and returns that name: nothing
// is lost, and its place is free.
func SetAside(path string) (string, error) {
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.bad-%d", path, n)
		if _, err := os.Lstat(aside); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return aside, os.Rename(path, aside)
	}
}
