package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// Home is the one folder lpft keeps things in: LPFT_HOME, or lpft in the user's cache folder. Who makes it makes it 0700: what
// lies there is run, and may be private.
func Home() (string, error) {
	if dir := os.Getenv("LPFT_HOME"); dir != "" {
		return filepath.Abs(dir)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for artefacts: %v; set LPFT_HOME", err)
	}
	return filepath.Join(cache, "lpft"), nil
}

// MakeHome is [Home], made if need be.
func MakeHome() (string, error) {
	home, err := Home()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return "", fmt.Errorf("%s: cannot be made: %v; set LPFT_HOME to a folder you can write to", home, err)
	}
	return home, nil
}
