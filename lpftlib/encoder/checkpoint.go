package encoder

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"lpft/internal/plainfile"
)

// The files that hold a checkpoint's weights.
const (
	weightsFile = "model.safetensors"
	indexFile   = "model.safetensors.index.json" // of a checkpoint in several files (shards)
)

// checkpoint is a model's tensors in one file or in shards.
type checkpoint struct {
	path   string // the file, or the index of the shards; errors name it
	opened []*stFile
	files  map[string]*stFile // tensor → where it lies
}

// openCheckpoint opens dir/model.safetensors, or else the shards that
// dir/model.safetensors.index.json lists.
func openCheckpoint(dir string) (*checkpoint, error) {
	if path := filepath.Join(dir, weightsFile); exists(path) {
		cp := &checkpoint{path: path, files: map[string]*stFile{}}
		return cp, cp.openFile(path)
	}
	if path := filepath.Join(dir, indexFile); exists(path) {
		cp := &checkpoint{path: path, files: map[string]*stFile{}}
		if err := cp.openShards(dir); err != nil {
			cp.Close()
			return nil, err
		}
		return cp, nil
	}
	for _, name := range []string{"pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack"} {
		if exists(filepath.Join(dir, name)) {
			return nil, fmt.Errorf("%s: not supported; lpft reads model.safetensors (or its shards): write it in Python with AutoModel.from_pretrained(%q).save_pretrained(%q)", filepath.Join(dir, name), dir, dir)
		}
	}
	return nil, fmt.Errorf("%s: not found; lpft reads weights from model.safetensors or from shards with %s", filepath.Join(dir, weightsFile), indexFile)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (cp *checkpoint) openFile(path string) error {
	st, err := openSafetensors(path)
	if err != nil {
		return err
	}
	cp.opened = append(cp.opened, st)
	for _, name := range st.names() {
		cp.files[name] = st
	}
	return nil
}

// openShards opens every file of the index; the index and the files must name the same tensors.
func (cp *checkpoint) openShards(dir string) error {
	data, err := plainfile.Read(cp.path, plainfile.Text)
	if err != nil {
		return err
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &index); err != nil || len(index.WeightMap) == 0 {
		return fmt.Errorf("%s: expected {\"weight_map\": {tensor: file}}; fetch the file again", cp.path)
	}
	shards := map[string]bool{}
	for tensor, file := range index.WeightMap {
		if file != filepath.Base(file) || !filepath.IsLocal(file) {
			return fmt.Errorf("%s: tensor %q lies in %q: expected a file of the same folder", cp.path, tensor, file)
		}
		shards[file] = true
	}
	for file := range shards {
		st, err := openSafetensors(filepath.Join(dir, file))
		if err != nil {
			return err
		}
		cp.opened = append(cp.opened, st)
		for _, name := range st.names() {
			if index.WeightMap[name] != file {
				return fmt.Errorf("%s: tensor %q of %s is listed in %q", cp.path, name, file, index.WeightMap[name])
			}
			cp.files[name] = st
		}
	}
	for tensor, file := range index.WeightMap {
		if cp.files[tensor] == nil {
			return fmt.Errorf("%s: tensor %q is not in %s", cp.path, tensor, file)
		}
	}
	return nil
}

// Close closes the files.
func (cp *checkpoint) Close() {
	for _, st := range cp.opened {
		st.Close()
	}
}

// names lists the tensors, sorted.
func (cp *checkpoint) names() []string {
	names := make([]string, 0, len(cp.files))
	for name := range cp.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (cp *checkpoint) entry(name string) entry { return cp.files[name].entries[name] }

// read reads a tensor as float32 and refuses NaN and infinity.
func (cp *checkpoint) read(name string) ([]float32, error) {
	st := cp.files[name]
	data, err := st.float32s(name)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(data, notFinite); i >= 0 {
		return nil, fmt.Errorf("%s: tensor %q holds %v at element %d: not a usable checkpoint", st.path, name, data[i], i)
	}
	return data, nil
}

// ReadTensors reads tensors of a model folder (model.safetensors, or shards with their index) as
// float32 with their shapes. rename gives each tensor of the file the name that it is wanted
// under, "" for those that are not. Two tensors under one name, NaN and infinity are errors.
func ReadTensors(dir string, rename func(name string) string) (map[string]NamedTensor, error) {
	cp, err := openCheckpoint(dir)
	if err != nil {
		return nil, err
	}
	defer cp.Close()
	out := map[string]NamedTensor{}
	for _, name := range cp.names() {
		wanted := rename(name)
		if wanted == "" {
			continue
		}
		if _, twice := out[wanted]; twice {
			return nil, fmt.Errorf("%s: tensor %q comes twice, once as %q", cp.path, wanted, name)
		}
		data, err := cp.read(name)
		if err != nil {
			return nil, err
		}
		out[wanted] = NamedTensor{Name: name, Shape: cp.entry(name).Shape, Data: data}
	}
	return out, nil
}
