package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"lpft/kernels"
	"lpft/kernels/ntk"
	"lpft/lpftlib/head"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// ntkJob is what `lpft ntk` was asked for.
type ntkJob struct {
	studyFlags
	model, task, head, method, embedding, lora, memory, share, stop, out string
	maxLen, n, nTest                                                     int
	seed                                                                 uint64
	float64, halve                                                       bool
	given                                                                func(flag string) bool
}

func ntkCommand() *cobra.Command {
	var job ntkJob
	cmd := &cobra.Command{
		Use:   "ntk (--model DIR --n N | --profile P) --task T (--head HEAD.npz | --method M --seed S) --out K.npz",
		Short: "The exact NTK of a classifier at the start of fine-tuning: P, F and their sum, as .npz",
		Long: `Writes the exact empirical NTK of f(x) = Vφ(x) + b in evaluation mode: p, f, theta [N, C, N, C],
f split by parameter group (f_groups [G, N, C, N, C], groups), indices and labels [N]; with --n-test
also p_test, f_test, theta_test [M, C, N, C] (rows test, columns training), indices_test, labels_test;
features phi [N, h] and logits [N, C], phi_test and logits_test.

The rows are drawn without replacement with --seed. The head is --head's weight [C, h] and bias [C]
as they are, or --method's at the start of its FT stage: random for ft and lora; for lpft and lplora
linear probing of the whole training split, whose features and fit are kept below LPFT_HOME, to the
minimiser or as --stop says (see lpft probe). With two classes --paper-compatible halves that head, as
the paper's published code does. lora and lplora, and --lora, give the kernel of LoRA factors on query
and value instead of that of all parameters.

With --profile the model, rows, lengths, embedding mode, LoRA, the halving and where probing ends are
the profile's, and the file is the one that the report's tables are made from; flags that are given
come before it.

An interrupted run leaves finished groups in OUT.resume, and the same command continues; how it was
computed is in OUT.json. Several processes can share one kernel's groups: "lpft devices --devices 0,1
-- ntk …" starts them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			job.given = cmd.Flags().Changed
			if err := job.check(); err != nil {
				return err
			}
			return job.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	job.add(f)
	f.Lookup("profile").DefValue = "" // without one nothing is a profile's
	f.StringVar(&job.model, "model", "", "folder with config.json, model.safetensors and the tokenizer's files, or a model's name (default the profile's)")
	f.StringVar(&job.task, "task", "", taskHelp())
	f.IntVar(&job.maxLen, "max-len", 128, "most tokens of a text, special tokens included")
	f.IntVar(&job.n, "n", 0, "training rows N")
	f.IntVar(&job.nTest, "n-test", 0, "test rows M")
	f.StringVar(&job.head, "head", "", ".npz file with weight [C, h] and bias [C], used as it is")
	f.StringVar(&job.method, "method", "", "ft, lpft, lora or lplora: whose head at the start of the FT stage")
	f.Uint64Var(&job.seed, "seed", 1001, "of rows, random head, probing's row order and LoRA factors")
	f.BoolVar(&job.halve, "paper-compatible", false, "halve the head that linear probing gives for two classes")
	f.StringVar(&job.stop, "stop", string(probe.StopExact), "where linear probing ends: exact, sklearn-1.0 or sklearn-1.7")
	f.StringVar(&job.embedding, "embedding", "exact", "word embedding: exact, skip, paper-10 or paper-10-released")
	f.StringVar(&job.lora, "lora", "", "rank,alpha of LoRA factors on query and value: their kernel (lora, lplora: 8,8)")
	f.StringVar(&job.memory, "memory", "", "memory beside the parameters, such as 2GiB (default a quarter of the machine's, half of the card's)")
	f.BoolVar(&job.float64, "float64", false, "compute in float64")
	f.StringVar(&job.share, "share", "", "i/k: the i-th of k processes computes its share of the parameter groups into OUT.resume; the command without --share then puts them together")
	f.StringVar(&job.out, "out", "", "the .npz file to write")
	for _, name := range []string{"task", "out"} {
		cmd.MarkFlagRequired(name)
	}
	return cmd
}

// check refuses what cannot work before anything is loaded.
func (j *ntkJob) check() error {
	if err := checkMaxLen(j.maxLen); err != nil {
		return err
	}
	profile := j.given("profile")
	if err := checkTask(j.task); err != nil && !profile { // a profile may have tasks of its own
		return err
	}
	switch {
	case j.model == "" && !profile:
		return errors.New("no model: give --model DIR, or --profile P")
	case j.head == "" && j.method == "":
		return errors.New("no head: give --head HEAD.npz, or --method ft, lpft, lora or lplora")
	case j.head != "" && j.method != "":
		return errors.New("--head and --method exclude each other: give one of them")
	case j.n < 1 && (j.given("n") || !profile):
		return fmt.Errorf("--n is %d: expected 1 or more rows", j.n)
	case j.nTest < 0:
		return fmt.Errorf("--n-test is %d: expected 0 (none) or more rows", j.nTest)
	}
	if j.method != "" {
		if m, err := study.ParseMethod(j.method); err != nil || m == study.Pretrained || m == study.LP {
			return fmt.Errorf("method %q has no FT stage that is known: --method is one of ft, lpft, lora, lplora", j.method)
		}
	}
	if _, err := kernels.ParseEmbeddingMode(j.embedding); err != nil {
		return err
	}
	if _, err := probe.ParseStop(j.stop); err != nil {
		return fmt.Errorf("--stop: %w", err)
	}
	if _, err := j.budget(); err != nil {
		return err
	}
	if _, _, err := j.factors(); err != nil {
		return err
	}
	if _, err := j.part(); err != nil {
		return err
	}
	return checkFolder(j.out)
}

// part is --share: the i-th of k; zeros without it.
func (j *ntkJob) part() (share [2]int, err error) {
	if j.share == "" {
		return share, nil
	}
	i, k, ok := strings.Cut(j.share, "/")
	if ok {
		share[0], err = strconv.Atoi(i)
	}
	if ok && err == nil {
		share[1], err = strconv.Atoi(k)
	}
	if !ok || err != nil || share[0] < 1 || share[0] > share[1] {
		return share, fmt.Errorf("--share %q: expected i/k with i from 1 to k, such as 2/4", j.share)
	}
	return share, nil
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
	if bytes == 0 {
		bytes = -1 // 0 would be the default; the kernel says what it needs
	}
	return bytes, nil
}

// factors are --lora's rank and α.
func (j *ntkJob) factors() (rank int, alpha float64, err error) {
	if j.lora == "" {
		return 0, 0, nil
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

func (j *ntkJob) run(ctx context.Context) error {
	s, err := j.session(ctx)
	if err != nil {
		return err
	}
	prov, err := s.Provenance(ctx, j.task, &j.seed)
	if err != nil {
		return err
	}
	spec, err := j.spec(ctx, s)
	if err != nil {
		return err
	}
	opt := ntk.Options{Float64: j.float64, ResumeDir: j.out + ".resume"}
	if opt.Memory, err = j.budget(); err != nil {
		return err
	}
	if err := os.MkdirAll(opt.ResumeDir, 0o755); err != nil {
		return err
	}
	k, err := s.ComputeKernel(ctx, spec, opt)
	if err != nil {
		os.Remove(opt.ResumeDir) // where nothing is kept
		return err
	}
	if j.share != "" {
		return nil // its groups are in OUT.resume
	}
	if err := k.Check(); err != nil {
		return err
	}
	if err := k.Write(j.out); err != nil {
		return err
	}
	if err := j.writeReport(prov, s.Profile, spec, k); err != nil {
		return err
	}
	return os.RemoveAll(opt.ResumeDir)
}

// session opens the profile with the flags laid over it; without --profile the paper's setting,
// with nothing cut and nothing halved.
func (j *ntkJob) session(ctx context.Context) (*session.Session, error) {
	if !j.given("profile") {
		j.profile = "paper"
	}
	home, err := store.Home()
	if err != nil {
		return nil, err
	}
	opt, err := j.options(ctx, home)
	if err != nil {
		return nil, err
	}
	opt.Tasks = []string{j.task} // not LPFT_TASKS
	s, err := session.Open(ctx, opt)
	if err != nil {
		return nil, err
	}
	if j.task, err = s.AdoptTask(ctx, j.task); err != nil {
		return nil, err
	}
	return s, j.lay(s.Profile)
}

// lay puts the flags that were given, and without --profile all of them, over a profile.
func (j *ntkJob) lay(p *study.Profile) error {
	over := func(flag string) bool { return j.given(flag) || !j.given("profile") }
	if over("model") {
		dir, err := filepath.Abs(j.model)
		if err != nil {
			return err
		}
		if p.Model = j.model; isFolder(dir) {
			p.Model = dir
		}
	}
	if over("max-len") {
		p.MaxLen = j.maxLen
	}
	if over("embedding") {
		p.Embedding = j.embedding
	}
	if over("paper-compatible") {
		p.PaperCompatible = j.halve
	}
	if over("stop") {
		p.Stop = probe.Stop(j.stop)
	}
	rank, alpha, err := j.factors()
	if rank > 0 {
		p.LoRARank, p.LoRAAlpha = rank, alpha
	}
	return err
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// spec is the kernel that was asked for, and says which head it is taken at.
func (j *ntkJob) spec(ctx context.Context, s *session.Session) (spec session.KernelSpec, err error) {
	m := study.Method(j.method)
	spec = session.KernelSpec{Run: study.Spec{Task: j.task, Method: m, Seed: j.seed}, LowRank: m.LowRank() || j.lora != "", Rows: j.n, TestRows: j.nTest}
	if spec.Share, err = j.part(); err != nil {
		return spec, err
	}
	if j.given("profile") {
		rows, test, err := s.KernelRows(ctx, j.task)
		if err != nil {
			return spec, err
		}
		if !j.given("n") {
			spec.Rows = rows
		}
		if !j.given("n-test") {
			spec.TestRows = test
		}
	}
	if j.head == "" {
		say(fmt.Sprintf("head: %s, seed %d", s.StartNote(m), j.seed))
		return spec, nil
	}
	if spec.Head, err = head.Read(j.head); err != nil {
		return spec, err
	}
	d, err := s.Data(ctx, j.task)
	if err == nil && spec.Head.Classes() != len(d.Task.Classes) {
		err = fmt.Errorf("%s: a head of %d classes: task %s has %d", j.head, spec.Head.Classes(), j.task, len(d.Task.Classes))
	}
	say(fmt.Sprintf("head: %s, as it is", j.head))
	return spec, err
}

// writeReport writes OUT.json: how the kernel came to be.
func (j *ntkJob) writeReport(prov *store.Provenance, p *study.Profile, spec session.KernelSpec, k *ntk.Result) error {
	config := map[string]any{"n": spec.Rows, "n_test": spec.TestRows, "max_len": p.MaxLen, "head": j.head, "method": j.method, "embedding": p.Embedding,
		"paper_compatible": p.PaperCompatible, "stop": p.Stop, "lora_rank": 0, "lora_alpha": 0, "float64": j.float64}
	if spec.LowRank {
		config["lora_rank"], config["lora_alpha"] = p.LoRARank, p.LoRAAlpha
	}
	prov.Config = config
	if !j.given("profile") {
		prov.Profile = ""
	}
	text, err := json.MarshalIndent(map[string]any{"provenance": prov.Finish(), "computation": k.Report}, "", "  ")
	if err != nil {
		return err
	}
	return store.WriteFileAtomic(j.out+".json", append(text, '\n'))
}
