package command

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Wrong places are answered in one line before anything is built.
func TestKernelInstallRefuses(t *testing.T) {
	inHome(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--user", "--prefix", t.TempDir()}, "[user prefix]"},
		{[]string{"--prefix", filepath.Join(t.TempDir(), "nowhere")}, "is no folder: expected a Python environment's"},
		{[]string{"--prefix", ""}, "is no folder"},
		{[]string{"here"}, "unknown command"},
	} {
		_, err := lpft(t, "", append([]string{"kernel", "install"}, c.args...)...)
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), "\n")
	}
}
