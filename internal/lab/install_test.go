package lab

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUserKernels(t *testing.T) {
	home := func() (string, error) { return filepath.FromSlash("/home/me"), nil }
	for _, c := range []struct {
		goos, want string
		env        map[string]string
	}{
		{"linux", "/home/me/.local/share/jupyter/kernels", nil},
		{"freebsd", "/home/me/.local/share/jupyter/kernels", nil},
		{"linux", "/data/jupyter/kernels", map[string]string{"XDG_DATA_HOME": "/data"}},
		{"linux", "/mine/kernels", map[string]string{"XDG_DATA_HOME": "/data", "JUPYTER_DATA_DIR": "/mine"}},
		{"darwin", "/home/me/Library/Jupyter/kernels", map[string]string{"XDG_DATA_HOME": "/data"}},
		{"windows", "/roaming/jupyter/kernels", map[string]string{"APPDATA": "/roaming"}},
		{"windows", "/home/me/AppData/Roaming/jupyter/kernels", nil},
	} {
		dir, err := userKernels(c.goos, func(name string) string { return c.env[name] }, home)
		require.NoError(t, err)
		require.Equal(t, filepath.FromSlash(c.want), dir)
	}
	_, err := userKernels("linux", func(string) string { return "" }, func() (string, error) { return "", errors.New("$HOME is not defined") })
	require.EqualError(t, err, "no folder for a user's kernels: $HOME is not defined; name one in JUPYTER_DATA_DIR or with --prefix")

	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	require.NoError(t, err)
	_, err = PrefixKernels("env")
	require.EqualError(t, err, `--prefix "env" is no folder: expected a Python environment's, as sys.prefix names it there`)
	require.NoError(t, os.Mkdir("env", 0o755))
	dir, err := PrefixKernels("env")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(here, "env", "share", "jupyter", "kernels"), dir)
}

// builtHome is a folder in which the kernel counts as built and current.
func builtHome(t *testing.T) *Env {
	t.Helper()
	e := testEnv(t)
	want, err := wantedStamps(e.ModuleRoot)
	require.NoError(t, err)
	require.NoError(t, e.writeStamp(toolsStamp, want.tools))
	require.NoError(t, e.writeStamp(goplsStamp, want.tools))
	return e
}

func TestInstallKernel(t *testing.T) {
	e := builtHome(t)
	o := Options{Home: e.Home, ModuleRoot: e.ModuleRoot}
	kernels := filepath.Join(t.TempDir(), "not", "there", "yet")
	dir, err := InstallKernel(t.Context(), o, kernels)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(kernels, "lpft"), dir)
	file := filepath.Join(dir, "kernel.json")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var spec kernelSpec
	require.NoError(t, json.Unmarshal(text, &spec))
	require.Equal(t, "Go (lpft)", spec.DisplayName)
	require.Equal(t, []string{e.path("bin", "lpft-kernel"), "-work", e.ModuleRoot, "-home", e.Home, "{connection_file}"}, spec.Argv)
	path := filepath.SplitList(spec.Env["PATH"])
	require.Equal(t, []string{e.path("bin"), e.path("lab-bin"), "${PATH}"}, path[:3])
	goFile, err := exec.LookPath("go")
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Dir(goFile)}, path[3:], "for a Jupyter that was started from a menu")

	before, err := os.Stat(file)
	require.NoError(t, err)
	_, err = InstallKernel(t.Context(), o, kernels)
	require.NoError(t, err)
	after, err := os.Stat(file)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "nothing to change: the same file, not a new one")

	elsewhere := builtHome(t)
	_, err = InstallKernel(t.Context(), Options{Home: elsewhere.Home, ModuleRoot: e.ModuleRoot}, kernels)
	require.NoError(t, err)
	text, err = os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), elsewhere.Home, "what moved is written anew")
}

func TestInstallKernelRefusals(t *testing.T) {
	e := builtHome(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err := InstallKernel(t.Context(), Options{Home: e.Home, ModuleRoot: e.ModuleRoot}, file)
	require.ErrorContains(t, err, "not a directory; name another place with --prefix")
	require.NotContains(t, err.Error(), "\n")

	_, err = InstallKernel(t.Context(), Options{Home: e.Home, ModuleRoot: t.TempDir()}, t.TempDir())
	require.ErrorContains(t, err, "holds no go.mod: notebooks need this project's source folder")

	t.Setenv("PATH", t.TempDir()) // no go, and nothing built
	kernels := t.TempDir()
	_, err = InstallKernel(t.Context(), Options{Home: t.TempDir(), ModuleRoot: e.ModuleRoot}, kernels)
	require.ErrorContains(t, err, "no go on PATH")
	require.NoFileExists(t, filepath.Join(kernels, "lpft", "kernel.json"), "a kernel that does not start is not listed")
}

// listed asks a real Jupyter which kernels it has, by name; more is KEY=value.
func listed(t *testing.T, e *Env, more ...string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), e.python(), "-m", "jupyter", "kernelspec", "list", "--json")
	cmd.Env = append(os.Environ(), more...)
	out, err := cmd.Output()
	require.NoError(t, err)
	var list struct {
		Kernelspecs map[string]struct {
			Spec kernelSpec `json:"spec"`
		} `json:"kernelspecs"`
	}
	require.NoError(t, json.Unmarshal(out, &list))
	titles := map[string]string{}
	for name, k := range list.Kernelspecs {
		titles[name] = k.Spec.DisplayName
	}
	return titles
}

func TestJupyterListsTheInstalledKernel(t *testing.T) {
	e := realEnv(t)
	o := Options{Home: e.Home, ModuleRoot: e.ModuleRoot, Progress: func(line string) { t.Log(line) }}
	for name, env := range map[string]string{"user's home": "HOME=", "data folder": "JUPYTER_DATA_DIR="} {
		dir := t.TempDir()
		t.Setenv("JUPYTER_DATA_DIR", "")
		t.Setenv("XDG_DATA_HOME", "")
		require.NotContains(t, listed(t, e, env+dir), KernelName, name)
		key, _, _ := strings.Cut(env, "=")
		t.Setenv(key, dir)
		kernels, err := UserKernels()
		require.NoError(t, err)
		_, err = InstallKernel(t.Context(), o, kernels)
		require.NoError(t, err)
		require.Equal(t, KernelTitle, listed(t, e)[KernelName], name)
	}
	t.Setenv("JUPYTER_DATA_DIR", t.TempDir())
	kernels, err := PrefixKernels(e.path("venv"))
	require.NoError(t, err)
	dir, err := InstallKernel(t.Context(), o, kernels)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.Equal(t, KernelTitle, listed(t, e)[KernelName], "a Python environment's own")
}

// A Jupyter that this program did not start completes and explains lpftlib in a cell.
func TestKernelCompletesAndInspects(t *testing.T) {
	e := realEnv(t)
	t.Setenv("JUPYTER_DATA_DIR", t.TempDir())
	kernels, err := UserKernels()
	require.NoError(t, err)
	_, err = InstallKernel(t.Context(), Options{Home: e.Home, ModuleRoot: e.ModuleRoot, Progress: func(line string) { t.Log(line) }}, kernels)
	require.NoError(t, err)
	script, err := filepath.Abs(filepath.Join("testdata", "ask_kernel.py"))
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), e.python(), script, "180")
	cmd.Dir = t.TempDir() // outside the module
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, said.String())
	var answers struct {
		FirstCell string `json:"first_cell"`
		Complete  struct {
			Matches []string `json:"matches"`
		} `json:"complete"`
		Inspect struct {
			Found bool              `json:"found"`
			Data  map[string]string `json:"data"`
		} `json:"inspect"`
	}
	require.NoError(t, json.Unmarshal(out, &answers))
	t.Logf("%s", out)
	require.Equal(t, "ok", answers.FirstCell)
	require.Contains(t, answers.Complete.Matches, "Open")
	require.Contains(t, answers.Complete.Matches, "Params")
	require.True(t, answers.Inspect.Found)
	explained := strings.Join([]string{answers.Inspect.Data["text/markdown"], answers.Inspect.Data["text/plain"], answers.Inspect.Data["text/html"]}, " ")
	require.Contains(t, explained, "func lpftlib.Open(params lpftlib.Params) *lpftlib.Study")
	require.Contains(t, explained, "opens the study that params describe")
}
