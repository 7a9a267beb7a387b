package pretrained

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"lpft/internal/fetch"
	"lpft/internal/lfs"
	"lpft/lpftlib/store"
)

// fromPath takes the checkpoint in the folder that the user names.
func fromPath(name string) (*Checkpoint, error) {
	dir := name
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("model folder %s: %w", name, err)
		}
		dir = filepath.Join(home, rest)
	}
	c, err := take(dir, "folder", "")
	if err != nil {
		return nil, fmt.Errorf("model folder %s: %w; it must hold config.json, %s and the tokenizer's files", name, err, Weights)
	}
	c.Name = name
	return c, nil
}

// fromModelsDir takes the first sub-folder of dir that bears one of the model's names.
func fromModelsDir(m model, dir string) (*Checkpoint, error) {
	if dir == "" {
		return nil, errors.New("LPFT_MODELS names none")
	}
	for _, name := range m.folders {
		sub := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Stat(sub); err != nil {
			continue
		}
		return take(sub, "folder", m.digest)
	}
	return nil, fmt.Errorf("no %s in %s", strings.Join(m.folders, " or "), dir)
}

// take checks that dir holds a whole checkpoint with the wanted weights ("": any) and digests it.
func take(dir, source, want string) (*Checkpoint, error) {
	if err := complete(dir); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, Weights)
	if err := lfs.CheckFile(file); err != nil {
		return nil, err
	}
	got, err := digest(dir, file)
	if err != nil {
		return nil, err
	}
	if want != "" && got != want {
		return nil, &fetch.DigestError{File: file, Got: got, Want: want}
	}
	return &Checkpoint{Dir: dir, Source: source, Digest: got}, nil
}

// digest is that of the weights' one file, or of the digests of a checkpoint's shards in order.
func digest(dir, file string) (string, error) {
	if _, err := os.Stat(file); err == nil {
		return store.DigestFile(file)
	}
	shards, err := filepath.Glob(filepath.Join(dir, "*.safetensors"))
	if err != nil {
		return "", err
	}
	var digests []string
	for _, shard := range append(shards, filepath.Join(dir, index)) {
		one, err := store.DigestFile(shard)
		if err != nil {
			return "", err
		}
		digests = append(digests, one)
	}
	return store.DigestJSON(digests)
}

// complete says which file of a checkpoint dir lacks, nil when none.
func complete(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("no such folder")
	case err != nil:
		return err
	case !info.IsDir():
		return errors.New("not a folder")
	}
	has := func(name string) bool {
		info, err := os.Stat(filepath.Join(dir, name))
		return err == nil && info.Mode().IsRegular() && info.Size() > 0
	}
	if !has("config.json") {
		return fmt.Errorf("%s has no config.json", dir)
	}
	if !has(Weights) && !has(index) {
		return fmt.Errorf("%s has no %s", dir, Weights)
	}
	if !has("tokenizer.json") && !has("vocab.txt") && !(has("vocab.json") && has("merges.txt")) {
		hint := ""
		if has("sentencepiece.bpe.model") {
			hint = "; sentencepiece.bpe.model is there: load it with transformers and save_pretrained, which writes tokenizer.json"
		}
		return fmt.Errorf("%s has no tokenizer.json, vocab.txt, or vocab.json with merges.txt%s", dir, hint)
	}
	return nil
}
