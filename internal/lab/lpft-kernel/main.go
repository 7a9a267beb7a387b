//go:build unix

// Command lpft-kernel is what Jupyter starts as the kernel "Go (lpft)". It is one program in five roles, so that one file is installed:
//
//   - launcher, as Jupyter starts it: speaks Jupyter's protocol (package proxy) and starts the keeper;
//   - keeper (-keep): starts GoNB, and sees to the end of whatever GoNB started, also when the launcher is killed;
//   - go (called by that name): the go command as GoNB sees it, which builds a cell's program beside its place;
//   - gopls (called by that name): nothing, so that GoNB keeps none beside the launcher's (package gopls);
//   - cell (found in that place): runs a cell's program, and ends when all that it showed has arrived.
//
// So when Jupyter is gone (killed, crashed) the kernel and the running cell end within seconds, and temporary files with them.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if filepath.Base(os.Args[0]) == "go" && os.Getenv(realGo) != "" {
		fail(buildBeside(os.Getenv(realGo), os.Args[1:]))
	}
	if filepath.Base(os.Args[0]) == "gopls" {
		return
	}
	if program := os.Args[0] + beside; isFile(program) {
		code, err := runCell(program)
		if err != nil {
			fail(err)
		}
		os.Exit(code)
	}
	work := flag.String("work", "", "root of the module that cells import from")
	home := flag.String("home", "", "folder of artefacts for a cell, where LPFT_HOME is not set")
	keeps := flag.String("keep", "", "folder of temporary files to remove at the end: run the command that follows as its keeper")
	flag.Parse()
	if *keeps != "" && flag.NArg() > 0 {
		fail(keep(*keeps, flag.Args()))
		return
	}
	if *work == "" || flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: lpft-kernel -work <module root> -home <folder> <connection file>")
		os.Exit(2)
	}
	fail(launch(*work, *home, flag.Arg(0)))
}

// fail ends the program with an error, if there is one.
func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "lpft-kernel:", err)
		os.Exit(1)
	}
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
