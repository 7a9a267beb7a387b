package backend

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// library compiles C into a folder of its own as the plugin of an engine, and makes that the only
// folder searched. cgo wants a C compiler anyway.
func library(t *testing.T, engine, source string, flags ...string) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("plugins for these tests are made for Linux")
	}
	if !hasCgo {
		t.Skip("this program was built without cgo, which loading a plugin takes")
	}
	dir := t.TempDir()
	c := filepath.Join(dir, "plugin.c")
	require.NoError(t, os.WriteFile(c, []byte(source), 0o644))
	file := filepath.Join(dir, "pjrt_c_api_"+strings.TrimPrefix(engine, "xla:")+"_plugin.so")
	out, err := exec.Command("cc", append([]string{"-shared", "-fPIC", "-o", file, c}, flags...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	onlyFolder(t, dir)
	return file
}

// onlyFolder keeps every other plugin, and what is known of plugins, out of a test.
func onlyFolder(t *testing.T, dir string) {
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", dir)
	t.Setenv("LPFT_HOME", t.TempDir())
	t.Setenv(EnvVar, "")
}

// fallsBack checks that the choice goes on to the next engine and says why.
func fallsBack(t *testing.T, want error) {
	t.Helper()
	b, err := Open("")
	require.NoError(t, err)
	require.Equal(t, "go", b.Engine)
	require.Contains(t, b.Why, want.Error())
	require.NotContains(t, b.Why, "\n")
}

const harmless = "void *GetPjrtApi(void) { return 0; }"

// Files that the loader could not take, or that would kill the process, are told apart by
// their headers.
func TestBrokenFiles(t *testing.T) {
	whole, err := os.ReadFile(library(t, "xla:cpu", harmless))
	require.NoError(t, err)
	foreign := append([]byte(nil), whole...)
	other := map[string]uint16{"amd64": 183, "arm64": 62}[runtime.GOARCH] // ELF's numbers of the other one
	binary.LittleEndian.PutUint16(foreign[18:], other)

	for name, c := range map[string]struct {
		content []byte
		want    error
	}{
		"other processor":          {foreign, ErrArch},
		"cut in the middle":        {whole[:len(whole)/2], ErrTruncated},
		"cut in its header":        {whole[:20], ErrTruncated},
		"empty":                    {nil, ErrTruncated},
		"an error page of the web": {[]byte(strings.Repeat("<html>", 100)), ErrNotPlugin},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			onlyFolder(t, dir)
			file := filepath.Join(dir, "pjrt_c_api_cpu_v0.104.0_plugin.so")
			require.NoError(t, os.WriteFile(file, c.content, 0o755))
			_, err := Open("xla:cpu")
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, file)
			fallsBack(t, c.want)
		})
	}
}

// What only loading shows happens to another process.
func TestBadPlugins(t *testing.T) {
	old := patience
	patience = 3 * time.Second
	defer func() { patience = old }()
	for name, c := range map[string]struct {
		source string
		flags  []string
		want   error
		text   string
	}{
		"no plugin's function":   {"int other(void) { return 1; }", nil, ErrNotPlugin, "GetPjrtApi"},
		"aborts when loaded":     {harmless + "\n#include <stdlib.h>\n__attribute__((constructor)) void f(void) { abort(); }", nil, ErrDied, "SIGABRT"},
		"crashes when asked":     {"void *GetPjrtApi(void) { return *(void **)8; }", nil, ErrDied, "SIGSEGV"},
		"ends the process":       {"#include <stdlib.h>\nvoid *GetPjrtApi(void) { _Exit(7); }", nil, ErrDied, "without a word"},
		"never answers":          {"#include <unistd.h>\nvoid *GetPjrtApi(void) { for (;;) sleep(1); }", nil, ErrHangs, "3s"},
		"a library is missing":   {harmless, []string{"-Wl,--no-as-needed", "-L.", "-l:libgone.so"}, nil, "libgone.so"},
		"device without memory":  {"#include <stdio.h>\n#include <stdlib.h>\nvoid *GetPjrtApi(void) { fputs(\"CUDA_ERROR_OUT_OF_MEMORY: out of memory\\n\", stderr); abort(); }", nil, ErrMemory, "nvidia-smi"},
		"gives nothing in reply": {harmless, nil, nil, "nil pointer"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(strings.Join(c.flags, " "), "libgone") {
				dir := t.TempDir()
				t.Chdir(dir)
				out, err := exec.Command("sh", "-c", "echo 'int gone;' >g.c && cc -shared -fPIC -Wl,-soname,libgone.so -o libgone.so g.c").CombinedOutput()
				require.NoError(t, err, string(out))
			}
			library(t, "xla:cpu", c.source, c.flags...)
			_, err := Open("xla:cpu")
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
				fallsBack(t, c.want)
			}
			require.ErrorContains(t, err, c.text)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// A card that nobody gave to a container, or that is not there, is said before anything is loaded.
func TestNoCard(t *testing.T) {
	if cards, _ := filepath.Glob("/dev/nvidia[0-9]*"); len(cards) > 0 {
		t.Skip("this machine has a card")
	}
	library(t, "xla:cuda", harmless)
	_, err := Open("xla:cuda")
	require.ErrorIs(t, err, ErrNoCard)
	fallsBack(t, ErrNoCard)
}

// The device of a process: a number, and one that is there.
func TestDevice(t *testing.T) {
	onlyFolder(t, t.TempDir())
	t.Setenv(DeviceVar, "1")
	_, err := Open("go")
	require.ErrorIs(t, err, ErrNoDevice)
	_, err = Open("")
	require.ErrorIs(t, err, ErrNoDevice, "another device must not be taken instead")
	t.Setenv(DeviceVar, "first")
	_, err = Open("go")
	require.ErrorContains(t, err, "LPFT_DEVICE=first")

	t.Setenv(DeviceVar, "")
	r, err := parse("xla:cuda,device=2,tf32=true")
	require.NoError(t, err)
	require.Equal(t, "xla:/p.so,shared_buffers=false,preallocate=false,visible_devices=2,tf32=true", r.config("/p.so"))
	r, err = parse("xla:cpu")
	require.NoError(t, err)
	require.Equal(t, "xla:/p.so,shared_buffers=true,tf32=false,cpu_device_count=1", r.config("/p.so"))
}

// Names that go-xla, its releases, and older installers use.
func TestPluginNames(t *testing.T) {
	dir := t.TempDir()
	onlyFolder(t, dir)
	for _, name := range []string{"pjrt_c_api_cpu_v0.104.0_plugin.so", "pjrt_c_api_cpu_plugin.so", "pjrt-plugin-cuda13.so", "pjrt_c_api_tpu_plugin.so", "libtensorflow_cc.so.2"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644))
	}
	require.NoError(t, os.Symlink("pjrt_c_api_cpu_plugin.so", filepath.Join(dir, "pjrt_c_api_cpu_v1_plugin.so")))
	var found []string
	for _, p := range Plugins() {
		found = append(found, p.Engine+" "+filepath.Base(p.Path))
	}
	require.Equal(t, []string{"xla:cuda pjrt-plugin-cuda13.so", "xla:cpu pjrt_c_api_cpu_plugin.so", "xla:cpu pjrt_c_api_cpu_v0.104.0_plugin.so"}, found)
}

func TestOutOfMemory(t *testing.T) {
	require.False(t, OutOfMemory(nil))
	require.False(t, OutOfMemory(os.ErrNotExist))
	require.True(t, OutOfMemory(ErrMemory))
}
