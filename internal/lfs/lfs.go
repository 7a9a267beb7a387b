// Package lfs recognises git-lfs pointers: a repository cloned without git-lfs holds, in
// place of each large file, a few lines of text that say which file is meant.
package lfs

import (
	"bytes"
	"fmt"
	"os"
)

var start = []byte("version https://git-lfs.github.com/spec/")

// Check is an error that says what to do if content, the beginning of the file at path, is
// a git-lfs pointer.
func Check(path string, content []byte) error {
	if !bytes.HasPrefix(content, start) {
		return nil
	}
	return fmt.Errorf("%s: a git-lfs pointer, not the file itself: run \"git lfs pull\" in its repository, or download the file", path)
}

// CheckFile is Check for the file at path; one that cannot be read is left to who reads it.
func CheckFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, len(start))
	n, _ := f.Read(head)
	return Check(path, head[:n])
}
