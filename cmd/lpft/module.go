package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// moduleRoot finds this project's sources, which notebooks are compiled against: the folder
// of go.mod at or above the working folder, else where this program was built.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err == nil {
		for ; ; dir = filepath.Dir(dir) {
			if isModule(dir) {
				return dir, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	if _, file, _, ok := runtime.Caller(0); ok {
		if dir := filepath.Dir(filepath.Dir(filepath.Dir(file))); isModule(dir) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("the project's sources are not here: run lpft inside its folder (the one with go.mod)")
}

func isModule(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && bytes.HasPrefix(data, []byte("module lpft\n"))
}

// say prints a message on standard error.
func say(line string) { fmt.Fprintln(os.Stderr, line) }
