//go:build unix

package lab

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// These tests make the real environment (minutes, and a network for pip) and run real
// notebooks in it. LPFT_TEST_LAB=1 switches them on; LPFT_TEST_LAB_HOME keeps the folder
// for the next time.

// writeNotebook writes a notebook with these code cells.
func writeNotebook(t *testing.T, cells ...string) string {
	t.Helper()
	nb := map[string]any{"nbformat": 4, "nbformat_minor": 5,
		"metadata": map[string]any{"kernelspec": map[string]string{"name": KernelName, "display_name": KernelTitle, "language": "go"}}}
	list := []any{map[string]any{"cell_type": "markdown", "id": "title", "metadata": map[string]any{}, "source": "# A notebook"}}
	for i, source := range cells {
		list = append(list, map[string]any{"cell_type": "code", "id": string(rune('a' + i)), "metadata": map[string]any{},
			"source": source, "outputs": []any{}, "execution_count": nil})
	}
	nb["cells"] = list
	text, err := json.Marshal(nb)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "test.ipynb")
	require.NoError(t, os.WriteFile(file, text, 0o644))
	return file
}

// An import of this module, and one declaration for the cells after it.
const firstCell = `import (
	"fmt"

	"lpft/lpftlib/pretrained"
)

func models() []string { return pretrained.Known() }
`

func TestExecuteWithoutANetwork(t *testing.T) {
	e := realEnv(t)
	notebook := writeNotebook(t, firstCell+"\n%%\nfmt.Println(len(models()), \"models\")", "!false",
		"import \"os\"\n\n%%\nfmt.Println(models()[0], os.Getenv(\"GOEXPERIMENT\"), os.Getenv(\"LPFT_SEED\"), os.Getenv(\"LPFT_HOME\"))")
	out := filepath.Join(t.TempDir(), "deep", "out.ipynb")
	var cells []int
	err := e.Execute(t.Context(), notebook, out, ExecuteOptions{
		Env:      []string{"GOPROXY=off", "GOFLAGS=-mod=mod", "LPFT_SEED=7"},
		Metadata: map[string]string{"profile": "smoke"},
		OnCell:   func(i, n int, _ string) { cells = append(cells, i, n) },
	})
	require.NoError(t, err)
	require.Equal(t, []int{1, 3, 2, 3, 3, 3}, cells)
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(text), "2 models")
	require.Contains(t, string(text), "minilm "+e.kernelSpec(runtime.GOARCH).Env["GOEXPERIMENT"]+" 7 "+e.Home)
	require.Contains(t, string(text), `"profile": "smoke"`)
}

func TestExecuteFailures(t *testing.T) {
	e := realEnv(t)
	for want, cell := range map[string]string{
		"panic: no such task":  "%%\npanic(\"no such task\")",
		"exit status 3":        "import \"os\"\n\n%%\nos.Exit(3)",
		"undefined: nonsense":  "%%\nnonsense()",
		"cannot open cb.jsonl": "import \"log\"\n\n%%\nlog.Fatal(\"cannot open cb.jsonl\")",
	} {
		out := filepath.Join(t.TempDir(), "out.ipynb")
		err := e.Execute(t.Context(), writeNotebook(t, firstCell, cell, "%%\nfmt.Println(\"not reached\")"), out, ExecuteOptions{})
		var failed *CellError
		require.True(t, errors.As(err, &failed), "%v", err)
		require.Equal(t, 2, failed.Cell)
		require.Contains(t, failed.Reason, want)
		text, err := os.ReadFile(out)
		require.NoError(t, err)
		require.Contains(t, string(text), `"complete": false`)
	}
	err := e.Execute(t.Context(), writeNotebook(t, "import \"time\"\n\n%%\ntime.Sleep(time.Hour)"), filepath.Join(t.TempDir(), "o.ipynb"), ExecuteOptions{Timeout: 3 * time.Second})
	require.ErrorContains(t, err, "cell [1] failed: it took longer than the time limit")
}

// pids lists the processes whose command line or environment mentions mark.
func pids(t *testing.T, mark string) []string {
	t.Helper()
	var found []string
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), mark) {
			found = append(found, filepath.Dir(file))
		}
	}
	return found
}

func TestInterruptedCellMaySaveItsState(t *testing.T) {
	e := realEnv(t)
	saved := filepath.Join(t.TempDir(), "saved")
	notebook := writeNotebook(t, `import ("os"; "os/signal"; "time")

%%
c := make(chan os.Signal, 1)
signal.Notify(c, os.Interrupt)
os.WriteFile("`+saved+`.started", nil, 0o644)
<-c
time.Sleep(300 * time.Millisecond)
os.WriteFile("`+saved+`", nil, 0o644)`, "%%\npanic(\"not reached\")")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for range 600 {
			if _, err := os.Stat(saved + ".started"); err == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		cancel()
	}()
	err := e.Execute(ctx, notebook, filepath.Join(t.TempDir(), "o.ipynb"), ExecuteOptions{})
	require.ErrorIs(t, err, context.Canceled)
	require.FileExists(t, saved)
}

// TestKilledLeavesNothing kills a process that executes a notebook and one that serves the Lab.
func TestKilledLeavesNothing(t *testing.T) {
	if mark := os.Getenv("LPFT_TEST_LAB_CHILD"); mark != "" {
		e := realEnv(t)
		_ = e.Execute(t.Context(), os.Getenv("LPFT_TEST_LAB_NOTEBOOK"), filepath.Join(t.TempDir(), "o.ipynb"), ExecuteOptions{})
		return
	}
	e := realEnv(t)
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("finds processes in /proc, which this system lacks")
	}
	mark := "LPFT_TEST_LAB_CHILD=" + filepath.Base(t.TempDir()) + strings.ReplaceAll(time.Now().Format("150405.000"), ".", "")
	started := filepath.Join(t.TempDir(), "started")
	notebook := writeNotebook(t, "import (\"os\"; \"os/signal\"; \"time\")\n\n%%\nsignal.Ignore(os.Interrupt)\nos.WriteFile(\""+started+"\", nil, 0o644)\ntime.Sleep(time.Hour)")
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledLeavesNothing$")
	cmd.Env = append(os.Environ(), mark, "LPFT_TEST_LAB_NOTEBOOK="+notebook, "LPFT_TEST_LAB_HOME="+e.Home)
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { _, err := os.Stat(started); return err == nil }, time.Minute, 100*time.Millisecond)
	require.GreaterOrEqual(t, len(pids(t, mark)), 5, "test, runner, lpft-kernel, gonb, cell")
	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait()
	begin := time.Now()
	require.Eventually(t, func() bool { return len(pids(t, mark)) == 0 }, 15*time.Second, 100*time.Millisecond)
	t.Logf("everything was gone %v after the kill", time.Since(begin).Round(100*time.Millisecond))
}

func TestLabAnswersAndStops(t *testing.T) {
	e := realEnv(t)
	ctx, cancel := context.WithCancel(t.Context())
	address := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- e.Lab(ctx, LabOptions{Default: "notebooks/index.ipynb", Ready: func(url string) { address <- url }})
	}()
	var url string
	select {
	case url = <-address:
	case err := <-ended:
		t.Fatalf("the Lab ended: %v", err)
	}
	base, token, _ := strings.Cut(url, "?")
	root, _, _ := strings.Cut(base, "/lab/tree")
	get := func(url string) (int, string) {
		answer, err := http.Get(url)
		require.NoError(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(body)
	}
	code, _ := get(root + "/api/kernelspecs")
	require.Equal(t, http.StatusForbidden, code, "without the token")
	code, specs := get(root + "/api/kernelspecs?" + token)
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, specs, KernelTitle)
	require.NotContains(t, specs, "python3", "only Go, and by default")

	begin := time.Now()
	cancel()
	require.NoError(t, <-ended)
	require.Less(t, time.Since(begin), 10*time.Second)
}
