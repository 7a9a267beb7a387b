package lab

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// requirements pins the Python packages by version and digest.
//
//go:embed requirements.txt
var requirements string

// translator is the Python package that lets papermill set parameters of Go notebooks.
//
//go:embed papermill/pyproject.toml papermill/lpft_papermill.py
var translator embed.FS

var translatorFiles = []string{"pyproject.toml", "lpft_papermill.py"}

// stamps are digests of what the environment and the tools are made from. Each is written
// beside the finished thing as the last step, so a missing or other stamp means: make it anew.
type stamps struct{ venv, tools string }

var (
	venvStamp  = filepath.Join("venv", "lpft-stamp")
	toolsStamp = filepath.Join("bin", "lpft-stamp")
	goplsStamp = filepath.Join("lab-bin", "lpft-stamp")
)

// kernelSources are the folders of the kernel's own code.
var kernelSources = []string{"internal/atstart", "internal/cellenv", "internal/lab/gopls", "internal/lab/lpft-kernel", "internal/lab/proxy"}

// wantedStamps digests what is to be built from: the embedded requirements, the module's pins, the kernel's code.
func wantedStamps(root string) (stamps, error) {
	files := []string{filepath.Join(root, "go.mod")}
	for _, folder := range kernelSources {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*.go"))
		if err != nil {
			return stamps{}, err
		}
		files = append(files, slices.DeleteFunc(found, func(file string) bool { return strings.HasSuffix(file, "_test.go") })...)
	}
	parts := []string{runtime.GOOS, runtime.GOARCH}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return stamps{}, fmt.Errorf("%w: notebooks need this project's source folder", err)
		}
		parts = append(parts, string(text))
	}
	python := []string{requirements}
	for _, name := range translatorFiles {
		text, err := translator.ReadFile("papermill/" + name)
		if err != nil {
			return stamps{}, err
		}
		python = append(python, string(text))
	}
	return stamps{venv: digest(python...), tools: digest(parts...)}, nil
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d\n%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// stamp reads a stamp, "" when there is none.
func (e *Env) stamp(name string) string {
	text, _ := os.ReadFile(e.path(name))
	return strings.TrimSpace(string(text))
}

func (e *Env) writeStamp(name, value string) error {
	return writeFile(e.path(name), []byte(value+"\n"), 0o644)
}

// writeFile writes a whole file or nothing.
func writeFile(file string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".part-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(mode)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if closed := tmp.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}
