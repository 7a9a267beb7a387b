package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"lpft/kernels"
	"lpft/kernels/ntk"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
	"lpft/lpftlib/tokenizer"
)

// ntkJob is what `lpft ntk` was asked for.
type ntkJob struct {
	model, task, data, head, method, embedding, lora, memory, share, out, backend string
	maxLen, n, nTest                                                              int
	seed                                                                          uint64
	float64                                                                       bool
}

func ntkCommand() *cobra.Command {
	var job ntkJob
	cmd := &cobra.Command{
		Use:   "ntk --model DIR --task T --n N (--head HEAD.npz | --method M --seed S) --out K.npz",
		Short: "The exact NTK of a classifier at the start of fine-tuning: P, F and their sum, as .npz",
		Long: `Writes the exact empirical NTK of f(x) = Vφ(x) + b in evaluation mode: p, f, theta [N, C, N, C],
f split by parameter group (f_groups [G, N, C, N, C], groups), indices and labels [N]; with --n-test
also p_test, f_test, theta_test [M, C, N, C] (rows test, columns training), indices_test, labels_test;
features phi [N, h] and logits [N, C], phi_test and logits_test.

The rows are drawn without replacement with --seed. The head is --head's weight [C, h] and bias [C]
as they are, or --method's at the start of its FT stage: random for ft and lora; for lpft and lplora
linear probing of the whole training split, not halved. lora and lplora, and --lora, give the kernel
of LoRA factors on query and value instead of that of all parameters. An interrupted run leaves
finished groups in OUT.resume, and the same command continues; how it was computed is in OUT.json.
Several processes can share one kernel's groups: "lpft devices --devices 0,1 -- ntk …" starts them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := job.check(); err != nil {
				return err
			}
			if err := simdIfPossible(); err != nil {
				return err
			}
			return job.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&job.model, "model", "", "folder with config.json, model.safetensors and the tokenizer's files")
	f.StringVar(&job.task, "task", "", taskHelp())
	f.StringVar(&job.data, "data", "", "parent folder of the data sets (default LPFT_DATA)")
	f.IntVar(&job.maxLen, "max-len", 128, "most tokens of a text, special tokens included")
	f.IntVar(&job.n, "n", 0, "training rows N")
	f.IntVar(&job.nTest, "n-test", 0, "test rows M")
	f.StringVar(&job.head, "head", "", ".npz file with weight [C, h] and bias [C], used as it is")
	f.StringVar(&job.method, "method", "", "ft, lpft, lora or lplora: whose head at the start of the FT stage")
	f.Uint64Var(&job.seed, "seed", 1001, "of rows, random head, probing's row order and LoRA factors")
	f.StringVar(&job.embedding, "embedding", "exact", "word embedding: exact, skip, paper-10 or paper-10-released")
	f.StringVar(&job.lora, "lora", "", "rank,alpha of LoRA factors on query and value: their kernel (lora, lplora: 8,8)")
	f.StringVar(&job.memory, "memory", "", "memory beside the parameters, such as 2GiB (default a quarter of the machine's, half of the card's)")
	f.BoolVar(&job.float64, "float64", false, "compute in float64")
	f.StringVar(&job.share, "share", "", "i/k: the i-th of k processes computes its share of the parameter groups into OUT.resume; the command without --share then puts them together")
	f.StringVar(&job.out, "out", "", "the .npz file to write")
	f.StringVar(&job.backend, "backend", "", "go, xla:cpu or xla:cuda (default GOMLX_BACKEND, then the best there is)")
	for _, name := range []string{"model", "task", "n", "out"} {
		cmd.MarkFlagRequired(name)
	}
	return cmd
}

// check refuses what cannot work before anything is loaded.
func (j *ntkJob) check() error {
	if err := checkMaxLen(j.maxLen); err != nil {
		return err
	}
	if err := checkTask(j.task); err != nil {
		return err
	}
	switch {
	case j.head == "" && j.method == "":
		return errors.New("no head: give --head HEAD.npz, or --method ft, lpft, lora or lplora")
	case j.head != "" && j.method != "":
		return errors.New("--head and --method exclude each other: give one of them")
	case j.n < 1:
		return fmt.Errorf("--n is %d: expected 1 or more rows", j.n)
	case j.nTest < 0:
		return fmt.Errorf("--n-test is %d: expected 0 (none) or more rows", j.nTest)
	}
	if j.method != "" {
		if m, err := study.ParseMethod(j.method); err != nil || m == study.Pretrained || m == study.LP {
			return fmt.Errorf("method %q has no FT stage that is known: --method is one of ft, lpft, lora, lplora", j.method)
		}
	}
	if _, err := ntk.ParseEmbeddingMode(j.embedding); err != nil {
		return err
	}
	if _, err := j.budget(); err != nil {
		return err
	}
	if _, _, err := j.factors(); err != nil {
		return err
	}
	if _, _, err := j.part(); err != nil {
		return err
	}
	return checkFolder(j.out)
}

// part is --share: the part-th of so many; 0, 0 without it.
func (j *ntkJob) part() (part, of int, err error) {
	if j.share == "" {
		return 0, 0, nil
	}
	i, k, ok := strings.Cut(j.share, "/")
	if ok {
		part, err = strconv.Atoi(i)
	}
	if ok && err == nil {
		of, err = strconv.Atoi(k)
	}
	if !ok || err != nil || part < 1 || part > of {
		return 0, 0, fmt.Errorf("--share %q: expected i/k with i from 1 to k, such as 2/4", j.share)
	}
	return part, of, nil
}

// budget is --memory in bytes, 0 for the default.
func (j *ntkJob) budget() (int64, error) {
	if j.memory == "" {
		return 0, nil
	}
	bytes, err := parseMemory(j.memory)
	if err != nil {
		return 0, fmt.Errorf("--memory: %w", err)
	}
	return bytes, nil
}

// factors are LoRA's rank and α; rank 0 means all parameters.
func (j *ntkJob) factors() (rank int, alpha float64, err error) {
	if j.lora == "" {
		rank, alpha = study.Method(j.method).Factors()
		return rank, alpha, nil
	}
	r, a, ok := strings.Cut(j.lora, ",")
	if ok {
		rank, err = strconv.Atoi(strings.TrimSpace(r))
	}
	if ok && err == nil {
		alpha, err = strconv.ParseFloat(strings.TrimSpace(a), 64)
	}
	if !ok || err != nil || rank < 1 || !(alpha > 0 && alpha < 1e9) {
		return 0, 0, fmt.Errorf("--lora %q: expected rank,alpha such as 8,8", j.lora)
	}
	return rank, alpha, nil
}

// inputs are what a kernel is computed from.
type ntkInputs struct {
	be          *backend.Backend
	model       *ntk.Model
	data        *task.Data
	tok         *tokenizer.Tokenizer
	train, test []task.Example
}

func (j *ntkJob) run(ctx context.Context) error {
	prov := store.NewProvenance()
	in, err := j.load(ctx)
	if err != nil {
		return err
	}
	rows, err := j.draw(in)
	if err != nil {
		return err
	}
	head, err := j.startHead(ctx, in)
	if err != nil {
		return err
	}
	opt := ntk.Options{Backend: in.be, Embedding: ntk.EmbeddingMode(j.embedding), Seed: j.seed, Float64: j.float64,
		ResumeDir: j.out + ".resume"}
	if opt.Memory, err = j.budget(); err != nil {
		return err
	}
	if opt.Memory == 0 {
		opt.Memory = study.KernelMemory(in.be)
	}
	part, of, err := j.part()
	if err != nil {
		return err
	}
	if part > 0 {
		if opt.Groups, err = in.model.Share(part, of); err != nil {
			return err
		}
		say(fmt.Sprintf("share %d of %d: %s", part, of, strings.Join(opt.Groups, ", ")))
	}
	if err := os.MkdirAll(opt.ResumeDir, 0o755); err != nil {
		return err
	}
	bar := progress.Start(progress.Terminal(os.Stderr), fmt.Sprintf("NTK of %d + %d rows", j.n, j.nTest), 1, "GFLOP")
	opt.Progress = func(done, total int, note string) { bar.Resize(total); bar.Set(done, note) }
	k, err := ntk.Compute(ctx, in.model, head, j.texts(in, pick(in.train, rows.Indices)), j.texts(in, pick(in.test, rows.IndicesTest)), opt)
	bar.Done()
	if err != nil {
		os.Remove(opt.ResumeDir) // where nothing is kept
		return err
	}
	if part > 0 {
		return nil // its groups are in OUT.resume
	}
	if err := k.Check(); err != nil {
		return err
	}
	k.Rows = rows
	if err := k.Write(j.out); err != nil {
		return err
	}
	if err := j.writeReport(prov, in, k); err != nil {
		return err
	}
	return os.RemoveAll(opt.ResumeDir)
}

// load reads model and data and opens the backend.
func (j *ntkJob) load(ctx context.Context) (*ntkInputs, error) {
	in := &ntkInputs{model: &ntk.Model{}}
	var err error
	if in.data, err = loadTask(ctx, j.task, j.data); err != nil {
		return nil, err
	}
	if in.train, err = in.data.Split("train"); err != nil {
		return nil, err
	}
	if j.nTest > 0 {
		if in.test, err = in.data.Split("test"); err != nil {
			return nil, err
		}
	}
	if in.model.Weights, in.tok, err = loadModel(j.model); err != nil {
		return nil, err
	}
	cfg := in.model.Weights.Config
	rank, alpha, err := j.factors()
	if err != nil {
		return nil, err
	}
	if rank > 0 {
		if in.model.LoRA, err = encoder.NewLoRA(cfg, cfg.QueryValue(), rank, alpha, j.seed); err != nil {
			return nil, err
		}
	}
	in.be, err = openBackend(j.backend)
	return in, err
}

// draw chooses the rows.
func (j *ntkJob) draw(in *ntkInputs) (rows kernels.Rows, err error) {
	if rows.Indices, err = study.DrawKernelRows(j.n, len(in.train), j.seed); err != nil {
		return rows, err
	}
	rows.Labels = study.Labels(pick(in.train, rows.Indices))
	if j.nTest == 0 {
		return rows, nil
	}
	if rows.IndicesTest, err = study.DrawKernelTestRows(j.nTest, len(in.test), j.seed); err != nil {
		return rows, err
	}
	rows.LabelsTest = study.Labels(pick(in.test, rows.IndicesTest))
	return rows, nil
}

func pick(examples []task.Example, rows []int) []task.Example {
	out := make([]task.Example, len(rows))
	for i, row := range rows {
		out[i] = examples[row]
	}
	return out
}

// texts tokenises examples.
func (j *ntkJob) texts(in *ntkInputs, examples []task.Example) []encoder.Encoding {
	return encode(in.tok, textsOf(examples), min(j.maxLen, in.model.Weights.Config.MaxTokens()))
}

// startHead is the head that the kernel is taken at, and says which.
func (j *ntkJob) startHead(ctx context.Context, in *ntkInputs) (*ntk.Head, error) {
	classes := len(in.data.Task.Classes)
	if j.head != "" {
		head, err := ntk.ReadHead(j.head)
		if err != nil {
			return nil, err
		}
		if head.Classes() != classes {
			return nil, fmt.Errorf("%s: a head of %d classes: task %s has %d", j.head, head.Classes(), j.task, classes)
		}
		say(fmt.Sprintf("head: %s, as it is", j.head))
		return head, nil
	}
	cfg := in.model.Weights.Config
	if !study.Method(j.method).StartsFromLP() {
		say(fmt.Sprintf("head: random, seed %d", j.seed))
		return study.RandomHead(cfg, classes, j.seed), nil
	}
	fitted, err := j.probe(ctx, in, classes)
	if err != nil {
		return nil, err
	}
	say(fmt.Sprintf("head: linear probing of %d training rows, not halved: %v", len(in.train), fitted))
	return &ntk.Head{Weight: fitted.Weight, Bias: fitted.Bias}, nil
}

// writeReport writes OUT.json: how the kernel came to be.
func (j *ntkJob) writeReport(prov *store.Provenance, in *ntkInputs, k *ntk.Result) error {
	digest, err := in.model.Weights.Digest()
	if err != nil {
		return err
	}
	rank, alpha, err := j.factors()
	if err != nil {
		return err
	}
	prov.Config = map[string]any{"n": j.n, "n_test": j.nTest, "max_len": j.maxLen, "head": j.head, "method": j.method, "embedding": j.embedding,
		"lora_rank": rank, "lora_alpha": alpha, "float64": j.float64}
	prov.Seed, prov.Task, prov.TaskDigest, prov.TaskSource = &j.seed, j.task, in.data.Digest, in.data.Source
	prov.Model, prov.ModelDigest = j.model, digest
	prov.Backend, prov.Device, prov.TF32, prov.SIMD = in.be.Engine, in.be.Device, in.be.TF32, in.be.SIMD
	text, err := json.MarshalIndent(map[string]any{"provenance": prov.Finish(), "computation": k.Report}, "", "  ")
	if err != nil {
		return err
	}
	return store.WriteFileAtomic(j.out+".json", append(text, '\n'))
}
