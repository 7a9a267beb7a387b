package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBackendCommands(t *testing.T) {
	lpft := program(t)
	dir := t.TempDir()
	broken := filepath.Join(dir, "pjrt_c_api_cpu_plugin.so")
	require.NoError(t, os.WriteFile(broken, []byte("half"), 0o644))
	env := []string{"PJRT_PLUGIN_LIBRARY_PATH=" + dir, "GOMLX_BACKEND=", "LPFT_HOME=" + t.TempDir()}
	for _, args := range [][]string{{"backend", "list"}, {"doctor"}} {
		cmd := exec.Command(lpft, args...)
		cmd.Env = append(append(os.Environ(), "LPFT_DATA="), env...)
		out, err := cmd.Output()
		require.NoError(t, err)
		require.Contains(t, string(out), broken+": truncated", args)
		require.Contains(t, string(out), "go ", args)
	}
	require.Contains(t, failing(t, lpft, env, "backend", "install", "tpu"), "there are cpu and cuda")
	require.Contains(t, failing(t, lpft, env, "backend", "install", "cpu", "--dir", dir, "--from", broken), "--sha256")
	opened := exec.Command(lpft, "backend", "open")
	opened.Env = append(os.Environ(), env...)
	out, err := opened.Output()
	require.NoError(t, err)
	require.Contains(t, string(out), "backend go (built in; ")
	for _, args := range [][]string{{"reproduce", "--profile", "smoke"}, {"backend", "open"}} {
		said := failing(t, lpft, append(env, "GOMLX_BACKEND=xla:cpu"), args...)
		if !strings.Contains(said, "built without cgo") { // then no plugin is looked at
			require.Contains(t, said, broken+": truncated", args)
		}
	}
}
