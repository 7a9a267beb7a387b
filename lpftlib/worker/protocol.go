package worker

import (
	"encoding/json"
	"time"

	"lpft/lpftlib/progress"
)

// Hello is the worker's first line on a connection.
type Hello struct {
	PID     int    `json:"pid"`
	Program string `json:"program"` // the build that it runs, see [Program.Build]
}

// Request is the client's first line: one verb.
type Request struct {
	Verb   string          `json:"verb"`
	Study  Study           `json:"study"`
	Args   json.RawMessage `json:"args,omitempty"`
	Kernel int             `json:"kernel,omitempty"` // process of the notebook's kernel; 0: none
}

// Study is what a notebook's parameters and its environment say of the study. Paths are absolute.
type Study struct {
	Profile string   `json:"profile"`
	Tasks   []string `json:"tasks,omitempty"`
	Seeds   []uint64 `json:"seeds,omitempty"`
	Data    string   `json:"data,omitempty"`    // LPFT_DATA
	Models  string   `json:"models,omitempty"`  // LPFT_MODELS
	Backend string   `json:"backend,omitempty"` // GOMLX_BACKEND
	Remote  string   `json:"remote,omitempty"`  // LPFT_REMOTE: results come from there, and a notebook of its own computes none
	Offline bool     `json:"offline,omitempty"`
}

// Stop, as a line of the client's after its request, cancels what it asked for.
const Stop = "stop\n"

// Answer is a line of the worker's after a request. The last has a result or an error.
type Answer struct {
	Progress *progress.Update `json:"progress,omitempty"`
	Result   json.RawMessage  `json:"result,omitempty"`
	Error    string           `json:"error,omitempty"`
	Stopped  bool             `json:"stopped,omitempty"` // the error is that of cancelled work
}

// last says that nothing follows.
func (a *Answer) last() bool { return a.Result != nil || a.Error != "" }

// Status is what `lpft worker status` shows.
type Status struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Log     string    `json:"log"`
	Running []Running `json:"running"`
	Kept    []string  `json:"kept"`    // studies whose model, data and programs are at hand
	Kernels int       `json:"kernels"` // notebooks that have asked and are open
	Memory  int64     `json:"memory"`  // bytes resident; 0: the system does not say
}

// Running is a request under way.
type Running struct {
	Verb    string    `json:"verb"`
	Study   string    `json:"study"`
	Since   time.Time `json:"since"`
	Now     string    `json:"now"`     // its last line of progress
	Waiting bool      `json:"waiting"` // for the engine, which another request has
}
