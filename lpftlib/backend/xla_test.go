//go:build cgo

package backend

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/go-xla/pjrt"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"
)

// xlaCPU opens xla:cpu where this machine has its plugin.
func xlaCPU(t *testing.T) *Backend {
	t.Helper()
	if _, err := candidates("xla:cpu"); err != nil {
		t.Skip("xla:cpu is not here: ", err)
	}
	b, err := Open("xla:cpu")
	require.NoError(t, err)
	return b
}

// The release that is offered is the one that go-xla was tested with.
func TestReleaseVersion(t *testing.T) { require.Equal(t, pjrt.DefaultCPUVersion, releaseVersion) }

// The real plugin works, also from a folder whose name go-xla would take for a card's.
func TestXLA(t *testing.T) {
	b := xlaCPU(t)
	require.True(t, strings.HasPrefix(b.Device, "xla:cpu"), b.Device)
	plugins, err := candidates("xla:cpu")
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "cuda-nvidia")
	require.NoError(t, os.Mkdir(dir, 0o755))
	beside, err := filepath.Glob(filepath.Join(filepath.Dir(plugins[0].Path), "*"))
	require.NoError(t, err)
	for _, file := range beside { // the plugin finds its libraries beside itself
		require.NoError(t, os.Symlink(file, filepath.Join(dir, filepath.Base(file))))
	}
	onlyFolder(t, dir)
	b, err = Open("xla:cpu")
	require.NoError(t, err)
	require.True(t, b.HasSharedBuffers())
	notes, err := filepath.Glob(filepath.Join(os.Getenv("LPFT_HOME"), "plugins", "tried", "*"))
	require.NoError(t, err)
	require.Len(t, notes, 1, "the next process does not try the plugin again")
}

// The real plugin, packed as a release, is installed and then found.
func TestInstallRealPlugin(t *testing.T) {
	xlaCPU(t)
	plugins, err := candidates("xla:cpu")
	require.NoError(t, err)
	content, err := os.ReadFile(plugins[0].Path)
	require.NoError(t, err)
	archive := tarball(t, "pjrt_c_api_cpu_v1_plugin.so", content)
	// It finds the libraries that it needs beside itself, or here.
	t.Setenv("LD_LIBRARY_PATH", filepath.Dir(plugins[0].Path))
	dir := t.TempDir()
	path, err := Install(context.Background(), "cpu", InstallOptions{Dir: dir, From: FromRelease, releases: releases(t, cpuAsset(), archive, "sha256:"+sha(archive))})
	require.NoError(t, err)
	onlyFolder(t, dir)
	require.Equal(t, []Plugin{{Engine: "xla:cpu", Path: path}}, Plugins())
}

// A process computes on the device that it names, parameters included. Run again by itself with
// four devices of the processor: XLA reads its flags once.
func TestHostDevices(t *testing.T) {
	const flag = "--xla_force_host_platform_device_count=4"
	if os.Getenv("XLA_FLAGS") != flag {
		xlaCPU(t)
		for device, want := range map[string]string{"0": "ok", "3": "ok", "4": "LPFT_DEVICE=4, and xla:cpu has 4"} {
			out := again(t, "TestHostDevices", "XLA_FLAGS="+flag, DeviceVar+"="+device)
			require.Contains(t, out, want, device)
		}
		return
	}
	b, err := Open("xla:cpu")
	require.NoError(t, err)
	x := tensors.FromValue([]float32{1, 2, 3})
	require.NoError(t, b.Place([]*tensors.Tensor{x}))
	double, err := graph.NewExec(b.Backend, func(x *graph.Node) *graph.Node { return graph.MulScalar(x, 2) })
	require.NoError(t, err)
	out, err := b.Run(double, []any{x})
	require.NoError(t, err)
	device, err := out[0].Device()
	require.NoError(t, err)
	require.Equal(t, os.Getenv(DeviceVar), strconv.Itoa(int(device)))
	require.Equal(t, []float32{2, 4, 6}, tensors.MustCopyFlatData[float32](out[0]))
}

// again runs one test of this program in a process of its own, and returns what it says.
func again(t *testing.T, test string, env ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), env...)
	out, _ := cmd.CombinedOutput() // the text tells how it ended
	return strings.ReplaceAll(string(out), "--- PASS", "ok")
}
