// Package progress carries how far long work is, with rate and time left, to whoever
// watches: a bar in the terminal, one updating output in a notebook, or a file that another
// process follows.
//
// Work reports to a [Sink] through a [Task]:
//
//	task := progress.Start(sink, "FT cb, seed 1001", 70, "steps")
//	task.Set(12, "loss 0.93")
//	task.Done()
//
// A notebook's cell runs in a process of its own, started by a kernel that a headless run
// started in turn. It finds the file named by LPFT_PROGRESS in its environment, writes its
// updates there as JSON lines, and `lpft reproduce` shows them as its own ([Follow]).
package progress

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// EnvFile names the file that updates are written to, as JSON lines.
const EnvFile = "LPFT_PROGRESS"

// Update is the state of one piece of work.
type Update struct {
	ID      string    `json:"id"` // one piece of work keeps its id
	Label   string    `json:"label"`
	Done    int       `json:"done"`
	Total   int       `json:"total"`
	Unit    string    `json:"unit"` // "rows", "steps"
	Note    string    `json:"note,omitempty"`
	Started time.Time `json:"started"`
	From    int       `json:"from,omitempty"` // units that were there at the start (a resumed run)
	Ended   bool      `json:"ended,omitempty"`
	Stopped bool      `json:"stopped,omitempty"` // it was cancelled here and goes on when it is asked for again
}

// Sink shows updates. It is called from one goroutine at a time for one piece of work.
type Sink func(Update)

// Discard shows nothing.
func Discard(Update) {}

// Many shows every update in several places.
func Many(sinks ...Sink) Sink {
	return func(u Update) {
		for _, sink := range sinks {
			sink(u)
		}
	}
}

// Task is one piece of work under way.
type Task struct {
	sink Sink
	u    Update
	last time.Time
}

// interval between two updates of one task: enough for the eye, little enough for a
// notebook.
const interval = 200 * time.Millisecond

// Start announces work of total units.
func Start(sink Sink, label string, total int, unit string) *Task {
	now := time.Now()
	t := &Task{sink: sink, u: Update{ID: fmt.Sprintf("%s-%d", label, now.UnixNano()), Label: label, Total: total, Unit: unit, Started: now}}
	t.emit(now)
	return t
}

// Resume says that done units were finished by an earlier start; rate and time left then
// count from here.
func (t *Task) Resume(done int) { t.u.From, t.u.Done = done, done }

// Set moves the work to done units.
func (t *Task) Set(done int, note string) {
	t.u.Done, t.u.Note = done, note
	if now := time.Now(); now.Sub(t.last) >= interval || done >= t.u.Total {
		t.emit(now)
	}
}

// Done ends the work.
func (t *Task) Done() {
	t.u.Ended = true
	t.emit(time.Now())
}

func (t *Task) emit(now time.Time) {
	t.last = now
	t.sink(t.u)
}

// Rate is units per second so far, 0 while unknown.
func (u Update) Rate(now time.Time) float64 {
	elapsed := now.Sub(u.Started).Seconds()
	if elapsed <= 0 || u.Done <= u.From {
		return 0
	}
	return float64(u.Done-u.From) / elapsed
}

// Left is the time left at the present rate, and whether it can be told.
func (u Update) Left(now time.Time) (time.Duration, bool) {
	rate := u.Rate(now)
	if rate == 0 {
		return 0, false
	}
	seconds := float64(u.Total-u.Done) / rate
	return time.Duration(math.Round(seconds)) * time.Second, true
}

// Line is an update as one line of text: "FT cb  12/70 steps  3.1 steps/s  left 19s  loss 0.93".
func (u Update) Line(now time.Time) string {
	if u.Stopped {
		return fmt.Sprintf("%s  stopped at %s %d of %d; run the cell again to continue", u.Label, strings.TrimSuffix(u.Unit, "s"), u.Done, u.Total)
	}
	line := fmt.Sprintf("%s  %d/%d %s", u.Label, u.Done, u.Total, u.Unit)
	if rate := u.Rate(now); rate > 0 {
		line += fmt.Sprintf("  %.3g %s/s", rate, u.Unit)
	}
	if left, ok := u.Left(now); ok && !u.Ended {
		line += fmt.Sprintf("  left %s", left)
	}
	if u.Ended {
		line += fmt.Sprintf("  in %s", now.Sub(u.Started).Round(100*time.Millisecond))
	}
	if u.Note != "" {
		line += "  " + u.Note
	}
	return line
}

// Resize corrects the total, when it is known only once the work runs.
func (t *Task) Resize(total int) { t.u.Total = total }
