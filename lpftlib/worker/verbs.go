package worker

import (
	"lpft/lpftlib/dataset"
	"lpft/lpftlib/head"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/report"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
)

// Verb is something that the worker does, with the types of its arguments and its result.
type Verb[A, R any] struct{ Name string }

// The verbs. Matrices and kernels come as the path of their file.
var (
	Describe = Verb[None, Description]{"describe"}
	Tasks    = Verb[None, []Task]{"tasks"}
	OneTask  = Verb[TaskArgs, Task]{"task"}
	TestSets = Verb[TaskArgs, []string]{"test-sets"}
	Examples = Verb[SplitArgs, []dataset.Example]{"examples"}
	Tokens   = Verb[SplitArgs, [][]int32]{"tokens"}

	Features        = Verb[FeaturesArgs, File]{"features"}
	TrainedFeatures = Verb[TrainedArgs, File]{"trained-features"}
	Probe           = Verb[SeedArgs, *probe.Fitted]{"probe"}
	ProbePath       = Verb[SeedArgs, []study.PathStep]{"probe-path"}
	Recipe          = Verb[Run, stage.Recipe]{"recipe"}
	Train           = Verb[Run, *study.Trained]{"train"}
	Kernel          = Verb[Run, File]{"kernel"}
	Measure         = Verb[MeasureArgs, *study.Measures]{"measure"}
	Sweep           = Verb[SweepArgs, []study.Measures]{"sweep"}
	Layout          = Verb[Run, []study.LayoutPoint]{"layout"}
	Following       = Verb[study.KernelRun, *study.Following]{"following"}
	Movement        = Verb[study.KernelRun, *study.Movement]{"movement"}
	Places          = Verb[study.KernelRun, *study.Places]{"places"}
	Freezing        = Verb[study.KernelRun, *study.Freezing]{"freezing"}
	ScaledStart     = Verb[study.KernelRun, *study.ScaledStart]{"scaled-start"}
	Stability       = Verb[SeedArgs, *study.Stability]{"stability"}
	Strengths       = Verb[TaskArgs, []study.ProbeStrength]{"strengths"}

	Announce = Verb[ItemArgs, Announcement]{"announce"}
	MakeItem = Verb[ItemArgs, *Item]{"item"}
	Contents = Verb[None, []Content]{"contents"}

	OpenSmall     = Verb[SmallArgs, *Small]{"small"}
	SmallKernel   = Verb[SmallArgs, File]{"small-kernel"}
	SmallFeatures = Verb[SmallArgs, File]{"small-features"}
	SmallStep     = Verb[SmallArgs, *StepTaken]{"small-step"}
)

// StatusVerb and StopVerb are about the worker itself.
const (
	StatusVerb = "status"
	StopVerb   = "end"
)

// None is no argument.
type None struct{}

// TaskArgs name a task.
type TaskArgs struct {
	Task string `json:"task"`
}

// SplitArgs name a task's split.
type SplitArgs struct {
	Task  string `json:"task"`
	Split string `json:"split"`
}

// FeaturesArgs ask for features of the pre-trained model.
type FeaturesArgs struct {
	SplitArgs
	Layers *int `json:"layers,omitempty"` // after so many layers; nil: all
}

// SeedArgs name a task and a seed.
type SeedArgs struct {
	Task string `json:"task"`
	Seed uint64 `json:"seed"`
}

// Run is a run with rates of its own, which [study.Spec] leaves out of its JSON.
type Run struct {
	study.Spec
	Rates study.Rates `json:"rates,omitzero"`
}

// RunOf is a run as it travels.
func RunOf(spec study.Spec) Run { return Run{spec, spec.Rates} }

// Whole is the run as it was.
func (r Run) Whole() study.Spec {
	spec := r.Spec
	spec.Rates = r.Rates
	return spec
}

// TrainedArgs ask for features of the model that a run leaves, on a split of a task.
type TrainedArgs struct {
	Run   Run    `json:"run"`
	Task  string `json:"task"`
	Split string `json:"split"`
}

// MeasureArgs ask for a run's numbers on a split of a test set.
type MeasureArgs struct {
	Run     Run    `json:"run"`
	TestSet string `json:"test_set"`
	Split   string `json:"split"`
}

// SweepArgs ask for a sweep of norms.
type SweepArgs struct {
	Task    string         `json:"task"`
	Methods []study.Method `json:"methods"`
}

// ItemArgs name an item of the paper.
type ItemArgs struct {
	ID     string            `json:"id"`
	Colors map[string]string `json:"colors,omitempty"`
}

// SmallArgs are the rows of the small model, and where a kernel or a step is asked for the head and the rate.
type SmallArgs struct {
	Train int        `json:"train"`
	Test  int        `json:"test"`
	Head  *head.Head `json:"head,omitempty"`
	Rate  float64    `json:"rate,omitempty"`
}

// Description is what a study runs.
type Description struct {
	Model   string   `json:"model"`
	Backend string   `json:"backend"`
	Tasks   []Task   `json:"tasks"`
	Notes   []string `json:"notes"`
}

// Task is a data set of the study.
type Task struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Classes []string `json:"classes"`
	Rows    dataset.Counts
	Source  string `json:"source"`
}

// File is where a matrix or a kernel is.
type File struct {
	Path   string `json:"path"`
	Passed bool   `json:"passed,omitempty"` // it was written for this request: who reads it removes it
}

// Announcement says what building an item computes first.
type Announcement struct {
	Title string `json:"title"` // the item's
	Text  string `json:"text"`  // "" where all is there
}

// Item is a table or figure of the paper, drawn, with its judged statements.
type Item struct {
	report.Item
	Claims []paper.Claim
}

// Content is an item as the table of contents lists it.
type Content struct {
	Title    string `json:"title"`
	Notebook string `json:"notebook"`
	State    string `json:"state"` // what of it is there
}

// Small is what a cell knows of the small model.
type Small struct {
	Labels  []int `json:"labels"` // of the training rows
	Classes int   `json:"classes"`
	Hidden  int   `json:"hidden"`
}

// StepTaken are logits of the test rows, row by row, before and after a step of gradient descent as equation (4) has it.
type StepTaken struct {
	Before []float64 `json:"before"`
	After  []float64 `json:"after"`
}

// FeatureKernelName is the name of Θ^φ in the file that [SmallFeatures] gives.
const FeatureKernelName = "feature_kernel"
