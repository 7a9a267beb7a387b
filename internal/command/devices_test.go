package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/npy"
)

func TestDeal(t *testing.T) {
	shares, err := deal("1,2,3,4,5", 2)
	require.NoError(t, err)
	require.Equal(t, []string{"1,3,5", "2,4"}, shares)
	_, err = deal("1", 2)
	require.ErrorContains(t, err, "1 seeds cannot be dealt out to 2 devices")
	_, err = deal("1,x", 1)
	require.ErrorContains(t, err, `"x"`)
}

// Every process computes its seeds, the last one finds them, and an error names its device.
func TestDevices(t *testing.T) {
	lpft := program(t)
	home := t.TempDir()
	env := append(os.Environ(), "GOMLX_BACKEND=go", "LPFT_DATA=", "LPFT_MODELS=", "LPFT_HOME="+home)
	grid := []string{"devices", "--devices", "0,0", "--seeds", "7,8,9", "--", "run", "--profile", "smoke", "--task", "toy", "--method", "lp"}
	cmd := exec.Command(lpft, grid...)
	cmd.Env = env
	out, err := cmd.Output()
	require.NoError(t, err)
	require.Contains(t, string(out), "7+8+9", "the table of all seeds")

	cmd = exec.Command(lpft, "store", "log")
	cmd.Env = env
	log, err := cmd.Output()
	require.NoError(t, err)
	computed := map[string]int{}
	for _, line := range strings.Split(string(log), "\n") {
		if fields := strings.SplitN(line, "  ", 6); len(fields) > 4 && strings.TrimSpace(fields[1]) == "computed" {
			computed[line[strings.LastIndex(line, "  "):]]++
		}
	}
	require.NotEmpty(t, computed)
	for label, times := range computed {
		require.Equal(t, 1, times, label)
	}

	last := failing(t, lpft, []string{"LPFT_HOME=" + home}, "devices", "--devices", "0,3", "--seeds", "7,8", "--", "run", "--profile", "smoke", "--task", "toy", "--method", "lp")
	require.Contains(t, last, "device 3: ")
	require.Contains(t, last, "the go engine has one")
	last = failing(t, lpft, nil, "devices", "--devices", "0", "--seeds", "7", "--", "lab")
	require.Contains(t, last, `starts "run"`)
	last = failing(t, lpft, nil, "devices", "--devices", "0", "--", "ntk", "--share", "1/2")
	require.Contains(t, last, "without --seeds and --share")
}

// Two processes' shares of one kernel, put together, are the kernel of one process.
func TestDevicesShareAKernel(t *testing.T) {
	lpft := program(t)
	dir := t.TempDir()
	kernel := func(name string, front ...string) map[string]*npy.Array {
		out := filepath.Join(dir, name)
		args := append(front, "ntk", "--model", model(t), "--task", "toy", "--max-len", "16", "--n", "5", "--n-test", "3", "--head", headFile(t, 3, 24), "--out", out)
		cmd := exec.Command(lpft, args...)
		cmd.Env = append(os.Environ(), "GOMLX_BACKEND=go")
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, string(said))
		if len(front) > 0 {
			require.Contains(t, string(said), "share 2 of 2: ")
		}
		require.NoDirExists(t, out+".resume")
		return readKernel(t, out)
	}
	one, shared := kernel("one.npz"), kernel("shared.npz", "devices", "--devices", "0,0", "--")
	require.Equal(t, one["groups"].Strings, shared["groups"].Strings)
	for _, name := range []string{"f", "theta", "f_groups", "theta_test"} {
		require.InDeltaSlice(t, one[name].Float64, shared[name].Float64, 1e-5*one[name].Float64[0], name)
	}
}
