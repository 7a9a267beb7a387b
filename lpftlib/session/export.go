package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// tokenizerFiles are what Python's AutoTokenizer reads, of which a checkpoint has some.
var tokenizerFiles = []string{"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt", "vocab.json", "merges.txt"}

// Export writes a run's model into a folder that is not there or empty, as Python loads it: the
// encoder with its linear head as transformers' AutoModelForSequenceClassification, of LoRA runs
// the adapter with the head as PEFT has it; with the tokenizer's files, the head by itself in
// head.npz, a README.md that shows how it is loaded, and its provenance. A run that is not in the
// store is trained first.
func (s *Session) Export(ctx context.Context, run study.Spec, dir string) error {
	if err := run.Check(); err != nil {
		return err
	}
	if err := emptyFolder(dir); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".lpft-export-*")
	if err != nil {
		return fmt.Errorf("%s: cannot be made: %v", dir, err)
	}
	defer os.RemoveAll(tmp) // where it has not become dir
	if err := s.exportTo(ctx, run, tmp); err != nil {
		return err
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(tmp, dir)
}

// exportTo writes everything.
func (s *Session) exportTo(ctx context.Context, run study.Spec, dir string) error {
	prov, err := s.Provenance(ctx, run.Task, &run.Seed)
	if err != nil {
		return err
	}
	if prov.Config, err = s.setting(ctx, run, run.Task); err != nil {
		return err
	}
	model, err := s.Model(ctx)
	if err != nil {
		return err
	}
	c, err := s.classifier(ctx, run)
	if err != nil {
		return err
	}
	if err := c.Save(dir); err != nil {
		return err
	}
	if err := c.Head.Write(filepath.Join(dir, "head.npz")); err != nil {
		return err
	}
	for _, name := range tokenizerFiles {
		if err := copyIfThere(filepath.Join(model.Checkpoint.Dir, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "README.md"), []byte(card(run, c, prov)), 0o644); err != nil {
		return err
	}
	text, err := json.MarshalIndent(map[string]any{"run": run, "provenance": prov.Finish()}, "", "  ")
	if err != nil {
		return err
	}
	return store.WriteFileAtomic(filepath.Join(dir, "lpft.json"), append(text, '\n'))
}

// classifier brings a run's model, its head and what Python should know of both.
func (s *Session) classifier(ctx context.Context, run study.Spec) (*encoder.Classifier, error) {
	d, m, _, err := s.parts(ctx, run.Task)
	if err != nil {
		return nil, err
	}
	c := &encoder.Classifier{Classes: d.Task.Classes}
	c.Base, c.Revision = m.Checkpoint.Base()
	if !run.Method.Trains() {
		if c.Weights, err = s.Weights(ctx); err == nil {
			c.Head, err = s.StartHead(ctx, run)
		}
		return c, err
	}
	t, err := s.trainedWhole(ctx, run)
	if err != nil {
		return nil, err
	}
	c.Head = t.Head
	trained, lora, err := s.trainedModel(ctx, t)
	if err != nil {
		return nil, err
	}
	c.LoRA = lora
	c.Weights, err = trained.Weights()
	return c, err
}

// emptyFolder refuses a folder that holds something, and a file.
func emptyFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %v: expected a folder that is empty or not there", dir, err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s holds %s: expected a folder that is empty or not there", dir, entries[0].Name())
	}
	return nil
}

func copyIfThere(from, to string) error {
	data, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// card is the folder's README.md.
func card(run study.Spec, c *encoder.Classifier, p *store.Provenance) string {
	load := `from transformers import AutoModelForSequenceClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")
model = AutoModelForSequenceClassification.from_pretrained(".").eval()`
	if c.LoRA != nil {
		revision := ""
		if c.Revision != "" {
			revision = fmt.Sprintf(", revision=%q", c.Revision)
		}
		load = fmt.Sprintf(`from peft import PeftModel
from transformers import AutoModelForSequenceClassification

base = AutoModelForSequenceClassification.from_pretrained(%q%s, num_labels=%d)
model = PeftModel.from_pretrained(base, ".").eval()`, c.Base, revision, c.Head.Classes())
	}
	return fmt.Sprintf("# %s\n\n%s on %s (%s), trained and written by lpft; how, is in `lpft.json`. Classes in order: %s.\n\n```python\n%s\n```\n\n%s\n",
		run, p.Model, run.Task, p.TaskSource, strings.Join(c.Classes, ", "), load, cardNote)
}

const cardNote = `The head is linear, f(x) = Vφ(x) + b with φ the last layer at the first token. The stock class has a dense
layer and a tanh before its classifier; here the dense layer is the identity times a power of two so small
that tanh changes nothing in float32, and the classifier is V divided by it. So load in float32 (or
bfloat16, not float16), and to go on training take V and b from ` + "`head.npz`" + ` (weight [C, h], bias [C]) instead.`
