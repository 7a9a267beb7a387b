// Package atstart is what a process that computes wants of glibc and of Go's runtime, which both read
// it from the environment at the start and nowhere else.
//
//   - GLIBC_TUNABLES: large pages behind what is allocated. XLA allocates and frees hundreds of megabytes a
//     training step; with pages of 4 KiB the kernel spends a tenth of the time on making them.
//   - GODEBUG: no preemption in the middle of a loop. In a GOEXPERIMENT=simd program such a preemption restores the vector
//     registers so that their upper halves count as in use, and until something clears them every SSE instruction (gonum's
//     products, math.Exp) waits for the one before: on an Intel Xeon with AVX-512 loops ran up to 25 times
//     as long (Go 1.26.8). Without it a loop yields at its function calls, as before Go 1.14.
package atstart

import (
	"runtime"
	"strings"
)

// wishes are the settings, each with the separator of its variable.
var wishes = []struct{ variable, key, value, separator string }{
	{"GLIBC_TUNABLES", "glibc.malloc.hugetlb", "1", ":"},
	{"GODEBUG", "asyncpreemptoff", "1", ","},
}

// Environ is env with the wishes in it, and whether one was not there. What the user has set, also to
// another value, stays. Systems other than Linux on amd64 need neither.
func Environ(env []string) (out []string, added bool) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return env, false
	}
	out = env
	for _, w := range wishes {
		var one bool
		out, one = with(out, w.variable, w.key, w.value, w.separator)
		added = added || one
	}
	return out, added
}

// with adds key=value to a variable that is a list of such, unless the key is in it.
func with(env []string, variable, key, value, separator string) (out []string, added bool) {
	whole := key + "=" + value
	for _, kv := range env {
		name, given, _ := strings.Cut(kv, "=")
		if name != variable {
			out = append(out, kv)
			continue
		}
		if strings.Contains(given, key+"=") {
			return env, false
		}
		if given != "" {
			whole = given + separator + whole
		}
	}
	return append(out, variable+"="+whole), true
}
