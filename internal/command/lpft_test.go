package command

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lpft/internal/module"
)

// built is lpft for the tests that look at exit status and standard error, linked once for all of them.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	status := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir) // below the temporary folder in any case
	}
	os.Exit(status)
}

// program is the path of lpft.
func program(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "lpft-test-"); built.err != nil {
			return
		}
		build := exec.Command("go", "build", "-o", filepath.Join(built.dir, "lpft"), "lpft/cmd/lpft")
		build.Env = module.BuildEnv()
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	require.NoError(t, built.err)
	return filepath.Join(built.dir, "lpft")
}

// failing runs lpft and expects exit status 1 and one line of error on standard error, whatever
// messages come before it.
func failing(t *testing.T, lpft string, env []string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, lpft, args...)
	cmd.Env = append(os.Environ(), append([]string{"GOMLX_BACKEND=go", "LPFT_DATA=", "LPFT_MODELS="}, env...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "expected a failure; standard error: %s", stderr.String())
	require.Equal(t, 1, exit.ExitCode(), stderr.String())
	lines := strings.Split(strings.TrimRight(stderr.String(), "\n"), "\n")
	last := lines[len(lines)-1]
	require.True(t, strings.HasPrefix(last, "lpft: "), stderr.String())
	require.NotContains(t, stderr.String(), "goroutine ")
	return last
}

// profile writes a smoke profile with another model, or any JSON.
func profile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mine.json")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func withModel(t *testing.T, dir string) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"model": dir, "fallback": "toy", "max_len": 32, "epochs": 1,
		"run": []string{"toy"}, "tasks": map[string]any{"toy": map[string]any{"first_rows": 60,
			"ft": map[string]any{"batch": 16, "learning_rate": 1e-3}, "lpft": map[string]any{"batch": 16, "learning_rate": 1e-3}}}})
	require.NoError(t, err)
	return profile(t, string(raw))
}

// model copies the encoder's small BERT with a vocabulary, to be broken by the tests.
func model(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"config.json", "model.safetensors"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "lpftlib", "encoder", "testdata", "bert-2", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	}
	vocab := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
	for c := 'a'; c <= 'z'; c++ {
		vocab = append(vocab, string(c), "##"+string(c))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "vocab.txt"), []byte(strings.Join(vocab, "\n")+"\n"), 0o644))
	return dir
}

// edit rewrites a file.
func edit(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, change(data), 0o644))
}

// cbFolder writes a CB folder whose training file ends with line.
func cbFolder(t *testing.T, line string) string {
	t.Helper()
	dir := t.TempDir()
	row := `{"premise": "It rains.", "hypothesis": "It is wet.", "label": "entailment", "idx": 0}` + "\n"
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "CB"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "CB", "train.jsonl"), []byte(strings.Repeat(row, 3)+line+"\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "CB", "val.jsonl"), []byte(row), 0o644))
	return dir
}

// Every kind of broken input ends in one clear line and exit status 1, before time is spent.
func TestBadInput(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program: not with -short")
	}
	lpft := program(t)
	truncated := model(t)
	edit(t, filepath.Join(truncated, "model.safetensors"), func(b []byte) []byte { return b[:len(b)/2] })
	unsupported := model(t)
	edit(t, filepath.Join(unsupported, "config.json"), func(b []byte) []byte { return bytes.Replace(b, []byte(`"bert"`), []byte(`"t5"`), 1) })
	missing := model(t)
	edit(t, filepath.Join(missing, "model.safetensors"), renameTensor("embeddings.LayerNorm.bias", "embeddings.LayerNorm.bios"))
	readOnly := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(readOnly, nil, 0o644))

	for name, c := range map[string]struct {
		env  []string
		args []string
		want []string
	}{
		"missing model folder":       {args: []string{"reproduce", "--profile", withModel(t, "/nowhere/model")}, want: []string{"/nowhere/model"}},
		"truncated weights":          {args: []string{"reproduce", "--profile", withModel(t, truncated)}, want: []string{"model.safetensors", "truncated"}},
		"unsupported architecture":   {args: []string{"reproduce", "--profile", withModel(t, unsupported)}, want: []string{"config.json", `unsupported architecture "t5"`}},
		"unknown tensor":             {args: []string{"reproduce", "--profile", withModel(t, missing)}, want: []string{"embeddings.LayerNorm.bios"}},
		"broken JSON line":           {args: []string{"reproduce", "--profile", "smoke", "--data", cbFolder(t, `{"premise": `)}, want: []string{"train.jsonl:4"}},
		"label outside the map":      {args: []string{"reproduce", "--profile", "smoke", "--data", cbFolder(t, `{"premise": "a", "hypothesis": "b", "label": "maybe", "idx": 3}`)}, want: []string{"train.jsonl:4", "maybe", "entailment"}},
		"missing data folder":        {args: []string{"reproduce", "--profile", "smoke", "--data", "/nowhere/data"}, want: []string{"/nowhere/data", "not found"}},
		"unknown profile":            {args: []string{"reproduce", "--profile", "demmo"}, want: []string{"demmo", "there are"}},
		"unknown profile key":        {args: []string{"reproduce", "--profile", profile(t, `{"epoch": 3}`)}, want: []string{`unknown key "epoch"`}},
		"unknown item":               {args: []string{"reproduce", "--profile", "smoke", "--only", "table99"}, want: []string{"table99", "table1, figure1"}},
		"unknown task":               {args: []string{"reproduce", "--profile", "smoke", "--tasks", "bc"}, want: []string{`"bc"`}},
		"bad seeds":                  {args: []string{"reproduce", "--profile", "smoke", "--seeds", "one"}, want: []string{`"one"`}},
		"unwritable report folder":   {args: []string{"reproduce", "--profile", "smoke", "--report", filepath.Join(readOnly, "report")}, want: []string{"report folder", "--report"}},
		"unwritable home":            {env: []string{"LPFT_HOME=" + filepath.Join(readOnly, "home")}, args: []string{"reproduce", "--profile", "smoke"}, want: []string{"LPFT_HOME"}},
		"unknown backend":            {args: []string{"reproduce", "--profile", "smoke", "--backend", "xpu"}, want: []string{`"xpu"`, "xla:cuda", "xla:cpu", ", go"}},
		"no Python":                  {env: []string{"LPFT_PYTHON=/nowhere/python"}, args: []string{"reproduce", "--profile", "smoke"}, want: []string{"/nowhere/python"}},
		"doctor with no data":        {args: []string{"doctor", "--data", "/nowhere/data"}, want: []string{"/nowhere/data"}},
		"a flag that does not exist": {args: []string{"reproduce", "--profil", "smoke"}, want: []string{"--profil"}},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			env := append([]string{"LPFT_HOME=" + home, "HF_HOME=" + filepath.Join(home, "hf"), "HF_ENDPOINT=http://127.0.0.1:1"}, c.env...)
			args := c.args
			if args[0] == "reproduce" && !strings.Contains(strings.Join(args, " "), "--report") {
				args = append(args, "--report", filepath.Join(home, "report"))
			}
			line := failing(t, lpft, env, args...)
			for _, want := range c.want {
				require.Contains(t, line, want)
			}
		})
	}
}

// renameTensor changes a name of equal length inside a safetensors header.
func renameTensor(from, to string) func([]byte) []byte {
	return func(b []byte) []byte {
		n := int(binary.LittleEndian.Uint64(b)) + 8
		return append(bytes.Replace(b[:n:n], []byte(from), []byte(to), 1), b[n:]...)
	}
}

// The log of an empty store is empty, not an error.
func TestStoreLogOfAnEmptyStore(t *testing.T) {
	t.Setenv("LPFT_HOME", t.TempDir())
	cmd := root()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"store", "log"})
	require.NoError(t, cmd.Execute())
	require.Empty(t, out.String())
}
