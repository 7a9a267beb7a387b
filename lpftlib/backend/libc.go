package backend

import (
	"debug/elf"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// neededLibc is the version of glibc that the wheel's plugin was linked for.
var neededLibc = []int{2, 27}

// checkLibc says before anything is fetched that this system's C library is too old for the wheel. Where it is
// not found, pip and the plugin's trial decide.
func checkLibc() error {
	for _, file := range []string{"/lib64/libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/libc.so.6"} {
		if version := glibcVersion(file); version != nil {
			return enough(version)
		}
	}
	return nil
}

func enough(version []int) error {
	if slices.Compare(version, neededLibc) < 0 {
		return fmt.Errorf("its plugin needs glibc %d.%d, this system has %d.%d", neededLibc[0], neededLibc[1], version[0], version[1])
	}
	return nil
}

// glibcVersion is the newest version, as [2 36], of the symbols that a C library defines; nil where it defines none.
func glibcVersion(file string) []int {
	lib, err := elf.Open(file)
	if err != nil {
		return nil
	}
	defer lib.Close()
	defined, err := lib.DynamicVersions()
	if err != nil {
		return nil
	}
	var newest []int
	for _, v := range defined {
		major, minor, ok := strings.Cut(strings.TrimPrefix(v.Name, "GLIBC_"), ".")
		a, errA := strconv.Atoi(major)
		b, errB := strconv.Atoi(minor)
		if ok && errA == nil && errB == nil && slices.Compare([]int{a, b}, newest) > 0 { // 2.2.5 is passed over: 2.3 is newer
			newest = []int{a, b}
		}
	}
	return newest
}
