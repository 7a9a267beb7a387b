// Package plainfile reads files that somebody else may have made: a device or a pipe in their place is refused before it
// is opened, for reading one ends never or takes all memory, and so is a file that is larger than such a file can be.
package plainfile

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// Sizes in bytes beyond which a file cannot be what it should be.
const (
	Settings = 16 << 20  // configurations, task files, profiles, grids
	Text     = 1 << 30   // vocabularies and tokenizers
	Table    = 256 << 30 // rows of data, arrays
)

// Check refuses what is no plain file, or is larger than most bytes. A link counts as what it leads to.
func Check(path string, most int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return check(path, info, most)
}

func check(path string, info os.FileInfo, most int64) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("%s: is a folder: expected a file", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: is a device, a pipe or a socket: expected a plain file", path)
	case info.Size() > most:
		return fmt.Errorf("%s: has %d bytes: expected at most %d", path, info.Size(), most)
	}
	return nil
}

// Open opens a plain file of at most so many bytes.
func Open(path string, most int64) (*os.File, error) {
	if err := Check(path, most); err != nil { // before it is opened: that alone can wait for ever
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = check(path, info, most)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Read reads a plain file of at most so many bytes.
func Read(path string, most int64) ([]byte, error) {
	f, err := Open(path, most)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var data bytes.Buffer
	data.Grow(int(info.Size()) + bytes.MinRead)
	if _, err := data.ReadFrom(io.LimitReader(f, most+1)); err != nil {
		return nil, err
	}
	if int64(data.Len()) > most {
		return nil, fmt.Errorf("%s: grows while it is read: expected at most %d bytes", path, most)
	}
	return data.Bytes(), nil
}

// CheckOutput refuses to write over what is no plain file: the new file would take the place of a device, a pipe or the link
// itself.
func CheckOutput(path string) error {
	info, err := os.Lstat(path)
	switch {
	case os.IsNotExist(err):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder: expected a file's name", path)
	case info.Mode()&os.ModeSymlink != 0:
		return fmt.Errorf("%s is a link: give the name of the file that it leads to", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is a device, a pipe or a socket: expected a plain file's name", path)
	}
	return nil
}
