package atstart

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnviron(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("both settings are for Linux on amd64")
	}
	const pages, debug = "GLIBC_TUNABLES=glibc.malloc.hugetlb=1", "GODEBUG=asyncpreemptoff=1"
	for _, c := range []struct {
		env, want []string
		added     bool
	}{
		{[]string{"A=1"}, []string{"A=1", pages, debug}, true},
		{[]string{"GLIBC_TUNABLES=", "A=1", "GODEBUG="}, []string{"A=1", pages, debug}, true},
		{[]string{"GLIBC_TUNABLES=glibc.malloc.check=3"}, []string{"GLIBC_TUNABLES=glibc.malloc.check=3:glibc.malloc.hugetlb=1", debug}, true},
		{[]string{"GODEBUG=gctrace=1", pages}, []string{pages, "GODEBUG=gctrace=1,asyncpreemptoff=1"}, true},
		{[]string{"GLIBC_TUNABLES=glibc.malloc.hugetlb=0", "GODEBUG=asyncpreemptoff=0"}, []string{"GLIBC_TUNABLES=glibc.malloc.hugetlb=0", "GODEBUG=asyncpreemptoff=0"}, false},
	} {
		out, added := Environ(c.env)
		require.Equal(t, c.want, out)
		require.Equal(t, c.added, added)
		again, added := Environ(out)
		require.False(t, added, "a process that was started so starts no other")
		require.Equal(t, out, again)
	}
}
