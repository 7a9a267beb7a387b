package lab

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// moduleRoot is this module's folder.
func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(root, "go.mod"))
	return root
}

func testEnv(t *testing.T) *Env {
	t.Helper()
	e, err := open(Options{Home: t.TempDir(), ModuleRoot: moduleRoot(t)})
	require.NoError(t, err)
	return e
}

func TestOpenNeedsTheSource(t *testing.T) {
	_, err := open(Options{Home: t.TempDir(), ModuleRoot: t.TempDir()})
	require.ErrorContains(t, err, "holds no go.mod")
}

func TestStampsFollowWhatIsBuilt(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	_, err := wantedStamps(root)
	require.ErrorContains(t, err, "go.mod")
	write("go.mod", "module lpft")
	write("internal/lab/lpft-kernel/main.go", "package main")
	first, err := wantedStamps(root)
	require.NoError(t, err)
	again, err := wantedStamps(root)
	require.NoError(t, err)
	require.Equal(t, first, again)
	write("go.mod", "module lpft // newer gonb")
	other, err := wantedStamps(root)
	require.NoError(t, err)
	require.NotEqual(t, first.tools, other.tools)
	require.Equal(t, first.venv, other.venv)
	write("internal/lab/proxy/proxy_test.go", "package proxy")
	same, err := wantedStamps(root)
	require.NoError(t, err)
	require.Equal(t, other, same)
	write("internal/lab/proxy/proxy.go", "package proxy")
	newer, err := wantedStamps(root)
	require.NoError(t, err)
	require.NotEqual(t, other.tools, newer.tools, "all of the kernel's own code counts")
	require.NotEqual(t, digest("ab", "c"), digest("a", "bc"))
}

func TestStampOfAHalfMadeFolder(t *testing.T) {
	e := testEnv(t)
	require.Empty(t, e.stamp(venvStamp))
	require.NoError(t, e.writeStamp(venvStamp, "abc"))
	require.Equal(t, "abc", e.stamp(venvStamp))
	require.False(t, e.venvReady("abc"), "a stamp without an interpreter")
	require.NoError(t, writeFile(e.python(), []byte("#!"), 0o755))
	require.True(t, e.venvReady("abc"))
	require.False(t, e.venvReady("of newer packages"))
}

func TestLockWaitsAndSaysSo(t *testing.T) {
	e := testEnv(t)
	said := make(chan string, 1)
	e.progress = func(line string) { said <- line }
	unlock, err := e.lock(context.Background())
	require.NoError(t, err)
	done := make(chan error)
	go func() {
		second, err := e.lock(context.Background())
		if err == nil {
			second()
		}
		done <- err
	}()
	require.Contains(t, <-said, "waiting for another lpft")
	unlock()
	require.NoError(t, <-done)

	unlock, err = e.lock(context.Background())
	require.NoError(t, err)
	defer unlock()
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-said; cancel() }()
	_, err = e.lock(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestLockOfAFolderThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	e := testEnv(t)
	e.Home = file
	_, err := e.lock(t.Context())
	require.ErrorContains(t, err, "name another in LPFT_HOME")
	if os.Geteuid() == 0 {
		return // may write everywhere
	}
	e.Home = t.TempDir()
	require.NoError(t, os.Chmod(e.Home, 0o555))
	_, err = e.lock(t.Context())
	require.ErrorContains(t, err, "permission denied; name another in LPFT_HOME")
	require.NotContains(t, err.Error(), "\n")
}

func TestWriteFileReplacesWhole(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a", "b")
	require.NoError(t, writeFile(file, []byte("one"), 0o644))
	require.NoError(t, writeFile(file, []byte("two"), 0o600))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "two", string(text))
	left, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestKernelJSON(t *testing.T) {
	e := testEnv(t)
	require.NoError(t, e.writeJupyter())
	text, err := os.ReadFile(e.path("jupyter", "kernels", "lpft", "kernel.json"))
	require.NoError(t, err)
	var spec kernelSpec
	require.NoError(t, json.Unmarshal(text, &spec))
	require.Equal(t, []string{e.path("bin", "lpft-kernel"), "-work", e.ModuleRoot, "-home", e.Home, "{connection_file}"}, spec.Argv)
	require.Equal(t, "Go (lpft)", spec.DisplayName)
	require.Equal(t, "message", spec.InterruptMode)
	require.Equal(t, "1", spec.Env["GOMLX_NO_AUTO_INSTALL"])
	require.True(t, strings.HasPrefix(spec.Env["PATH"], e.path("bin")+string(os.PathListSeparator)), "our gonb first")

	require.Equal(t, "simd", e.kernelSpec("amd64").Env["GOEXPERIMENT"])
	require.NotContains(t, e.kernelSpec("arm64").Env, "GOEXPERIMENT")

	var config struct {
		LabApp map[string]any
	}
	text, err = os.ReadFile(e.path("jupyter", "config", "jupyter_lab_config.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &config))
	require.Nil(t, config.LabApp["news_url"])
	require.Equal(t, "jupyterlab.NeverCheckForUpdate", config.LabApp["check_for_updates_class"])
}

func TestEnvironKeepsJupyterBelowHome(t *testing.T) {
	e := testEnv(t)
	t.Setenv("LPFT_DATA", "data")
	t.Setenv("LPFT_MODELS", "")
	env := map[string]string{}
	for _, kv := range e.environ("LPFT_SEED=1") {
		key, value, _ := strings.Cut(kv, "=")
		env[key] = value
	}
	here, err := os.Getwd()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(here, "data"), env["LPFT_DATA"], "a cell runs elsewhere")
	require.Empty(t, env["LPFT_MODELS"])
	require.Equal(t, "1", env["LPFT_SEED"])
	for _, key := range []string{"JUPYTER_PATH", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"} {
		require.True(t, strings.HasPrefix(env[key], e.Home), key)
	}
}

func TestFindPython(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-ins for Python are shell scripts")
	}
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	t.Setenv("LPFT_PYTHON", "")
	put := func(name, body string) {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755))
	}
	_, err := FindPython(t.Context(), "")
	require.EqualError(t, err, "notebooks need Python 3.10 or newer (none on PATH): install it, or name one in LPFT_PYTHON")

	put("python3", "echo 3.9.2")
	put("python3.13", "exit 127")
	_, err = FindPython(t.Context(), "")
	require.ErrorContains(t, err, "python3: is Python 3.9.2; python3.13: does not run: exit status 127")

	put("python3.12", "echo 3.12.1")
	p, err := FindPython(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, Python{Path: filepath.Join(bin, "python3.12"), Version: "3.12.1"}, p)

	t.Setenv("LPFT_PYTHON", filepath.Join(bin, "nowhere"))
	_, err = FindPython(t.Context(), "")
	require.ErrorContains(t, err, "nowhere")
	require.NotContains(t, err.Error(), "\n")
}

func FuzzParseVersion(f *testing.F) {
	f.Add("3.11.7")
	f.Add("Python 2")
	f.Fuzz(func(t *testing.T, s string) {
		major, minor, err := parseVersion(s)
		if err == nil && (major < 0 || minor < 0) && !strings.Contains(s, "-") {
			t.Fatalf("%q gives %d.%d", s, major, minor)
		}
	})
}

func TestRequirementsAreAllPinned(t *testing.T) {
	for _, block := range strings.Split(strings.ReplaceAll(requirements, "\\\n", ""), "\n") {
		if block == "" || strings.HasPrefix(block, "#") {
			continue
		}
		require.Regexp(t, `^[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}`, block)
	}
	require.Contains(t, requirements, "\njupyterlab==")
	require.Contains(t, requirements, "\nnbclient==")
}

func TestPipSaysWhy(t *testing.T) {
	e := testEnv(t)
	var steps []string
	e.progress = func(line string) { steps = append(steps, line) }
	bin := filepath.Join(t.TempDir(), "python")
	require.NoError(t, os.WriteFile(bin, []byte("#!/bin/sh\necho 'Collecting jupyterlab==4.6.6 (from -r x)'\necho 'WARNING: Retrying'\necho 'ERROR: No matching distribution'\necho later\nexit 1\n"), 0o755))
	err := e.runPython(t.Context(), bin, "-m", "pip")
	require.EqualError(t, err, "No matching distribution")
	require.Equal(t, []string{"  package 1: jupyterlab==4.6.6"}, steps)
}

func TestFreePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	_, err = freePort("127.0.0.1", taken)
	require.EqualError(t, err, "port "+strconv.Itoa(taken)+" on 127.0.0.1 is in use by another program: stop it or choose another port")
	port, err := freePort("127.0.0.1", 0)
	require.NoError(t, err)
	require.NotZero(t, port)
}

func TestLabArguments(t *testing.T) {
	args := labArgs(LabOptions{Host: "127.0.0.1", NotebookDir: "/src", Default: "notebooks/Figure 1.ipynb"}, 8899)
	require.Contains(t, args, "--ServerApp.port=8899")
	require.Contains(t, args, "--ServerApp.root_dir=/src")
	require.Contains(t, args, "--LabApp.default_url=/lab/tree/notebooks/Figure%201.ipynb")
	require.Contains(t, args, "--no-browser")
	require.NotContains(t, labArgs(LabOptions{Browser: true}, 1), "--no-browser")
	require.Equal(t, "/lab/tree", labPath(""))
}
