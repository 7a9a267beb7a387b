// Package module finds this project's sources and says how programs are built from them.
//
//	root, err := module.Root()
//	build := exec.Command("go", "build", "-o", file, "./cmd/lpft")
//	build.Dir, build.Env = root, module.BuildEnv()
//
// lpft itself, which computes for notebooks' cells, is a [Program]: made anew when its sources have changed.
package module

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
)

// Root finds this project's sources, which notebooks are compiled against: the folder of go.mod at or above the working
// folder, else where this program was built.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err == nil {
		for ; ; dir = filepath.Dir(dir) {
			if isOurs(dir) {
				return dir, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	if _, file, _, ok := runtime.Caller(0); ok {
		if dir := filepath.Dir(filepath.Dir(filepath.Dir(file))); isOurs(dir) {
			return dir, nil
		}
	}
	return "", errors.New("the project's sources are not here: run lpft inside its folder (the one with go.mod)")
}

func isOurs(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && bytes.HasPrefix(data, []byte("module lpft\n"))
}

// BuildEnv is the environment of a go command that builds programs of this module, as notebooks' cells are compiled too: on
// amd64 with SIMD, without which the pure-Go engine and linear probing are several times slower.
func BuildEnv() []string {
	env := append(os.Environ(), "GOWORK=off")
	if runtime.GOARCH == "amd64" {
		env = append(env, "GOEXPERIMENT=simd")
	}
	return env
}
