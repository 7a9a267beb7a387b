// Package hugepages asks glibc for large pages behind what a process allocates. XLA allocates and frees
// hundreds of megabytes a training step; with pages of 4 KiB the kernel spends a tenth of the time on
// making them. glibc reads the wish at a process's start and nowhere else.
package hugepages

import (
	"runtime"
	"strings"
)

const (
	variable = "GLIBC_TUNABLES"
	tunable  = "glibc.malloc.hugetlb"
)

// Environ is env with the wish in it, and whether it was not there. A wish that the user has
// expressed, also one for small pages ("glibc.malloc.hugetlb=0"), stays. Systems without glibc
// ignore the variable.
func Environ(env []string) (out []string, added bool) {
	if runtime.GOOS != "linux" {
		return env, false
	}
	value := tunable + "=1"
	for _, kv := range env {
		key, given, _ := strings.Cut(kv, "=")
		if key != variable {
			out = append(out, kv)
			continue
		}
		if strings.Contains(given, tunable) {
			return env, false
		}
		if given != "" {
			value = given + ":" + value
		}
	}
	return append(out, variable+"="+value), true
}
