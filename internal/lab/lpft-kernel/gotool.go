//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

const (
	realGo = "LPFT_KERNEL_GO" // names the go command behind the one that GoNB finds
	beside = ".cell"          // what a cell's program is called, after the name that GoNB gives it
)

// withTools puts a go command and a gopls in front of the real ones on PATH: this program, by those names.
func withTools(env []string, tmp, self string) ([]string, error) {
	file, err := exec.LookPath("go")
	if err == nil {
		file, err = filepath.Abs(file)
	}
	if err != nil {
		return nil, fmt.Errorf("no go on PATH: cells are compiled one by one, so install Go: %w", err)
	}
	bin := filepath.Join(tmp, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return nil, err
	}
	for _, name := range []string{"go", "gopls"} {
		if err := os.Symlink(self, filepath.Join(bin, name)); err != nil {
			return nil, err
		}
	}
	return append(env, realGo+"="+file, "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH")), nil
}

// buildBeside becomes the go command. Where GoNB has it build a cell's program, the program is put beside the place that GoNB
// runs, and in the place is what runs it: a program that ends as soon as it has shown something may otherwise end
// before GoNB has read it, which drops it then.
func buildBeside(file string, args []string) error {
	dir := os.Getenv(protocol.GONB_TMP_DIR_ENV)
	if len(args) > 0 && (args[0] == "build" || args[0] == "test") && dir != "" {
		for i := range args[1:] {
			if out := args[i+1]; args[i] == "-o" && filepath.Dir(out) == dir && !strings.HasSuffix(out, beside) {
				args[i+1] = out + beside
				if err := runnerAt(out); err != nil {
					return err
				}
				args = linkedFast(args)
				break
			}
		}
	}
	return syscall.Exec(file, append([]string{"go"}, args...), os.Environ())
}

// linkedFast has Go's own linker link a cell's program, without symbols for debuggers: linking is most of what a changed cell
// waits for. Networks and users are asked in Go, so that most cells have no C in them; one that computes with XLA itself links so too, for
// plugins come in at run time. A panic's stack needs no such symbols. Flags that are given stay.
func linkedFast(args []string) []string {
	if runtime.GOOS != "linux" {
		return args
	}
	for _, flag := range []struct{ name, value string }{{"ldflags", "-s -w -linkmode=internal"}, {"tags", "netgo,osusergo"}} {
		if !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(strings.TrimLeft(a, "-"), flag.name) }) {
			args = slices.Insert(args, 1, "-"+flag.name+"="+flag.value)
		}
	}
	return args
}

// runnerAt puts this program in a place.
func runnerAt(place string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if at, err := os.Readlink(place); err == nil && at == self {
		return nil
	}
	_ = os.Remove(place)
	return os.Symlink(self, place)
}
