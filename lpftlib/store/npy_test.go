package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var fixtureShapes = map[string][]int{
	"rank0": {}, "rank1": {7}, "rank2": {3, 4}, "rank3": {2, 3, 2}, "rank4": {2, 1, 3, 2}, "rank5": {1, 2, 2, 1, 3}, "rank2-empty": {0, 5},
}

// ramp is what make_fixtures.py writes: i/4 - 1 for floats, 3i - 4 for integers.
func ramp(t *testing.T, kind string, shape []int) any {
	n, err := elements(shape)
	require.NoError(t, err)
	f4, f8, i8, i4 := make([]float32, n), make([]float64, n), make([]int64, n), make([]int32, n)
	for i := range n {
		f4[i], f8[i], i8[i], i4[i] = float32(i)/4-1, float64(i)/4-1, int64(3*i-4), int32(3*i-4)
	}
	return map[string]any{"f4": f4, "f8": f8, "i8": i8, "i4": i4}[kind]
}

// data is the one field of a that is set.
func data(a *Array) any {
	switch {
	case a.Float32 != nil:
		return a.Float32
	case a.Float64 != nil:
		return a.Float64
	case a.Int64 != nil:
		return a.Int64
	case a.Int32 != nil:
		return a.Int32
	}
	return a.Strings
}

// TestNpyIsNumpys reads what numpy.save wrote, and writes the same bytes.
func TestNpyIsNumpys(t *testing.T) {
	for _, kind := range []string{"f4", "f8", "i8", "i4"} {
		for rank, shape := range fixtureShapes {
			file := filepath.Join("testdata", "good", kind+"-"+rank+".npy")
			a, err := ReadNpy(file)
			require.NoError(t, err, file)
			require.Equal(t, shape, a.Shape, file)
			require.Equal(t, ramp(t, kind, shape), data(a), file)
			sameBytes(t, file, shape, data(a))
		}
	}
}

// Integers that have no field of their own are widened without loss.
func TestNpyWidensIntegers(t *testing.T) {
	for kind, want := range map[string][]int64{
		"i1": {math.MinInt8, 3, math.MaxInt8}, "u1": {0, 3, math.MaxUint8}, "i2": {math.MinInt16, 3, math.MaxInt16},
		"u2": {0, 3, math.MaxUint16}, "u4": {0, 3, math.MaxUint32}, "u8": {0, 3, math.MaxInt64},
	} {
		a, err := ReadNpy(filepath.Join("testdata", "good", "wide-"+kind+".npy"))
		require.NoError(t, err, kind)
		require.Equal(t, &Array{Shape: []int{3}, Int64: want}, a, kind)
	}
}

func sameBytes(t *testing.T, file string, shape []int, values any) {
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "a.npy")
	require.NoError(t, WriteNpy(path, shape, values))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, got, file)
}

func TestNpyLimits(t *testing.T) {
	file := filepath.Join("testdata", "good", "limits.npy")
	a, err := ReadNpy(file)
	require.NoError(t, err)
	want := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat64, math.MaxFloat64}
	require.Len(t, a.Float64, len(want))
	for i, v := range a.Float64 {
		require.Equal(t, math.IsNaN(want[i]), math.IsNaN(v))
		if !math.IsNaN(v) {
			require.Equal(t, math.Float64bits(want[i]), math.Float64bits(v))
		}
	}
}

var fixtureNames = []string{"a", "FT", "LP-FT", "F(x), φ", "", "naïve 😀"}

func TestNpyStrings(t *testing.T) {
	file := filepath.Join("testdata", "good", "strings.npy")
	a, err := ReadNpy(file)
	require.NoError(t, err)
	require.Equal(t, []int{3, 2}, a.Shape)
	require.Equal(t, fixtureNames, a.Strings)
	sameBytes(t, file, a.Shape, a.Strings)
	for _, bad := range []string{"a\x00", "\xff"} {
		require.ErrorContains(t, WriteNpy(filepath.Join(t.TempDir(), "a.npy"), []int{1}, []string{bad}), "is not UTF-8 or ends in a zero byte")
	}
}

func TestNpzIsNumpys(t *testing.T) {
	want := map[string]*Array{
		"gram":     {Shape: []int{2, 3}, Float64: ramp(t, "f8", []int{2, 3}).([]float64)},
		"features": {Shape: []int{3, 4}, Float32: ramp(t, "f4", []int{3, 4}).([]float32)},
		"labels":   {Shape: []int{5}, Int64: ramp(t, "i8", []int{5}).([]int64)},
		"names":    {Shape: []int{3, 2}, Strings: fixtureNames},
	}
	var ours []NamedArray
	for _, name := range []string{"gram", "features", "labels", "names"} {
		ours = append(ours, NamedArray{name, want[name].Shape, data(want[name])})
	}
	path := filepath.Join(t.TempDir(), "a.npz")
	require.NoError(t, WriteNpz(path, ours))
	for _, file := range []string{"testdata/good/plain.npz", "testdata/good/compressed.npz", path} {
		got, err := ReadNpz(file)
		require.NoError(t, err, file)
		require.Equal(t, want, got, file)
	}
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, WriteNpz(path, ours))
	second, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, first, second, "the same arrays must give the same bytes")
}

func TestNpzRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npz")
	for _, names := range [][]string{{""}, {"a/b"}, {"a", "a"}} {
		var arrays []NamedArray
		for _, name := range names {
			arrays = append(arrays, NamedArray{name, nil, []int64{1}})
		}
		require.ErrorContains(t, WriteNpz(path, arrays), "array name")
		require.NoFileExists(t, path)
	}
	whole, err := os.ReadFile("testdata/good/plain.npz")
	require.NoError(t, err)
	for _, cut := range []int{0, 10, len(whole) / 2, len(whole) - 1} {
		_, err := decodeNpz(whole[:cut])
		require.Error(t, err, "cut at %d", cut)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/3] ^= 1
	_, err = decodeNpz(flipped)
	require.Error(t, err, "one bit flipped")
}

func TestNpyRefusesOtherTypes(t *testing.T) {
	for file, word := range map[string]string{
		"fortran": "Fortran order", "big-endian": ">f4", "bool": "|b1", "complex": "<c16", "bytes": "|S2", "record": "plain type",
		"beyond-int64": "element 1 is 9223372036854775808", "pickled": "Python objects (pickled)",
	} {
		_, err := ReadNpy(filepath.Join("testdata", "bad", file+".npy"))
		require.ErrorContains(t, err, word)
		require.ErrorContains(t, err, file+".npy")
	}
}

// npyFile is an .npy file with any header.
func npyFile(dict string, body []byte) []byte {
	out := append([]byte(npyMagic), 1, 0)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(dict)))
	return append(append(out, dict...), body...)
}

func TestNpyRefusesBadHeaders(t *testing.T) {
	dict := func(descr, order, shape string) string {
		return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr, order, shape)
	}
	whole := npyFile(dict("<f4", "False", "(2,)"), make([]byte, 8))
	_, err := decodeNpy(whole)
	require.NoError(t, err)
	for i := range whole {
		_, err := decodeNpy(whole[:i])
		require.Error(t, err, "cut at byte %d", i)
	}
	for name, file := range map[string][]byte{
		"too long":          append(bytes.Clone(whole), 0),
		"terabytes":         npyFile(dict("<f8", "False", "(1000000, 1000000)"), nil),
		"product overflows": npyFile(dict("<f8", "False", "(1099511627776, 1099511627776)"), nil),
		"wraps to zero":     npyFile(dict("<f4", "False", "(4294967296, 4294967296)"), nil),
		"beyond int":        npyFile(dict("<f4", "False", "(99999999999999999999,)"), nil),
		"negative":          npyFile(dict("<f4", "False", "(-2,)"), make([]byte, 8)),
		"many dimensions":   npyFile(dict("<f4", "False", "("+string(bytes.Repeat([]byte("1,"), 33))+")"), make([]byte, 4)),
		"empty strings":     npyFile(dict("<U0", "False", "(1099511627776,)"), nil),
		"no shape":          npyFile("{'descr': '<f4', 'fortran_order': False, }", nil),
		"code after":        npyFile(dict("<f4", "False", "(2,)")+"; import os", make([]byte, 8)),
		"not a code point":  npyFile(dict("<U1", "False", "(1,)"), []byte{0, 0, 0x11, 0}),
		"version 9":         append([]byte(npyMagic), 9, 0, 0, 0),
	} {
		_, err := decodeNpy(file)
		require.Error(t, err, name)
	}
}

// Headers of any writer are read where numpy reads them, and give the same shape.
func TestNpyHeadersAreNumpys(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "headers.json"))
	require.NoError(t, err)
	var cases [][2]any
	require.NoError(t, json.Unmarshal(raw, &cases))
	body := binary.LittleEndian.AppendUint64(nil, 1<<32) // 0 to 5 as int32
	body = binary.LittleEndian.AppendUint64(body, 3<<32|2)
	body = binary.LittleEndian.AppendUint64(body, 5<<32|4)
	for _, c := range cases {
		header, shape := c[0].(string), c[1]
		a, err := decodeNpy(npyFile(header, body))
		if shape == nil {
			require.Error(t, err, header)
			require.NotContains(t, err.Error(), "\n")
			continue
		}
		require.NoError(t, err, header)
		require.Equal(t, fmt.Sprint(shape), fmt.Sprint(a.Shape), header)
		require.Equal(t, []int32{0, 1, 2, 3, 4, 5}, a.Int32, header)
	}
}

func TestNpyVersions(t *testing.T) {
	dict := "{'shape': (2,),'fortran_order': True, 'descr': '<i4'}"
	for _, major := range []byte{2, 3} {
		file := append([]byte(npyMagic), major, 0)
		file = binary.LittleEndian.AppendUint32(file, uint32(len(dict)))
		file = append(append(file, dict...), 1, 0, 0, 0, 255, 255, 255, 255)
		a, err := decodeNpy(file)
		require.NoError(t, err)
		require.Equal(t, &Array{Shape: []int{2}, Int32: []int32{1, -1}}, a)
	}
}

func TestWriteNpyRefusesWrongShape(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	require.ErrorContains(t, WriteNpy(path, []int{2, 3}, make([]float32, 5)), "needs 6 elements, got 5")
	require.ErrorContains(t, WriteNpy(path, []int{-1}, []float32{}), "out of range")
	require.ErrorContains(t, WriteNpy(path, []int{1}, []uint8{1}), "[]uint8 cannot be written")
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Empty(t, left, "a failed write must leave nothing")
}

// FuzzReadNpy: any bytes give an array that is written back to the same values, or an error.
func FuzzReadNpy(f *testing.F) {
	for _, pattern := range []string{"good/*.npy", "bad/*.npy"} {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		require.NoError(f, err)
		for _, file := range files {
			seed, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(seed)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := decodeNpy(file)
		if err != nil {
			return
		}
		var out bytes.Buffer
		require.NoError(t, encodeNpy(&out, a.Shape, data(a)))
		again, err := decodeNpy(out.Bytes())
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(a), fmt.Sprint(again)) // as text: NaN is not equal to itself
	})
}

func FuzzReadNpz(f *testing.F) {
	for _, file := range []string{"plain.npz", "compressed.npz"} {
		seed, err := os.ReadFile(filepath.Join("testdata", "good", file))
		require.NoError(f, err)
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		arrays, err := decodeNpz(file)
		require.True(t, (err == nil) == (arrays != nil))
	})
}

func BenchmarkNpy(b *testing.B) {
	path := filepath.Join(b.TempDir(), "a.npy")
	values := make([]float32, 4<<20)
	b.Run("write", func(b *testing.B) {
		b.SetBytes(int64(4 * len(values)))
		for b.Loop() {
			require.NoError(b, WriteNpy(path, []int{len(values)}, values))
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(4 * len(values)))
		for b.Loop() {
			_, err := ReadNpy(path)
			require.NoError(b, err)
		}
	})
}
