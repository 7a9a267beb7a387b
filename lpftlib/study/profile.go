package study

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"lpft/internal/plainfile"
	"lpft/kernels"
	"lpft/lpftlib/dataset"
	"lpft/lpftlib/probe"
)

//go:embed profiles/*.json
var profileFiles embed.FS

// Profile is a setting of the whole study. Profiles differ in numbers, not in code.
type Profile struct {
	Name            string               `json:"-"`
	From            string               `json:"-"` // what a command names it by: the name, or the path of a file of one's own
	About           string               `json:"about"`
	Model           string               `json:"model"` // "minilm", "roberta-base", "tiny", a Hub repository or a folder
	Seeds           []uint64             `json:"seeds"`
	MaxLen          int                  `json:"max_len"` // tokens, special ones included
	Epochs          int                  `json:"epochs"`
	EvalsPerEpoch   int                  `json:"evals_per_epoch"`
	Dropout         bool                 `json:"dropout"`
	Clip            float64              `json:"clip"`
	Select          string               `json:"select"`           // what chooses the epoch: the task's "metric", or "accuracy" (differs for CoLA)
	PaperCompatible bool                 `json:"paper_compatible"` // halve the head of a binary linear probe, as the published code does
	Stop            probe.Stop           `json:"stop"`             // where linear probing and kernel regression end: see [probe.Stop]
	LoRARank        int                  `json:"lora_rank"`        // r
	LoRAAlpha       float64              `json:"lora_alpha"`       // α
	TunedRates      bool                 `json:"tuned_rates"`      // batch and learning rate from `lpft tune` instead of the tables below
	TrainRows       int                  `json:"train_rows"`       // only the first rows of every official training file; 0: all
	TestRows        int                  `json:"test_rows"`        // so many test rows, evenly spread over the file; 0: all
	NTKRows         int                  `json:"ntk_rows"`         // rows of a kernel, training and test; fewer where there are fewer
	Embedding       string               `json:"ntk_embedding"`    // "exact", "skip", "paper-10" or "paper-10-released"
	KernelTasks     []string             `json:"kernel_tasks"`     // whose kernels are shown; where the session has none of them, all
	SweepTasks      []string             `json:"sweep_tasks"`      // that norms are swept on; likewise
	SweepMethods    []Method             `json:"sweep_methods"`
	Norms           []float64            `json:"norms"`         // classifier norms of Figures 3, 10 and 11
	NormReading     string               `json:"norm_reading"`  // "A" or "B", see [Scaling]
	Methods         []Method             `json:"methods"`       // that tables compare
	EqualRates      bool                 `json:"equal_rates"`   // also train every method at its rival's batch and rate, see session.EqualRates
	ControlTasks    []string             `json:"control_tasks"` // on which; empty: all
	Beyond          *Beyond              `json:"beyond"`        // what the items beyond the paper run; null: there are none
	Items           []string             `json:"items"`
	Fallback        string               `json:"fallback"` // task used when none of Run has data
	Run             []string             `json:"run"`      // tasks to run, in order; empty: all of Tasks
	Own             *TaskPlan            `json:"own"`      // plan of a task file that is none of Tasks
	Tasks           map[string]*TaskPlan `json:"tasks"`    // null removes a task of the paper's
}

// TaskPlan is what a profile does with one task; zero values mean the profile's own.
type TaskPlan struct {
	File          string   `json:"file,omitempty"`       // a task file of your own, relative to the profile; see task.OwnTask
	FirstRows     int      `json:"first_rows,omitempty"` // only the first rows of the official training file
	TestRows      int      `json:"test_rows,omitempty"`  // so many test rows, evenly spread
	OOD           []string `json:"ood,omitempty"`        // shifted test sets for the models trained here
	Epochs        int      `json:"epochs,omitempty"`
	EvalsPerEpoch int      `json:"evals_per_epoch,omitempty"`
	TunedRates    bool     `json:"tuned_rates,omitempty"`
	FT            *Rates   `json:"ft,omitempty"`
	LPFT          *Rates   `json:"lpft,omitempty"`
	LoRA          *Rates   `json:"lora,omitempty"`
	LPLoRA        *Rates   `json:"lplora,omitempty"`
}

// Rates are a cell of Table 6.
type Rates struct {
	Batch        int     `json:"batch"`
	LearningRate float64 `json:"learning_rate"`
}

// String is both in words.
func (r Rates) String() string { return fmt.Sprintf("batch %d, rate %g", r.Batch, r.LearningRate) }

// Profiles lists the built-in profiles' names.
func Profiles() []string {
	entries, err := profileFiles.ReadDir("profiles")
	if err != nil {
		return nil // embedded: cannot fail
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// LoadProfile reads a built-in profile by name, or one of your own by a path that ends in
// .json. Both are differences from the paper's setting.
func LoadProfile(name string) (*Profile, error) {
	base, err := profileFiles.ReadFile("profiles/paper.json")
	if err != nil {
		return nil, err
	}
	p := &Profile{}
	if err := merge(p, base, "profiles/paper.json"); err != nil {
		return nil, err
	}
	p.Name, p.From = strings.TrimSuffix(filepath.Base(name), ".json"), name
	if name == "paper" {
		return p, nil
	}
	data, err := readProfile(name)
	if err != nil {
		return nil, err
	}
	if err := merge(p, data, name); err != nil {
		return nil, err
	}
	for id, plan := range p.Tasks {
		if plan == nil {
			delete(p.Tasks, id)
		} else if plan.File != "" && !filepath.IsAbs(plan.File) {
			plan.File = filepath.Join(filepath.Dir(name), plan.File)
		}
	}
	return p, p.check()
}

func readProfile(name string) ([]byte, error) {
	if strings.HasSuffix(name, ".json") {
		data, err := plainfile.Read(name, plainfile.Settings)
		if err != nil {
			return nil, fmt.Errorf("profile %s: %v", name, err)
		}
		return data, nil
	}
	data, err := profileFiles.ReadFile("profiles/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("profile %q is not known: there are %s, or give a path that ends in .json", name, strings.Join(Profiles(), ", "))
	}
	return data, nil
}

// merge lays a file's keys over p, task by task and method by method.
func merge(p *Profile, data []byte, name string) error {
	before := p.Tasks
	p.Tasks = nil
	if err := strict(data, p); err != nil {
		return fmt.Errorf("profile %s: %w", name, err)
	}
	overlay := p.Tasks
	p.Tasks = before
	if p.Tasks == nil {
		p.Tasks = map[string]*TaskPlan{}
	}
	for id, plan := range overlay {
		if old := p.Tasks[id]; old != nil && plan != nil {
			plan = old.overlaid(plan)
		}
		p.Tasks[id] = plan
	}
	return nil
}

// overlaid is t with the values that over sets.
func (t *TaskPlan) overlaid(over *TaskPlan) *TaskPlan {
	out := *t
	raw, err := json.Marshal(over) // only what is set: every field has omitempty
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return over // plain numbers and strings always encode
	}
	return &out
}

// strict decodes one JSON value and refuses unknown keys.
func strict(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return fmt.Errorf("unknown key %s: the keys are those of profiles/paper.json", name)
		}
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something follows the JSON object")
	}
	return nil
}

func (p *Profile) check() error {
	switch {
	case len(p.Seeds) == 0:
		return fmt.Errorf("profile %s: no seeds", p.Name)
	case CheckSeeds(p.Seeds) != nil:
		return fmt.Errorf("profile %s: %w", p.Name, CheckSeeds(p.Seeds))
	case p.MaxLen < 8:
		return fmt.Errorf("profile %s: max_len is %d: expected at least 8 tokens", p.Name, p.MaxLen)
	case len(p.Tasks) == 0:
		return fmt.Errorf("profile %s: no tasks", p.Name)
	case p.Select != SelectMetric && p.Select != SelectAccuracy:
		return fmt.Errorf("profile %s: select is %q: expected %q or %q", p.Name, p.Select, SelectMetric, SelectAccuracy)
	case p.LoRARank < 1 || p.LoRAAlpha <= 0:
		return fmt.Errorf("profile %s: LoRA rank %d and alpha %g: expected positive numbers", p.Name, p.LoRARank, p.LoRAAlpha)
	case p.Own == nil:
		return fmt.Errorf("profile %s: own is null: expected a plan for task files", p.Name)
	case p.TrainRows < 0 || p.TestRows < 0:
		return fmt.Errorf("profile %s: train_rows %d, test_rows %d: expected 0 (all) or more", p.Name, p.TrainRows, p.TestRows)
	}
	for _, id := range p.Run {
		if p.Tasks[id] == nil {
			return fmt.Errorf("profile %s: run names %q, which is none of its tasks: %s", p.Name, id, strings.Join(p.Known(), ", "))
		}
	}
	if p.NTKRows < 2 {
		return fmt.Errorf("profile %s: ntk_rows is %d: expected at least 2", p.Name, p.NTKRows)
	}
	if _, err := kernels.ParseEmbeddingMode(p.Embedding); err != nil {
		return fmt.Errorf("profile %s: %w", p.Name, err)
	}
	if _, err := probe.ParseStop(string(p.Stop)); err != nil {
		return fmt.Errorf("profile %s: %w", p.Name, err)
	}
	if err := p.Beyond.check(); err != nil {
		return fmt.Errorf("profile %s: %w", p.Name, err)
	}
	for _, m := range slices.Concat(p.Methods, p.SweepMethods) {
		if _, err := ParseMethod(string(m)); err != nil {
			return fmt.Errorf("profile %s: methods and sweep_methods: %w", p.Name, err)
		}
	}
	for _, norm := range p.Norms {
		if _, err := ParseScaling(norm, p.NormReading); err != nil {
			return fmt.Errorf("profile %s: norms: %w", p.Name, err)
		}
	}
	return nil
}

// What chooses the epoch.
const (
	SelectMetric   = "metric"
	SelectAccuracy = "accuracy"
)

// TaskIDs lists the tasks that the profile runs: Run, or all of Tasks but the fallback.
func (p *Profile) TaskIDs() []string {
	if len(p.Run) > 0 {
		return slices.Clone(p.Run)
	}
	return slices.DeleteFunc(p.Known(), func(id string) bool { return id == p.Fallback })
}

// Known lists the ids of Tasks in the order of the paper's Table 7, others after them.
func (p *Profile) Known() []string {
	var ids []string
	for _, id := range dataset.IDs() {
		if p.Tasks[id] != nil {
			ids = append(ids, id)
		}
	}
	var others []string
	for id := range p.Tasks {
		if !slices.Contains(ids, id) {
			others = append(others, id)
		}
	}
	slices.Sort(others)
	return append(ids, others...)
}

// Plan is what the profile does with a task; a test set that it does not name has an empty plan.
func (p *Profile) Plan(id string) TaskPlan {
	if plan := p.Tasks[id]; plan != nil {
		return *plan
	}
	return TaskPlan{}
}

// Rows are the limits on a task's training and test rows; 0: none.
func (p *Profile) Rows(id string) (train, test int) {
	plan := p.Plan(id)
	return cmp.Or(plan.FirstRows, p.TrainRows), cmp.Or(plan.TestRows, p.TestRows)
}

// RatesOf finds a method's batch size and learning rate for a task.
func (p *Profile) RatesOf(task string, m Method) (*Rates, error) {
	plan := p.Tasks[task]
	if plan == nil {
		return nil, fmt.Errorf("profile %s has no task %q: it has %s", p.Name, task, strings.Join(p.Known(), ", "))
	}
	r := map[Method]*Rates{FT: plan.FT, LPFT: plan.LPFT, LoRA: plan.LoRA, LPLoRA: plan.LPLoRA}[m]
	if r == nil {
		return nil, fmt.Errorf("profile %s gives no batch and learning rate for %s on %s", p.Name, m.Title(), task)
	}
	return r, nil
}

// StopRule is the profile's stop as keys and records name it: "" where fits go on to the minimiser, so that these keep
// the keys that they had before there was another rule.
func (p *Profile) StopRule() string {
	if p.Stop == probe.StopExact {
		return ""
	}
	return string(p.Stop)
}
