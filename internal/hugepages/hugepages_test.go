package hugepages

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnviron(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("glibc's switch is for Linux alone")
	}
	for _, c := range []struct {
		env, want []string
		added     bool
	}{
		{[]string{"A=1"}, []string{"A=1", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"}, true},
		{[]string{"GLIBC_TUNABLES=", "A=1"}, []string{"A=1", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"}, true},
		{[]string{"GLIBC_TUNABLES=glibc.malloc.check=3"}, []string{"GLIBC_TUNABLES=glibc.malloc.check=3:glibc.malloc.hugetlb=1"}, true},
		{[]string{"GLIBC_TUNABLES=glibc.malloc.hugetlb=0", "A=1"}, []string{"GLIBC_TUNABLES=glibc.malloc.hugetlb=0", "A=1"}, false},
	} {
		out, added := Environ(c.env)
		require.Equal(t, c.want, out)
		require.Equal(t, c.added, added)
		again, added := Environ(out)
		require.False(t, added, "a process that was started so starts no other")
		require.Equal(t, out, again)
	}
}
