package encoder

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every half-precision number has the value of its definition:
// (−1)^s · 2^(e−bias) · (1 + f/2^bits), or f·2^(1−bias−bits) where e is 0.
func TestHalvesHaveTheirDefinition(t *testing.T) {
	for _, format := range []struct {
		dtype    string
		exponent int // bits
		fraction int
	}{{"F16", 5, 10}, {"BF16", 8, 7}} {
		bias := 1<<(format.exponent-1) - 1
		for bits := range 1 << 16 {
			var got [1]float32
			widen(got[:], binary.LittleEndian.AppendUint16(nil, uint16(bits)), format.dtype)
			e := bits >> format.fraction & (1<<format.exponent - 1)
			f := float64(bits&(1<<format.fraction-1)) / float64(int(1)<<format.fraction)
			sign := 1 - 2*float64(bits>>15)
			var want float64
			switch {
			case e == 1<<format.exponent-1 && f != 0:
				require.True(t, math.IsNaN(float64(got[0])), "%s %04x", format.dtype, bits)
				continue
			case e == 1<<format.exponent-1:
				want = math.Inf(int(sign))
			case e == 0:
				want = math.Copysign(math.Ldexp(f, 1-bias), sign)
			default:
				want = math.Copysign(math.Ldexp(1+f, e-bias), sign)
			}
			if math.Float64bits(want) != math.Float64bits(float64(got[0])) {
				t.Fatalf("%s %04x: got %v, want %v", format.dtype, bits, got[0], want)
			}
		}
	}
}

// Tensors larger than the reading buffer, and float64 ones, are read whole.
func TestLongTensors(t *testing.T) {
	const n = 100_003
	var raw64 []byte
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(i) * 0.5
		raw64 = binary.LittleEndian.AppendUint64(raw64, math.Float64bits(float64(i)*0.5))
	}
	path := filepath.Join(tempDir(t), "x.safetensors")
	require.NoError(t, os.WriteFile(path, rawFile([]oddTensor{{"a", "F32", []int{n}, f32(values...)}, {"b", "F64", []int{n, 1}, raw64}}, nil), 0o644))
	got, err := ReadSafetensors(path)
	require.NoError(t, err)
	require.Equal(t, map[string][]float32{"a": values, "b": values}, got)
}

// A file that is not what it says is an error before anything is read from it.
func TestBrokenFiles(t *testing.T) {
	two := []oddTensor{{"a", "F32", []int{2}, f32(1, 2)}, {"b", "F32", []int{1, 1}, f32(3)}}
	whole := rawFile(two, nil)
	replace := func(from, to string) []byte {
		return rawFile(two, func(h string) string { return strings.Replace(h, from, to, 1) })
	}
	header := func(text string) []byte {
		return append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":                {nil, "truncated"},
		"7 bytes":              {whole[:7], "truncated"},
		"no header":            {whole[:8], "truncated"},
		"half a header":        {whole[:40], "truncated"},
		"one byte short":       {whole[:len(whole)-1], "truncated"},
		"one byte more":        {append(whole[:len(whole):len(whole)], 0), "1 bytes follow"},
		"header of 2^63":       {append([]byte{0, 0, 0, 0, 0, 0, 0, 0x80}, whole[8:]...), "header claims"},
		"header of 2^64-1":     {append([]byte{255, 255, 255, 255, 255, 255, 255, 255}, whole[8:]...), "header claims"},
		"outside the file":     {replace("[8,12]", "[9,13]"), "outside the file"},
		"overlap":              {replace("[8,12]", "[4,8]"), "overlap"},
		"a hole":               {replace("[0,8]", "[0,4]"), "needs 8 bytes"},
		"backwards":            {replace("[8,12]", "[12,8]"), "impossible data_offsets"},
		"negative offset":      {replace("[0,8]", "[-8,0]"), "impossible data_offsets"},
		"three offsets":        {replace("[0,8]", "[0,8,9]"), "impossible data_offsets"},
		"no offsets":           {replace(`"data_offsets"`, `"offsets"`), "impossible data_offsets"},
		"negative shape":       {replace("[2]", "[-2]"), "impossible shape"},
		"shape that overflows": {replace("[2]", "[4611686018427387904,4]"), "impossible shape"},
		"fraction of a shape":  {replace("[2]", "[2.5]"), "malformed"},
		"a name twice":         {replace(`"b"`, `"a"`), `"a" occurs twice`},
		"a key twice":          {replace(`"shape":[2]`, `"shape":[9],"shape":[2]`), `"shape" occurs twice`},
		"escaped name twice":   {replace(`"b"`, `"\u0061"`), `"a" occurs twice`},
		"not JSON":             {header("{a}"), "header"},
		"an array":             {header("[]"), "expected a JSON object"},
		"JSON and more":        {header("{} {}"), "follows the JSON"},
		"data without tensors": {append(header("{}"), 1, 2), "2 bytes follow"},
		"gap before the first": {append(header(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`), 1, 2), `1 data bytes before tensor "a"`},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(tempDir(t), "x.safetensors")
			require.NoError(t, os.WriteFile(path, c.file, 0o644))
			_, err := ReadSafetensors(path)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, path)
		})
	}
	_, err := ReadSafetensors(tempDir(t))
	require.ErrorContains(t, err, "not a regular file")
}

// Whatever the bytes, the reader returns, without panic, and its memory stays in proportion
// to the file: a header cannot make it allocate what the file does not hold.
func FuzzReadSafetensors(f *testing.F) {
	f.Add(rawFile([]oddTensor{{"a", "F32", []int{2}, f32(1, 2)}, {"b", "F16", []int{1, 3}, make([]byte, 6)}}, nil))
	f.Add(rawFile([]oddTensor{{"a", "I64", []int{0, 1 << 40}, nil}, {"c", "BF16", nil, make([]byte, 2)}}, nil))
	f.Add(rawFile([]oddTensor{{"__metadata__", "F32", []int{1 << 62, 4}, nil}}, nil))
	f.Add([]byte("\xff\xff\xff\x05\x00\x00\x00\x00{"))
	path := filepath.Join(f.TempDir(), "x.safetensors")
	f.Fuzz(func(t *testing.T, file []byte) {
		require.NoError(t, os.WriteFile(path, file, 0o644))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		values, err := ReadSafetensors(path)
		runtime.ReadMemStats(&after)
		require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20+200*len(file)))
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		numbers := 0
		for _, data := range values {
			numbers += len(data)
		}
		require.LessOrEqual(t, 2*numbers, len(file))
	})
}
