package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/npy"
	"lpft/lpftlib/task"
	"lpft/lpftlib/tokenizer"
)

// lpft runs a command inside this process and returns its standard output.
func lpft(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	t.Setenv(backend.EnvVar, "go")
	t.Setenv("LPFT_DATA", "")
	if os.Getenv("LPFT_HOME") == "" {
		t.Setenv("LPFT_HOME", t.TempDir())
	}
	cmd := root()
	var out bytes.Buffer
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(context.Background())
	return out.String(), err
}

// onlyTokenizer copies the tokenizer's file of a model and nothing else.
func onlyTokenizer(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(filepath.Join(model(t), "vocab.txt"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "vocab.txt"), data, 0o644))
	return dir
}

func TestTokenizeWritesOneLineEach(t *testing.T) {
	in := `{"a": "ab"}` + "\n" + `{"a": "ab", "b": ""}` + "\r\n" + `{"b": "c", "a": "a"}` + "\n" + `{"a": ""}`
	out, err := lpft(t, in, "tokenize", "--model", onlyTokenizer(t))
	require.NoError(t, err)
	// [CLS] is 2, [SEP] 3, "a" 5, "##b" 8, "c" 9
	require.Equal(t, `{"ids":[2,5,8,3]}`+"\n"+`{"ids":[2,5,8,3,3]}`+"\n"+`{"ids":[2,5,3,9,3]}`+"\n"+`{"ids":[2,3]}`+"\n", out)
}

func TestTokenizeCutsAtMaxLen(t *testing.T) {
	out, err := lpft(t, `{"a": "a a a a a a"}`+"\n", "tokenize", "--model", onlyTokenizer(t), "--max-len", "4")
	require.NoError(t, err)
	require.Equal(t, `{"ids":[2,5,5,3]}`+"\n", out)
}

// What came before a broken line is written.
func TestTokenizeNamesTheBrokenLine(t *testing.T) {
	for name, line := range map[string]string{
		"half a line": `{"a": "x"`, "not JSON": `hello`, "no a": `{"b": "x"}`, "a number": `{"a": 3}`, "another key": `{"a": "x", "label": 1}`,
		"two objects": `{"a": "x"} {"a": "y"}`, "empty": ``, "null": `null`,
		"half a surrogate pair": `{"a": "x\ud800"}`, "half a pair in b": `{"a": "x", "b": "\udc00y"}`, "not UTF-8": "{\"a\": \"caf\xe9\"}",
	} {
		t.Run(name, func(t *testing.T) {
			out, err := lpft(t, `{"a": "a"}`+"\n"+line+"\n", "tokenize", "--model", onlyTokenizer(t))
			require.ErrorContains(t, err, "standard input:2:")
			require.Equal(t, `{"ids":[2,5,3]}`+"\n", out)
		})
	}
}

// A line is answered before the next one is written: memory does not grow with the input, and
// two programs can talk through pipes.
func TestTokenizeAnswersLineByLine(t *testing.T) {
	tok, err := tokenizer.Load(onlyTokenizer(t))
	require.NoError(t, err)
	fromUs, toCommand := io.Pipe()
	toUs, fromCommand := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- tokenizeLines(tok, 8, fromUs, fromCommand) }()
	answers := json.NewDecoder(toUs)
	for range 3 {
		_, err := io.WriteString(toCommand, `{"a": "a"}`+"\n")
		require.NoError(t, err)
		var got struct{ IDs []int32 }
		require.NoError(t, answers.Decode(&got))
		require.Equal(t, []int32{2, 5, 3}, got.IDs)
	}
	require.NoError(t, toCommand.Close())
	require.NoError(t, <-done)
}

// expected are the features that the encoder gives for texts.
func expected(t *testing.T, dir string, texts []tokenizer.Text, maxLen int) []float32 {
	t.Helper()
	cfg, err := encoder.ReadConfig(dir)
	require.NoError(t, err)
	w, err := encoder.LoadWeights(dir, cfg)
	require.NoError(t, err)
	tok, err := tokenizer.Load(dir)
	require.NoError(t, err)
	be, err := backend.Open("go")
	require.NoError(t, err)
	run, err := encoder.NewRunner(be, w, nil)
	require.NoError(t, err)
	phi, err := run.Features(context.Background(), tok.EncodeAll(texts, maxLen), nil)
	require.NoError(t, err)
	return phi
}

// Rows keep their order whatever their lengths, and texts longer than the model's 40
// positions are cut there.
func TestFeaturesOfLines(t *testing.T) {
	dir, out := model(t), filepath.Join(t.TempDir(), "f.npy")
	var lines strings.Builder
	var texts []tokenizer.Text
	for i := range 40 {
		a := strings.Repeat("a b ", 1+(i*7)%30)
		texts = append(texts, tokenizer.Text{A: a, B: "c", Pair: i%3 == 0})
		second := ""
		if i%3 == 0 {
			second = `, "b": "c"`
		}
		fmt.Fprintf(&lines, "{\"a\": %q%s}\n", a, second)
	}
	in := filepath.Join(t.TempDir(), "lines.jsonl")
	require.NoError(t, os.WriteFile(in, []byte(lines.String()), 0o644))
	_, err := lpft(t, "", "features", "--model", dir, "--in", in, "--out", out)
	require.NoError(t, err)
	got, err := npy.ReadNpy(out)
	require.NoError(t, err)
	require.Equal(t, []int{40, 24}, got.Shape)
	require.Equal(t, expected(t, dir, texts, 40), got.Float32)
}

// A task's split: rows in the data set's order.
func TestFeaturesOfATask(t *testing.T) {
	dir, out := model(t), filepath.Join(t.TempDir(), "f.npy")
	_, err := lpft(t, "", "features", "--model", dir, "--task", "toy", "--split", "val", "--max-len", "24", "--out", out)
	require.NoError(t, err)
	got, err := npy.ReadNpy(out)
	require.NoError(t, err)
	d, err := task.Load(context.Background(), "toy", task.Options{})
	require.NoError(t, err)
	var texts []tokenizer.Text
	for _, e := range d.Val {
		texts = append(texts, tokenizer.Text{A: e.A, B: e.B, Pair: e.Pair})
	}
	require.Equal(t, []int{len(d.Val), 24}, got.Shape)
	require.Equal(t, expected(t, dir, texts, 24), got.Float32)
}

func TestInspectRefusesBadInput(t *testing.T) {
	dir := model(t)
	lines := filepath.Join(t.TempDir(), "lines.jsonl")
	require.NoError(t, os.WriteFile(lines, []byte("{\"a\": \"x\"}\n{\"a\"\n"), 0o644))
	half := filepath.Join(t.TempDir(), "half.jsonl")
	require.NoError(t, os.WriteFile(half, []byte(`{"a": "x", "b": "y \ud83d\ude00"}`+"\n"+`{"a": "x", "b": "y \ud83d"}`+"\n"), 0o644))
	empty := filepath.Join(t.TempDir(), "empty.jsonl")
	require.NoError(t, os.WriteFile(empty, nil, 0o644))
	out := filepath.Join(t.TempDir(), "f.npy")
	features := func(args ...string) []string {
		return append([]string{"features", "--model", dir, "--out", out}, args...)
	}
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"tokenize without a model":    {[]string{"tokenize"}, []string{"model"}},
		"tokenize: no such folder":    {[]string{"tokenize", "--model", "/nowhere/model"}, []string{"/nowhere/model", "vocab.txt"}},
		"tokenize: max-len 0":         {[]string{"tokenize", "--model", dir, "--max-len", "0"}, []string{"--max-len is 0"}},
		"features: max-len -1":        {features("--in", lines, "--max-len", "-1"), []string{"--max-len is -1"}},
		"features: no texts":          {features(), []string{"--task", "--in"}},
		"features: both":              {features("--task", "toy", "--split", "val", "--in", lines), []string{"exclude each other"}},
		"features: --in and --split":  {features("--split", "val", "--in", lines), []string{"--split"}},
		"features: no split":          {features("--task", "toy"), []string{"train, val, test"}},
		"features: unknown split":     {features("--task", "toy", "--split", "dev"), []string{`"dev"`, "train, val, test"}},
		"features: unknown task":      {features("--task", "tyo", "--split", "val"), []string{`"tyo"`, "toy"}},
		"features: broken line":       {features("--in", lines), []string{"lines.jsonl:2:"}},
		"features: half a pair":       {features("--in", half), []string{"half.jsonl:2:", `"b"`, "half a surrogate pair"}},
		"features: no lines":          {features("--in", empty), []string{"empty.jsonl", "no lines"}},
		"features: no such file":      {features("--in", "/nowhere/lines.jsonl"), []string{"/nowhere/lines.jsonl"}},
		"features: unknown backend":   {features("--task", "toy", "--split", "val", "--backend", "xpu"), []string{`"xpu"`}},
		"features: no such model":     {[]string{"features", "--model", "/nowhere/model", "--in", empty, "--out", out}, []string{"/nowhere/model"}},
		"features: unwritable folder": {[]string{"features", "--model", dir, "--in", lines, "--out", "/nowhere/f.npy"}, []string{"/nowhere/f.npy"}},
		"features: out is a folder":   {[]string{"features", "--model", dir, "--in", lines, "--out", dir}, []string{"is a folder"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := lpft(t, "", c.args...)
			require.Error(t, err)
			for _, want := range c.want {
				require.Contains(t, oneLine(err), want)
			}
			require.NoFileExists(t, out)
		})
	}
}
