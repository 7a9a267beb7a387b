package command

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/npy"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
)

// headFile writes a head for a model of h features.
func headFile(t *testing.T, classes, hidden int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "head.npz")
	weight := make([]float32, classes*hidden)
	for i := range weight {
		weight[i] = float32(math.Sin(float64(i)))
	}
	require.NoError(t, npy.WriteNpz(path, []npy.NamedArray{{Name: "weight", Shape: []int{classes, hidden}, Data: weight},
		{Name: "bias", Shape: []int{classes}, Data: make([]float64, classes)}}))
	return path
}

func readKernel(t *testing.T, path string) map[string]*npy.Array {
	t.Helper()
	arrays, err := npy.ReadNpz(path)
	require.NoError(t, err)
	return arrays
}

// The file has every array of the contract in its shape, and they fit together.
func TestNTKWritesTheContract(t *testing.T) {
	out := filepath.Join(t.TempDir(), "k.npz")
	_, err := lpft(t, "", "ntk", "--model", model(t), "--task", "toy", "--max-len", "16", "--n", "5", "--n-test", "3", "--head", headFile(t, 3, 24),
		"--embedding", "exact", "--memory", "1GiB", "--out", out)
	require.NoError(t, err)
	k := readKernel(t, out)
	g := len(k["groups"].Strings)
	require.Equal(t, []string{"embeddings.word", "embeddings.rest", "attention.0", "ffn.0", "attention.1", "ffn.1"}, k["groups"].Strings)
	for name, shape := range map[string][]int{"p": {5, 3, 5, 3}, "f": {5, 3, 5, 3}, "theta": {5, 3, 5, 3}, "f_groups": {g, 5, 3, 5, 3},
		"indices": {5}, "labels": {5}, "p_test": {3, 3, 5, 3}, "f_test": {3, 3, 5, 3}, "theta_test": {3, 3, 5, 3}, "indices_test": {3}, "labels_test": {3},
		"phi": {5, 24}, "logits": {5, 3}, "phi_test": {3, 24}, "logits_test": {3, 3}} {
		require.Equal(t, shape, k[name].Shape, name)
	}
	require.Len(t, k, 16)
	size := 5 * 3 * 5 * 3
	for i := range size {
		sum := 0.0
		for j := range g {
			sum += k["f_groups"].Float64[j*size+i]
		}
		require.InDelta(t, k["f"].Float64[i], sum, 1e-9*math.Abs(k["f"].Float64[0]))
		require.InDelta(t, k["theta"].Float64[i], k["p"].Float64[i]+k["f"].Float64[i], 1e-9*k["theta"].Float64[0])
	}
	require.FileExists(t, out+".json")
	require.NoDirExists(t, out+".resume")
}

// The head at the start of the FT stage decides, and nothing else of the method: ft and lora
// share P, a seed gives the same file again, lpft's head comes from the whole training split.
func TestNTKMethods(t *testing.T) {
	dir, results := model(t), map[string]map[string]*npy.Array{}
	for name, args := range map[string][]string{
		"ft": {"--method", "ft"}, "ft again": {"--method", "ft"}, "lora": {"--method", "lora"}, "lora 8,16": {"--method", "lora", "--lora", "8,16"},
		"lpft": {"--method", "lpft"}, "lpft of fewer": {"--method", "lpft", "--n", "2"}, "lplora": {"--method", "lplora"}, "other seed": {"--method", "ft", "--seed", "4"},
	} {
		out := filepath.Join(t.TempDir(), "k.npz")
		_, err := lpft(t, "", append([]string{"ntk", "--model", dir, "--task", "toy", "--max-len", "12", "--n", "4", "--seed", "3", "--out", out}, args...)...)
		require.NoError(t, err, name)
		results[name] = readKernel(t, out)
	}
	require.Equal(t, results["ft"]["theta"].Float64, results["ft again"]["theta"].Float64)
	require.Equal(t, results["ft"]["p"].Float64, results["lora"]["p"].Float64)
	require.Equal(t, results["ft"]["p"].Float64, results["lpft"]["p"].Float64)
	require.NotEqual(t, results["ft"]["f"].Float64, results["lpft"]["f"].Float64)
	require.NotEqual(t, results["ft"]["indices"].Int64, results["other seed"]["indices"].Int64)
	require.Equal(t, []string{"lora.0", "lora.1"}, results["lplora"]["groups"].Strings)
	for i, v := range results["lora"]["f"].Float64 {
		require.InEpsilon(t, 4*v, results["lora 8,16"]["f"].Float64[i], 1e-3)
	}
	// The same row has the same entry whatever subset it is in, if the head is the same.
	shared := 0
	for a, i := range results["lpft"]["indices"].Int64 {
		for b, j := range results["lpft of fewer"]["indices"].Int64 {
			if i == j {
				require.InEpsilon(t, results["lpft"]["f"].Float64[a*3*12+a*3], results["lpft of fewer"]["f"].Float64[b*3*6+b*3], 1e-4)
				shared++
			}
		}
	}
	require.Positive(t, shared)
}

// twoClasses writes a task file of 60 training and 20 test rows with two classes.
func twoClasses(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, n := range map[string]int{"train.csv": 60, "test.csv": 20} {
		rows := "text,label\n"
		for i := range n {
			rows += fmt.Sprintf("%s number %d,%s\n", []string{"a good film", "a bad film", "no film"}[i%3], i, []string{"yes", "no"}[i%2])
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(rows), 0o644))
	}
	file := filepath.Join(dir, "mine.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"id": "mine", "classes": ["no", "yes"], "columns": {"a": "text", "label": "label"},
		"files": {"train": "train.csv", "test": "test.csv"}}`), 0o644))
	return file
}

// There is one answer: what `lpft ntk --profile` writes is the kernel that the report's tables are
// made from, for every method and for two and three classes, number by number.
func TestNTKIsTheStudysKernel(t *testing.T) {
	home := t.TempDir()
	t.Setenv("LPFT_HOME", home)
	t.Setenv(backend.EnvVar, "go")
	for _, name := range []string{twoClasses(t), "toy"} {
		s, err := session.Open(t.Context(), session.Options{Profile: "smoke", Tasks: []string{name}, Home: t.TempDir(), Offline: true, Say: func(string) {}})
		require.NoError(t, err)
		ids, err := s.Tasks(t.Context())
		require.NoError(t, err)
		for _, m := range []study.Method{study.FT, study.LPFT, study.LoRA, study.LPLoRA} {
			out := filepath.Join(t.TempDir(), "k.npz")
			_, err := lpft(t, "", "ntk", "--profile", "smoke", "--task", name, "--method", string(m), "--seed", "1001", "--out", out)
			require.NoError(t, err)
			a, err := s.Kernel(t.Context(), study.Spec{Task: ids[0], Method: m, Seed: 1001})
			require.NoError(t, err)
			want, err := a.ReadNpz("kernel.npz")
			require.NoError(t, err)
			require.Equal(t, want, readKernel(t, out), "%s, %s", name, m)
			report, err := os.ReadFile(out + ".json")
			require.NoError(t, err)
			require.Contains(t, string(report), `"paper_compatible": true`)
			require.Contains(t, string(report), `"stop": "exact"`)
		}
	}
}

// The one rule for halving: two classes' probe is divided by 2 where it is asked for, so that F is
// a quarter; without a profile nothing is.
func TestNTKHalvesWhereAsked(t *testing.T) {
	home, file := t.TempDir(), twoClasses(t)
	t.Setenv("LPFT_HOME", home)
	kernel := func(args ...string) []float64 {
		out := filepath.Join(t.TempDir(), "k.npz")
		_, err := lpft(t, "", append([]string{"ntk", "--task", file, "--method", "lpft", "--seed", "1001", "--out", out}, args...)...)
		require.NoError(t, err)
		return readKernel(t, out)["f"].Float64
	}
	halved := kernel("--profile", "smoke")
	alone := []string{"--model", filepath.Join(home, "models", "tiny"), "--max-len", "32", "--n", "12", "--n-test", "12"}
	require.Equal(t, halved, kernel(append(alone, "--paper-compatible")...))
	whole := kernel("--profile", "smoke", "--paper-compatible=false")
	require.Equal(t, whole, kernel(alone...))
	for i, v := range whole {
		require.InDelta(t, v, 4*halved[i], 1e-5*whole[0])
	}
}

// One line for everything that cannot work, and no file.
func TestNTKRefuses(t *testing.T) {
	dir, out := model(t), filepath.Join(t.TempDir(), "k.npz")
	broken := model(t)
	spoil(t, filepath.Join(broken, "model.safetensors"))
	ntk := func(args ...string) []string {
		return append([]string{"ntk", "--model", dir, "--task", "toy", "--max-len", "12", "--out", out}, args...)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no model":           {[]string{"ntk", "--task", "toy", "--n", "4", "--method", "ft", "--out", out}, "--model DIR"},
		"no head":            {ntk("--n", "4"), "--head"},
		"head and method":    {ntk("--n", "4", "--method", "ft", "--head", "x.npz"), "exclude"},
		"unknown method":     {ntk("--n", "4", "--method", "lp"), "ft, lpft, lora, lplora"},
		"no such head":       {ntk("--n", "4", "--head", "/nowhere/h.npz"), "/nowhere/h.npz"},
		"head of other h":    {ntk("--n", "4", "--head", headFile(t, 3, 7)), "[C, 24]"},
		"head of other C":    {ntk("--n", "4", "--head", headFile(t, 2, 24)), "2 classes"},
		"too many rows":      {ntk("--n", "99999", "--method", "ft"), "99999 rows of the training split"},
		"too many test rows": {ntk("--n", "4", "--n-test", "99999", "--method", "ft"), "99999 rows of the test split"},
		"no rows":            {ntk("--n", "0", "--method", "ft"), "--n is 0"},
		"embedding":          {ntk("--n", "4", "--method", "ft", "--embedding", "all"), "paper-10"},
		"lora":               {ntk("--n", "4", "--method", "ft", "--lora", "8"), "rank,alpha"},
		"memory":             {ntk("--n", "4", "--method", "ft", "--memory", "much"), "--memory"},
		"too little memory":  {ntk("--n", "4", "--method", "ft", "--memory", "10kB"), "10000 bytes (asked for) is too small: one layer of these 4 rows needs 1 MiB at least"},
		"no memory":          {ntk("--n", "4", "--method", "ft", "--memory", "0"), "needs 1 MiB at least"},
		"negative memory":    {ntk("--n", "4", "--method", "ft", "--memory", "-2GiB"), "needs 1 MiB at least"},
		"rank beyond width":  {ntk("--n", "4", "--method", "lplora", "--lora", "100000,8"), `LoRA rank 100000 on "encoder.layer.0.attention.self.query": the layer's width is 24, so give a rank from 1 to 24`},
		"NaN":                {[]string{"ntk", "--model", broken, "--task", "toy", "--n", "4", "--method", "ft", "--out", out}, "NaN"},
		"task":               {[]string{"ntk", "--model", dir, "--task", "tyo", "--n", "4", "--method", "ft", "--out", out}, `"tyo"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := lpft(t, "", c.args...)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, oneLine(err), "\n")
			require.NoFileExists(t, out)
			require.NoDirExists(t, out+".resume")
		})
	}
}

// spoil writes a NaN over a checkpoint's last number.
func spoil(t *testing.T, path string) {
	t.Helper()
	edit(t, path, func(data []byte) []byte { return append(data[:len(data)-4:len(data)-4], 0, 0, 0xc0, 0x7f) })
}

// A second start continues with what an interrupted one left, and refuses another kernel's.
func TestNTKRefusesAnotherKernelsParts(t *testing.T) {
	out := filepath.Join(t.TempDir(), "k.npz")
	require.NoError(t, os.MkdirAll(out+".resume", 0o755))
	path := filepath.Join(out+".resume", "ntk-ffn.0.npz")
	require.NoError(t, npy.WriteSealed(path, []npy.NamedArray{{Name: "guard", Shape: []int{1}, Data: []string{"another's"}}}))
	_, err := lpft(t, "", "ntk", "--model", model(t), "--task", "toy", "--n", "2", "--method", "ft", "--out", out)
	require.ErrorContains(t, err, path)
	require.FileExists(t, path)
	require.NoError(t, os.WriteFile(path, []byte("torn"), 0o644)) // which is set aside and computed again
	_, err = lpft(t, "", "ntk", "--model", model(t), "--task", "toy", "--n", "2", "--method", "ft", "--out", out)
	require.NoError(t, err)
	require.FileExists(t, out)
}

// A task file of one's own has kernels and features like a task of the paper's.
func TestNTKAndFeaturesOfATaskFile(t *testing.T) {
	dir := t.TempDir()
	rows := "text,label\n"
	for i := range 12 {
		rows += []string{"ab ab", "ba cab", "cc a"}[i%3] + "," + []string{"yes", "no"}[i%2] + "\n"
	}
	for _, name := range []string{"train.csv", "test.csv"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(rows), 0o644))
	}
	file := filepath.Join(dir, "mine.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"id": "mine", "classes": ["no", "yes"], "columns": {"a": "text", "label": "label"},
		"files": {"train": "train.csv", "test": "test.csv"}}`), 0o644))
	out := filepath.Join(dir, "k.npz")
	_, err := lpft(t, "", "ntk", "--model", model(t), "--task", file, "--n", "4", "--method", "ft", "--out", out)
	require.NoError(t, err)
	require.Equal(t, []int{4, 2, 4, 2}, readKernel(t, out)["theta"].Shape)
	phi := filepath.Join(dir, "f.npy")
	_, err = lpft(t, "", "features", "--model", model(t), "--task", file, "--split", "test", "--out", phi)
	require.NoError(t, err)
	got, err := npy.ReadNpy(phi)
	require.NoError(t, err)
	require.Equal(t, []int{12, 24}, got.Shape)
	_, err = lpft(t, "", "ntk", "--model", model(t), "--task", filepath.Join(dir, "none.json"), "--n", "4", "--method", "ft", "--out", out)
	require.ErrorContains(t, err, "none.json")
}
