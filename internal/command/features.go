package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lpft/internal/plainfile"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/npy"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/progress/terminal"
	"lpft/lpftlib/tokenizer"
)

// featuresJob is what `lpft features` was asked for.
type featuresJob struct {
	model, out, in, task, split, data, backend string
	maxLen                                     int
}

func featuresCommand() *cobra.Command {
	var job featuresJob
	cmd := &cobra.Command{
		Use:   "features --model DIR (--task T --split S | --in LINES) --out FILE.npy",
		Short: "Features of texts: a model's last layer at the first token, float32 [N, h], as .npy",
		Long: `Writes the features φ(x) of every text, float32 [N, h] in the order of the rows, as .npy.
The texts are a split of a task, or a file of JSON lines {"a": ..., "b": ...} as for
lpft tokenize. Texts are cut at --max-len tokens or where the model's positions end.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := job.check(); err != nil {
				return err
			}
			err := job.run(cmd.Context())
			if errors.Is(err, context.Canceled) {
				return fmt.Errorf("interrupted: %s was not written", job.out)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&job.model, "model", "", "folder with config.json, model.safetensors and the tokenizer's files")
	f.StringVar(&job.task, "task", "", taskHelp())
	f.StringVar(&job.split, "split", "", "train, val or test")
	f.StringVar(&job.data, "data", "", "parent folder of the data sets (default LPFT_DATA)")
	f.StringVar(&job.in, "in", "", "file of JSON lines {\"a\": ..., \"b\": ...} instead of a task")
	f.IntVar(&job.maxLen, "max-len", 128, "most tokens of a text, special tokens included")
	f.StringVar(&job.out, "out", "", "the .npy file to write")
	f.StringVar(&job.backend, "backend", "", "go, xla:cpu or xla:cuda (default GOMLX_BACKEND, then the best there is)")
	cmd.MarkFlagRequired("model")
	cmd.MarkFlagRequired("out")
	return cmd
}

// check refuses what cannot work before anything is loaded.
func (j *featuresJob) check() error {
	if err := checkMaxLen(j.maxLen); err != nil {
		return err
	}
	switch {
	case j.in == "" && j.task == "":
		return errors.New("no texts: give --task with --split, or --in")
	case j.in != "" && j.task != "":
		return errors.New("--in and --task exclude each other: give one of them")
	case j.in != "" && (j.split != "" || j.data != ""):
		return errors.New("--split and --data belong to --task: they mean nothing with --in")
	}
	if j.task != "" {
		if err := checkTask(j.task); err != nil {
			return err
		}
		if known := []string{"train", "val", "test"}; !slices.Contains(known, j.split) {
			return fmt.Errorf("split %q is not known: --split is one of %s", j.split, strings.Join(known, ", "))
		}
	}
	return checkFolder(j.out)
}

// checkFolder makes sure that a file can be written where path says.
func checkFolder(path string) error {
	if err := plainfile.CheckOutput(path); err != nil {
		return fmt.Errorf("--out %w", err)
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".lpft-*")
	if err != nil {
		return fmt.Errorf("--out %s: its folder cannot be written: %v", path, err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}

func (j *featuresJob) run(ctx context.Context) error {
	weights, tok, err := loadModel(j.model)
	if err != nil {
		return err
	}
	texts, err := j.texts(ctx)
	if err != nil {
		return err
	}
	be, err := sayEngine(ctx, j.backend)
	if err != nil {
		return err
	}
	run, err := encoder.NewRunner(be, weights, nil)
	if err != nil {
		return err
	}
	phi, err := j.features(ctx, run, tok.EncodeAll(texts, min(j.maxLen, weights.Config.MaxTokens())))
	if err != nil {
		return err
	}
	return npy.WriteNpy(j.out, []int{len(texts), weights.Config.Hidden}, phi)
}

func (j *featuresJob) features(ctx context.Context, run *encoder.Runner, encodings []encoder.Encoding) ([]float32, error) {
	bar := progress.Start(terminal.Sink(os.Stderr), "features", len(encodings), "rows")
	defer bar.Done()
	return run.Features(ctx, encodings, func(done, _ int) { bar.Set(done, "") })
}

// texts reads the rows, from the task or from the file.
func (j *featuresJob) texts(ctx context.Context) ([]tokenizer.Text, error) {
	if j.in != "" {
		return readTexts(j.in)
	}
	d, err := loadTask(ctx, j.task, j.data)
	if err != nil {
		return nil, err
	}
	rows, err := d.Split(j.split)
	if err != nil {
		return nil, err
	}
	return textsOf(rows), nil
}

// readTexts reads a file of JSON lines.
func readTexts(path string) ([]tokenizer.Text, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var texts []tokenizer.Text
	for r := newTextReader(path, f); ; {
		text, err := r.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("%s: no lines: expected {\"a\": \"text\"} on each", path)
	}
	return texts, nil
}
