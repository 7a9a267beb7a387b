package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/store"
)

// noSIMD, set in the environment, keeps lpft from re-executing a SIMD build of itself.
const noSIMD = "LPFT_NO_SIMD"

// withSIMD replaces this process by a SIMD build of the same program, where that is worth it
// and possible: on amd64 the pure-Go engine is about seven times slower without. The build is
// kept in home, named by the digest of the running program, so it happens once.
//
// Without Go or the sources it says so in one line and goes on as it is.
func withSIMD(home string, say func(string)) error {
	if backend.SIMD() || runtime.GOARCH != "amd64" || os.Getenv(noSIMD) != "" {
		return nil
	}
	binary, err := simdBuild(home, say)
	if err != nil {
		say(fmt.Sprintf("running without SIMD, several times slower: %v", err))
		return nil
	}
	env := append(os.Environ(), noSIMD+"=1") // the build has SIMD; this only rules out a loop
	return syscall.Exec(binary, append([]string{os.Args[0]}, os.Args[1:]...), env)
}

// simdBuild returns the path of a SIMD build of this program, building it at the first call.
func simdBuild(home string, say func(string)) (string, error) {
	digest, err := ownDigest()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(home, "bin", "lpft-simd-"+digest[:16])
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(binary), 0o700); err != nil {
		return "", err
	}
	say("building lpft with SIMD (once)")
	partial := fmt.Sprintf("%s.%d", binary, os.Getpid())
	defer os.Remove(partial)
	build := exec.Command("go", "build", "-o", partial, "./cmd/lpft")
	build.Dir, build.Stderr = root, os.Stderr
	build.Env = append(os.Environ(), "GOEXPERIMENT=simd")
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("go build failed: %v", err)
	}
	return binary, os.Rename(partial, binary)
}

// ownDigest is the sha256 of the running program's file.
func ownDigest() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// prepared is the home folder and a SIMD build of the program, for commands that compute.
func prepared() (home string, err error) {
	if home, err = ownHome(); err != nil {
		return "", err
	}
	return home, withSIMD(home, say)
}

// ownHome is the folder for everything that lpft keeps, made if need be.
func ownHome() (string, error) {
	home, err := store.Home()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return "", fmt.Errorf("%s: cannot be made: %v; set LPFT_HOME to a folder you can write to", home, err)
	}
	return home, nil
}
