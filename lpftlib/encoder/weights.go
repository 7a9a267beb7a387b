package encoder

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Weights are an encoder's parameters on the host, float32, under the names of [Config.Specs].
type Weights struct {
	Config  *Config
	Tensors map[string][]float32
	Notes   []string // what was converted while loading, for the provenance
}

// quiet are parts that many checkpoints hold beside the encoder and that need no note: heads
// of pre-training, a classifier, the pooler (not used, docs/protocol.md, Model).
var quiet = []string{"pooler.", "lm_head.", "cls.", "classifier."}

// buffers are integers of old versions.
var buffers = []string{"embeddings.position_ids", "embeddings.token_type_ids"}

// wrappers are prefixes that training code and sentence-transformers put before a model,
// prefixes those of the model itself.
var (
	wrappers = []string{"module.", "model.", "0.auto_model.", "auto_model."}
	prefixes = []string{"roberta.", "bert.", "electra."}
)

// LoadWeights reads dir/model.safetensors, or the shards of
// dir/model.safetensors.index.json, into the encoder's tensors.
//
// The map is strict: with or without prefixes ("bert.", "module.", …), and with the old
// names LayerNorm.gamma and .beta, every tensor of cfg must be there in its shape, and a
// further tensor of the embeddings or the layers is an error. What stands outside of both
// (heads of tasks) does not change the features and is left out, which Notes say. Half precision is widened exactly and said in Notes; NaN and infinity are errors.
func LoadWeights(dir string, cfg *Config) (*Weights, error) {
	cp, err := openCheckpoint(dir)
	if err != nil {
		return nil, err
	}
	defer cp.Close()
	found, heads, err := cp.match(cfg)
	if err != nil {
		return nil, err
	}
	w := &Weights{Config: cfg, Tensors: make(map[string][]float32, len(found))}
	if len(heads) > 0 {
		w.Notes = append(w.Notes, fmt.Sprintf("%s: %s left out: not part of the encoder", cp.path, strings.Join(heads, ", ")))
	}
	converted := map[string]int{}
	for _, spec := range cfg.Specs() {
		name := found[spec.Name]
		if w.Tensors[spec.Name], err = cp.read(name); err != nil {
			return nil, err
		}
		if dtype := cp.entry(name).DType; dtype != "F32" {
			converted[dtype]++
		}
	}
	for dtype, n := range converted {
		w.Notes = append(w.Notes, fmt.Sprintf("%s: %d tensors converted from %s to float32", cp.path, n, dtype))
	}
	slices.Sort(w.Notes)
	return w, nil
}

func notFinite(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }

// match maps the encoder's names to the file's, checks shapes, and lists the heads.
func (cp *checkpoint) match(cfg *Config) (found map[string]string, heads []string, err error) {
	want := map[string][]int{}
	for _, spec := range cfg.Specs() {
		want[spec.Name] = spec.Shape
	}
	found = map[string]string{}
	for _, name := range cp.names() {
		canonical := canonicalName(name)
		shape, needed := want[canonical]
		switch {
		case needed && found[canonical] != "":
			return nil, nil, fmt.Errorf("%s: tensors %q and %q are both %q", cp.path, found[canonical], name, canonical)
		case needed && !slices.Equal(shape, cp.entry(name).Shape):
			return nil, nil, fmt.Errorf("%s: tensor %q has shape %v: config.json asks for %v%s", cp.path, name, cp.entry(name).Shape, shape, cfg.absentNote())
		case needed:
			found[canonical] = name
		case isHead(canonical):
			heads = append(heads, canonical[:strings.Index(canonical+".", ".")])
		case !slices.Contains(buffers, canonical):
			return nil, nil, fmt.Errorf("%s: unknown tensor %q: not part of a %s encoder with %d layers%s", cp.path, name, cfg.Family, cfg.Layers, cfg.absentNote())
		}
	}
	for _, spec := range cfg.Specs() {
		if found[spec.Name] == "" {
			return nil, nil, fmt.Errorf("%s: tensor %q of shape %v is missing%s%s", cp.path, spec.Name, spec.Shape, cfg.absentNote(), cp.strange(found))
		}
	}
	slices.Sort(heads)
	heads = slices.DeleteFunc(slices.Compact(heads), func(head string) bool { return slices.Contains(quiet, head+".") })
	return found, heads, nil
}

// strange gives an example of the file's names where none is an encoder's.
func (cp *checkpoint) strange(found map[string]string) string {
	if names := cp.names(); len(found) == 0 && len(names) > 0 {
		return fmt.Sprintf("; the file's %d tensors have other names, such as %q", len(names), names[0])
	}
	return ""
}

// canonicalName strips a checkpoint's prefixes and translates gamma and beta.
func canonicalName(name string) string {
	for found := true; found; {
		name, found = cutAny(name, wrappers)
	}
	name, _ = cutAny(name, prefixes)
	if rest, ok := strings.CutSuffix(name, "LayerNorm.gamma"); ok {
		return rest + "LayerNorm.weight"
	}
	if rest, ok := strings.CutSuffix(name, "LayerNorm.beta"); ok {
		return rest + "LayerNorm.bias"
	}
	return name
}

// cutAny cuts one of the prefixes off.
func cutAny(name string, prefixes []string) (string, bool) {
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return rest, true
		}
	}
	return name, false
}

// isHead tells that a tensor belongs neither to the embeddings nor to the layers.
func isHead(canonical string) bool {
	return !strings.HasPrefix(canonical, "embeddings.") && !strings.HasPrefix(canonical, "encoder.")
}

// RandomWeights draws an untrained encoder as Hugging Face initialises one: dense and
// embedding weights N(0, InitRange²), biases 0, LayerNorm gains 1, the pad row 0.
func RandomWeights(cfg *Config, seed uint64) *Weights {
	rng := rand.New(rand.NewPCG(seed, 0x6c706674))
	w := &Weights{Config: cfg, Tensors: map[string][]float32{}}
	for _, spec := range cfg.Specs() {
		data := make([]float32, product(spec.Shape))
		switch {
		case strings.HasSuffix(spec.Name, "LayerNorm.weight"):
			for i := range data {
				data[i] = 1
			}
		case len(spec.Shape) == 2:
			for i := range data {
				data[i] = float32(rng.NormFloat64() * cfg.InitRange)
			}
		}
		w.Tensors[spec.Name] = data
	}
	clear(w.Tensors[WordEmbeddings][cfg.PadID*cfg.Hidden : (cfg.PadID+1)*cfg.Hidden])
	return w
}

// Clone copies the weights.
func (w *Weights) Clone() *Weights {
	c := &Weights{Config: w.Config, Tensors: make(map[string][]float32, len(w.Tensors)), Notes: slices.Clone(w.Notes)}
	for name, data := range w.Tensors {
		c.Tensors[name] = slices.Clone(data)
	}
	return c
}

// Digest is the sha256 of configuration and numbers, the model's part of artefact keys.
func (w *Weights) Digest() (string, error) {
	hash := sha256.New()
	if err := json.NewEncoder(hash).Encode(w.Config); err != nil {
		return "", err
	}
	buf := make([]byte, 0, 1<<16)
	for _, spec := range w.Config.Specs() {
		for _, v := range w.Tensors[spec.Name] {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
			if len(buf) == cap(buf) {
				hash.Write(buf)
				buf = buf[:0]
			}
		}
	}
	hash.Write(buf)
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// named lists the tensors in the forward pass's order for writing.
func (w *Weights) named() []NamedTensor {
	var out []NamedTensor
	for _, spec := range w.Config.Specs() {
		out = append(out, NamedTensor{Name: spec.Name, Shape: spec.Shape, Data: w.Tensors[spec.Name]})
	}
	return out
}

// Save writes dir/model.safetensors and dir/config.json so that Python's
// AutoModel.from_pretrained(dir) loads them.
func (w *Weights) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s: cannot be made: %v", dir, err)
	}
	if err := WriteSafetensors(filepath.Join(dir, weightsFile), w.named()); err != nil {
		return err
	}
	class := map[Family]string{BERT: "BertModel", RoBERTa: "RobertaModel"}[w.Config.Family]
	return w.Config.write(dir, class, nil)
}

// write writes config.json with the fields Hugging Face needs for a class, and more.
func (c *Config) write(dir, class string, more map[string]any) error {
	all := map[string]any{"architectures": []string{class}, "hidden_act": "gelu", "position_embedding_type": "absolute"}
	raw, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil {
		return err
	}
	maps.Copy(all, more)
	return writeJSON(filepath.Join(dir, "config.json"), all)
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
