package encoder

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tempDir is t.TempDir without the test's name in it: an error that names the file must not
// match what a test expects because of how the test is called.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lpft-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// oddTensor is a tensor of any dtype for files that WriteSafetensors would not write.
type oddTensor struct {
	name, dtype string
	shape       []int
	raw         []byte
}

func f32(values ...float32) []byte {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return raw
}

// rawFile is a safetensors file of odd tensors; change may spoil the header before it is written.
func rawFile(tensors []oddTensor, change func(header string) string) []byte {
	header := map[string]any{}
	var data []byte
	for _, o := range tensors {
		header[o.name] = map[string]any{"dtype": o.dtype, "shape": o.shape, "data_offsets": []int{len(data), len(data) + len(o.raw)}}
		data = append(data, o.raw...)
	}
	encoded, _ := json.Marshal(header)
	text := string(encoded)
	if change != nil {
		text = change(text)
	}
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), []byte(text), data)
}

// tensorsOf are the tensors of a small model as a checkpoint stores them.
func tensorsOf(t *testing.T, name string) (*Config, []oddTensor) {
	t.Helper()
	w := load(t, filepath.Join("testdata", name))
	var out []oddTensor
	for _, nt := range w.named() {
		out = append(out, oddTensor{nt.Name, "F32", nt.Shape, f32(nt.Data...)})
	}
	return w.Config, out
}

func writeModel(t *testing.T, tensors []oddTensor) string {
	t.Helper()
	dir := tempDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, weightsFile), rawFile(tensors, nil), 0o644))
	return dir
}

// renamed renames every tensor.
func renamed(tensors []oddTensor, name func(string) string) []oddTensor {
	out := slices.Clone(tensors)
	for i := range out {
		out[i].name = name(out[i].name)
	}
	return out
}

// Every spelling of the names that published checkpoints use gives the same weights.
func TestNamesOfPublishedCheckpoints(t *testing.T) {
	old := strings.NewReplacer("LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta")
	beside := []oddTensor{
		{"pooler.dense.weight", "F32", []int{1, 1}, f32(1)}, {"lm_head.bias", "F32", []int{1}, f32(1)},
		{"cls.predictions.bias", "F32", []int{1}, f32(1)}, {"cls.seq_relationship.weight", "F32", []int{1}, f32(1)},
		{"classifier.dense.weight", "F32", []int{1}, f32(1)}, {"classifier.out_proj.bias", "F32", []int{1}, f32(1)},
		{"embeddings.position_ids", "I64", []int{1, 1}, make([]byte, 8)}, {"embeddings.token_type_ids", "I64", []int{1, 1}, make([]byte, 8)},
	}
	for _, model := range []string{"bert-2", "roberta-2"} {
		cfg, tensors := tensorsOf(t, model)
		want := load(t, filepath.Join("testdata", model)).Tensors
		for name, changed := range map[string][]oddTensor{
			"no prefix":     tensors,
			"bert.":         renamed(tensors, func(n string) string { return "bert." + n }),
			"roberta.":      renamed(tensors, func(n string) string { return "roberta." + n }),
			"gamma, beta":   renamed(tensors, old.Replace),
			"other tensors": append(slices.Clone(tensors), beside...),
			"other tensors with a prefix": append(slices.Clone(tensors), oddTensor{"bert.pooler.dense.bias", "F32", []int{1}, f32(1)},
				oddTensor{"roberta.embeddings.position_ids", "I64", []int{1}, make([]byte, 8)}),
		} {
			t.Run(model+"/"+name, func(t *testing.T) {
				w, err := LoadWeights(writeModel(t, changed), cfg)
				require.NoError(t, err)
				require.Equal(t, want, w.Tensors)
				require.Empty(t, w.Notes)
			})
		}
	}
}

// Every way in which a checkpoint does not fit config.json is an error that names the tensor.
func TestLoaderErrors(t *testing.T) {
	cfg, tensors := tensorsOf(t, "bert-2")
	at := func(name string) int {
		return slices.IndexFunc(tensors, func(o oddTensor) bool { return o.name == name })
	}
	query := Layer(0, "attention.self.query.weight")
	replaced := func(name string, change func(*oddTensor)) []oddTensor {
		out := slices.Clone(tensors)
		change(&out[at(name)])
		return out
	}
	missing := func(name string) []oddTensor {
		return slices.Delete(slices.Clone(tensors), at(name), at(name)+1)
	}
	twice := tensors[at(query)]
	twice.name = "bert." + query
	for name, c := range map[string]struct {
		tensors []oddTensor
		want    []string
	}{
		"missing":         {missing(query), []string{query, "[24 24]", "missing"}},
		"missing norm":    {missing("embeddings.LayerNorm.bias"), []string{"embeddings.LayerNorm.bias", "missing"}},
		"extra":           {append(slices.Clone(tensors), oddTensor{"encoder.layer.2.output.dense.bias", "F32", []int{24}, make([]byte, 96)}), []string{"encoder.layer.2.output.dense.bias", "2 layers"}},
		"two prefixes":    {renamed(tensors, func(n string) string { return "roberta.bert." + n }), []string{"missing", "such as \"roberta.bert."}},
		"both spellings":  {append(slices.Clone(tensors), twice), []string{query, "bert." + query}},
		"transposed":      {replaced(Layer(0, "intermediate.dense.weight"), func(o *oddTensor) { o.shape = []int{24, 40} }), []string{"intermediate.dense.weight", "[24 40]", "[40 24]"}},
		"one row less":    {replaced(WordEmbeddings, func(o *oddTensor) { o.shape, o.raw = []int{59, 24}, o.raw[:59*24*4] }), []string{WordEmbeddings, "[59 24]", "[60 24]"}},
		"NaN":             {replaced(query, func(o *oddTensor) { o.raw = append(f32(0, float32(math.NaN())), o.raw[8:]...) }), []string{query, "NaN", "element 1"}},
		"infinity":        {replaced(query, func(o *oddTensor) { o.raw = append(f32(float32(math.Inf(-1))), o.raw[4:]...) }), []string{query, "-Inf", "element 0"}},
		"integers":        {replaced(query, func(o *oddTensor) { o.dtype = "I32" }), []string{query, "I32", "floating-point"}},
		"no such dtype":   {replaced(query, func(o *oddTensor) { o.dtype = "F8_E4M3" }), []string{query, "F8_E4M3"}},
		"shape, no bytes": {replaced(query, func(o *oddTensor) { o.raw = nil }), []string{query, "needs 2304 bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadWeights(writeModel(t, c.tensors), cfg)
			require.Error(t, err)
			for _, want := range append(c.want, weightsFile) {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// Half precision is widened and noted.
func TestHalfPrecisionCheckpoint(t *testing.T) {
	cfg, tensors := tensorsOf(t, "roberta-2")
	for dtype, relative := range map[string]float64{"BF16": 1.0 / 128, "F16": 1.0 / 1024} {
		t.Run(dtype, func(t *testing.T) {
			want := load(t, filepath.Join("testdata", "roberta-2"))
			half := slices.Clone(tensors)
			for i, o := range half {
				half[i].dtype, half[i].raw = dtype, narrow(want.Tensors[o.name], dtype)
			}
			w, err := LoadWeights(writeModel(t, half), cfg)
			require.NoError(t, err)
			require.Len(t, w.Notes, 1)
			require.Contains(t, w.Notes[0], "converted from "+dtype)
			for name, data := range want.Tensors {
				for i, v := range data {
					require.InDelta(t, v, w.Tensors[name][i], relative*math.Abs(float64(v))+1e-4, name)
				}
			}
		})
	}
}

// narrow cuts float32 numbers to half precision, towards zero; small ones become 0.
func narrow(data []float32, dtype string) []byte {
	var raw []byte
	for _, v := range data {
		bits := math.Float32bits(v)
		half := uint16(bits >> 16)
		if dtype == "F16" {
			exponent := int(bits>>23&0xff) - 127 + 15
			half = uint16(bits >> 16 & 0x8000)
			if exponent > 0 {
				half |= uint16(exponent<<10) | uint16(bits>>13&0x3ff)
			}
		}
		raw = binary.LittleEndian.AppendUint16(raw, half)
	}
	return raw
}

// A checkpoint in shards is the same model; index and files must agree.
func TestShards(t *testing.T) {
	cfg, tensors := tensorsOf(t, "bert-2")
	const one, two = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
	write := func(t *testing.T, change func(index map[string]string)) string {
		dir := tempDir(t)
		index := map[string]string{}
		for file, part := range map[string][]oddTensor{one: tensors[:10], two: tensors[10:]} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, file), rawFile(part, nil), 0o644))
			for _, o := range part {
				index[o.name] = file
			}
		}
		change(index)
		raw, err := json.Marshal(map[string]any{"metadata": map[string]any{"total_size": 1}, "weight_map": index})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, indexFile), raw, 0o644))
		return dir
	}
	w, err := LoadWeights(write(t, func(map[string]string) {}), cfg)
	require.NoError(t, err)
	require.Equal(t, load(t, filepath.Join("testdata", "bert-2")).Tensors, w.Tensors)

	for name, c := range map[string]struct {
		change func(map[string]string)
		want   string
	}{
		"a shard is not there":  {func(m map[string]string) { m["x"] = "model-3.safetensors" }, "model-3.safetensors"},
		"not in its shard":      {func(m map[string]string) { m["x"] = one }, `"x" is not in ` + one},
		"not in the index":      {func(m map[string]string) { delete(m, WordEmbeddings) }, WordEmbeddings},
		"listed in the wrong":   {func(m map[string]string) { m[WordEmbeddings] = two }, WordEmbeddings},
		"outside of the folder": {func(m map[string]string) { m["x"] = "../" + one }, "same folder"},
		"the folder above":      {func(m map[string]string) { m["x"] = ".." }, "same folder"},
		"empty index":           {func(m map[string]string) { clear(m) }, "weight_map"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadWeights(write(t, c.change), cfg)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// What lpft does not read is said, with the way out.
func TestOtherFormats(t *testing.T) {
	cfg := load(t, filepath.Join("testdata", "bert-2")).Config
	dir := tempDir(t)
	_, err := LoadWeights(dir, cfg)
	require.ErrorContains(t, err, "model.safetensors: not found")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pytorch_model.bin"), []byte("PK"), 0o644))
	_, err = LoadWeights(dir, cfg)
	require.ErrorContains(t, err, "pytorch_model.bin: not supported")
	require.ErrorContains(t, err, "save_pretrained")
}

// A saved folder is read back bit for bit, configuration included, and the numbers are those
// that were saved.
func TestSaveRoundTrip(t *testing.T) {
	for _, name := range small {
		w := load(t, filepath.Join("testdata", name))
		w.Tensors[WordEmbeddings][7] = float32(math.Copysign(0, -1))
		dir := filepath.Join(tempDir(t), "made", "here")
		require.NoError(t, w.Save(dir))
		back := load(t, dir)
		require.Equal(t, w.Config, back.Config)
		for key, data := range w.Tensors {
			require.Equal(t, f32(data...), f32(back.Tensors[key]...), key)
		}
		before, err := w.Digest()
		require.NoError(t, err)
		after, err := back.Digest()
		require.NoError(t, err)
		require.Equal(t, before, after)
	}
}

// Prefixes of training code and heads of tasks leave the features as they are.
func TestWrappedCheckpoints(t *testing.T) {
	cfg, tensors := tensorsOf(t, "bert-2")
	want := load(t, filepath.Join("testdata", "bert-2"))
	for _, prefix := range []string{"module.bert.", "model.", "0.auto_model.", "module.model.", "electra."} {
		odd := append(renamed(tensors, func(n string) string { return prefix + n }),
			oddTensor{"qa_outputs.weight", "F32", []int{2}, f32(1, 2)}, oddTensor{"crf.transitions", "F32", []int{1}, f32(3)},
			oddTensor{"module.regressor.bias", "F32", []int{1}, f32(4)}, oddTensor{"cls.bias", "F32", []int{1}, f32(5)})
		dir := tempDir(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, weightsFile), rawFile(odd, nil), 0o644))
		w, err := LoadWeights(dir, cfg)
		require.NoError(t, err, prefix)
		require.Equal(t, want.Tensors, w.Tensors)
		require.Equal(t, []string{filepath.Join(dir, weightsFile) + ": crf, qa_outputs, regressor left out: not part of the encoder"}, w.Notes)
	}
}

func TestGitLFSPointer(t *testing.T) {
	cfg, _ := tensorsOf(t, "bert-2")
	dir := tempDir(t)
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, weightsFile), []byte(pointer), 0o644))
	_, err := LoadWeights(dir, cfg)
	require.ErrorContains(t, err, weightsFile+": a git-lfs pointer")
}
