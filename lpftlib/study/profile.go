package study

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed profiles/*.json
var profileFiles embed.FS

// Profile is a setting of the whole study. Profiles differ in numbers, not in code.
type Profile struct {
	Name            string               `json:"-"`
	About           string               `json:"about"`
	Model           string               `json:"model"` // "minilm", "roberta-base", "tiny", a Hub repository or a folder
	Seeds           []uint64             `json:"seeds"`
	MaxLen          int                  `json:"max_len"` // tokens, special ones included
	Epochs          int                  `json:"epochs"`
	EvalsPerEpoch   int                  `json:"evals_per_epoch"`
	Dropout         bool                 `json:"dropout"`
	Clip            float64              `json:"clip"`
	PaperCompatible bool                 `json:"paper_compatible"` // halve the head of a binary linear probe, as the published code does
	Items           []string             `json:"items"`
	Fallback        string               `json:"fallback"` // task used when none of Tasks has data
	Tasks           map[string]*TaskPlan `json:"tasks"`    // null removes a task of the paper's
}

// TaskPlan is what a profile does with one task; zero values mean the profile's own.
type TaskPlan struct {
	FirstRows     int      `json:"first_rows,omitempty"` // only the first rows of the official training file
	OOD           []string `json:"ood,omitempty"`        // shifted test sets for the models trained here
	Epochs        int      `json:"epochs,omitempty"`
	EvalsPerEpoch int      `json:"evals_per_epoch,omitempty"`
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
	p.Name = strings.TrimSuffix(filepath.Base(name), ".json")
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
		}
	}
	return p, p.check()
}

func readProfile(name string) ([]byte, error) {
	if strings.HasSuffix(name, ".json") {
		data, err := os.ReadFile(name)
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
	case p.MaxLen < 8:
		return fmt.Errorf("profile %s: max_len is %d: expected at least 8 tokens", p.Name, p.MaxLen)
	case len(p.Tasks) == 0:
		return fmt.Errorf("profile %s: no tasks", p.Name)
	}
	return nil
}

// TaskIDs lists the profile's tasks but the fallback, sorted.
func (p *Profile) TaskIDs() []string {
	var ids []string
	for id := range p.Tasks {
		if id != p.Fallback {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// rates finds a method's batch size and learning rate for a task.
func (p *Profile) rates(task string, m Method) (*Rates, error) {
	plan := p.Tasks[task]
	if plan == nil {
		return nil, fmt.Errorf("profile %s has no task %q: it has %s", p.Name, task, strings.Join(p.TaskIDs(), ", "))
	}
	r := map[Method]*Rates{FT: plan.FT, LPFT: plan.LPFT, LoRA: plan.LoRA, LPLoRA: plan.LPLoRA}[m]
	if r == nil {
		return nil, fmt.Errorf("profile %s gives no batch and learning rate for %s on %s", p.Name, m.Title(), task)
	}
	return r, nil
}
