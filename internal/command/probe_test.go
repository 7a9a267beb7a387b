package command

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/npy"
)

// probeFixture is scikit-learn's head of package probe's fixtures.
type probeFixture struct {
	X      [][]float64
	Y      []int64
	Kappa  float64
	Weight [][]float64
	Bias   []float64
}

func readProbeFixture(t *testing.T, name string) probeFixture {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "lpftlib", "probe", "testdata", name+".json"))
	require.NoError(t, err)
	var f probeFixture
	require.NoError(t, json.Unmarshal(raw, &f))
	return f
}

// npy writes an array into a new folder and returns its path.
func npyFile(t *testing.T, shape []int, data any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.npy")
	require.NoError(t, npy.WriteNpy(path, shape, data))
	return path
}

func flat(rows [][]float64) []float64 {
	var out []float64
	for _, row := range rows {
		out = append(out, row...)
	}
	return out
}

func narrow(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}

func (f probeFixture) shape() []int { return []int{len(f.X), len(f.X[0])} }

// probed runs the command and reads the head that it wrote.
func probed(t *testing.T, args ...string) (map[string]*npy.Array, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "head.npz")
	said, err := lpft(t, "", append([]string{"probe", "--out", path}, args...)...)
	require.NoError(t, err)
	head, err := npy.ReadNpz(path)
	require.NoError(t, err)
	require.Len(t, head, 4)
	return head, said
}

// The head is scikit-learn's, whatever the types of the two files.
func TestProbeIsScikitLearn(t *testing.T) {
	f := readProbeFixture(t, "three")
	ids32 := make([]int32, len(f.Y))
	for i, y := range f.Y {
		ids32[i] = int32(y)
	}
	rows := []int{len(f.Y)}
	for name, args := range map[string][]string{
		"float64, int64": {"--features", npyFile(t, f.shape(), flat(f.X)), "--labels", npyFile(t, rows, f.Y)},
		"float32, int32": {"--features", npyFile(t, f.shape(), narrow(flat(f.X))), "--labels", npyFile(t, rows, ids32)},
	} {
		t.Run(name, func(t *testing.T) {
			head, said := probed(t, args...)
			require.Equal(t, []int{3, 12}, head["weight"].Shape)
			require.Equal(t, []int{3}, head["bias"].Shape)
			require.Equal(t, []int{}, head["kappa"].Shape)
			require.Equal(t, []int{10}, head["scores"].Shape)
			require.InEpsilon(t, f.Kappa, head["kappa"].Float64[0], 1e-14)
			require.InDeltaSlice(t, flat(f.Weight), head["weight"].Float64, 1e-3*norm(flat(f.Weight)))
			require.InDeltaSlice(t, f.Bias, head["bias"].Float64, 1e-3*norm(f.Bias))
			require.Regexp(t, `^linear head, C = 3, h = 12, κ = \S+, ‖V‖ = \S+; cross-validated accuracy 0\.\d{4}\n$`, said)
		})
	}
}

// --stop leaves the minimiser for scikit-learn 1.0's head, and says so; a misspelt rule is refused before anything is read.
func TestProbeStops(t *testing.T) {
	f := readProbeFixture(t, "two")
	args := []string{"--features", npyFile(t, f.shape(), flat(f.X)), "--labels", npyFile(t, []int{len(f.Y)}, f.Y)}
	exact, said := probed(t, args...)
	require.NotContains(t, said, "stopped")
	same, _ := probed(t, append(args, "--stop", "exact")...)
	require.Equal(t, exact, same)
	early, said := probed(t, append(args, "--stop", "sklearn-1.0")...)
	require.Contains(t, said, ", stopped as sklearn-1.0;")
	require.NotEqual(t, exact["weight"], early["weight"])
	require.InDeltaSlice(t, exact["weight"].Float64, early["weight"].Float64, 1e-2*norm(exact["weight"].Float64))
	_, err := lpft(t, "", "probe", "--features", "no.npy", "--labels", "no.npy", "--out", "h.npz", "--stop", "sklearn")
	require.EqualError(t, err, `--stop: stop "sklearn" is not known: expected one of exact, sklearn-1.0, sklearn-1.7`)
}

func norm(v []float64) float64 {
	sum := 0.0
	for _, a := range v {
		sum += a * a
	}
	return math.Sqrt(sum)
}

// With two classes --paper-compatible gives exactly half of W = [-w; w], and the same κ.
func TestProbePaperCompatible(t *testing.T) {
	f := readProbeFixture(t, "two")
	args := []string{"--features", npyFile(t, f.shape(), flat(f.X)), "--labels", npyFile(t, []int{len(f.Y)}, f.Y)}
	whole, _ := probed(t, args...)
	half, said := probed(t, append(args, "--paper-compatible")...)
	require.Contains(t, said, ", halved;")
	require.Equal(t, whole["kappa"], half["kappa"])
	require.Equal(t, whole["scores"], half["scores"])
	for _, name := range []string{"weight", "bias"} {
		require.Equal(t, whole[name].Shape, half[name].Shape)
		for i, v := range whole[name].Float64 {
			require.Equal(t, v/2, half[name].Float64[i])
		}
	}
	h := whole["weight"].Shape[1]
	for j := range h {
		require.Equal(t, -whole["weight"].Float64[j], whole["weight"].Float64[h+j])
	}
}

func TestProbeRefusesBadInput(t *testing.T) {
	f := readProbeFixture(t, "three")
	n := len(f.Y)
	x, y := npyFile(t, f.shape(), flat(f.X)), npyFile(t, []int{n}, f.Y)
	labels := func(change func(y []int64)) string {
		changed := append([]int64(nil), f.Y...)
		change(changed)
		return npyFile(t, []int{n}, changed)
	}
	values := flat(f.X)
	values[5*12+7] = math.NaN()
	whole, err := os.ReadFile(x)
	require.NoError(t, err)
	torn := filepath.Join(t.TempDir(), "torn.npy")
	require.NoError(t, os.WriteFile(torn, whole[:len(whole)-9], 0o644))
	bad := filepath.Join("..", "..", "lpftlib", "npy", "testdata", "bad")
	for name, c := range map[string]struct {
		features, labels string
		want             []string
	}{
		"labels of another length": {x, npyFile(t, []int{n - 1}, f.Y[1:]), []string{"59 labels for 60 rows"}},
		"labels that are floats":   {x, npyFile(t, []int{n}, make([]float64, n)), []string{"labels are not integers", "astype"}},
		"labels of rank 2":         {x, npyFile(t, []int{n, 1}, f.Y), []string{"labels of shape [60 1]", "[N]"}},
		"no labels":                {x, npyFile(t, []int{0}, []int32{}), []string{"0 labels for 60 rows"}},
		"a negative label":         {x, labels(func(y []int64) { y[3] = -1 }), []string{"label -1 of row 3"}},
		"a label beyond all rows":  {x, labels(func(y []int64) { y[4] = 1 << 40 }), []string{"label 1099511627776 of row 4"}},
		"one class only":           {x, labels(func(y []int64) { clear(y) }), []string{"all 60 training rows belong to class 0"}},
		"a class without a row": {x, labels(func(y []int64) {
			for i := range y {
				y[i] = y[i] / 2 * 3
			}
		}), []string{"no training row of class 1 although labels go up to 3", "numpy.unique"}},
		"labels from 1": {x, labels(func(y []int64) {
			for i := range y {
				y[i]++
			}
		}), []string{"labels count from 1 to 3: expected 0 to 2; save labels - 1"}},
		"a feature that is NaN": {npyFile(t, f.shape(), values), y, []string{"feature [5, 7] is NaN"}},
		"features of rank 1":    {npyFile(t, []int{n}, make([]float32, n)), y, []string{"features of shape [60]", "[N, h]"}},
		"no features":           {npyFile(t, []int{0, 12}, []float32{}), y, []string{"features of shape [0 12]"}},
		"integer features":      {npyFile(t, []int{n, 1}, f.Y), y, []string{"features are not floats"}},
		"a torn file":           {torn, y, []string{"torn.npy", "torn .npy: shape [60 12]"}},
		"pickled labels":        {x, filepath.Join(bad, "pickled.npy"), []string{"pickled.npy", "Python objects"}},
		"Fortran order":         {filepath.Join(bad, "fortran.npy"), y, []string{"fortran.npy", "Fortran order", "ascontiguousarray"}},
		"no such file":          {"/nowhere/f.npy", y, []string{"/nowhere/f.npy"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "head.npz")
			_, err := lpft(t, "", "probe", "--features", c.features, "--labels", c.labels, "--out", out)
			require.Error(t, err)
			for _, want := range c.want {
				require.Contains(t, oneLine(err), want)
			}
			require.NoFileExists(t, out)
		})
	}
	_, err = lpft(t, "", "probe", "--features", x, "--labels", y)
	require.ErrorContains(t, err, `required flag(s) "out"`)
	_, err = lpft(t, "", "probe", "--features", x, "--labels", y, "--out", "/nowhere/head.npz")
	require.ErrorContains(t, err, "/nowhere/head.npz")
}
