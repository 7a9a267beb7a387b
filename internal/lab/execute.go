package lab

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed runner.py
var runner string

// ExecuteOptions says how to run a notebook headless.
type ExecuteOptions struct {
	Env      []string          // more environment for the cells, KEY=value
	Timeout  time.Duration     // for each cell; 0: none
	Metadata map[string]string // written into the notebook's metadata, under "lpft"

	// OnCell is told that code cell i of n (from 1) starts; may be nil.
	OnCell func(i, n int, source string)
}

// CellError says which cell of a notebook failed.
type CellError struct {
	Notebook string
	Cell     int    // among the code cells, from 1, as Jupyter numbers them: [1], [2], ...
	Reason   string // the error's last line
}

func (e *CellError) Error() string {
	return fmt.Sprintf("%s: cell [%d] failed: %s", e.Notebook, e.Cell, e.Reason)
}

// Execute runs every cell of a notebook, from an empty kernel, and writes the notebook with
// its outputs to out, whole or not at all. A failed cell ends the run with a [*CellError];
// out then holds the outputs up to and with the failed cell.
//
// When ctx is cancelled the running cell is interrupted, has a few seconds to save its
// state, and Execute returns ctx's error.
func (e *Env) Execute(ctx context.Context, notebook, out string, o ExecuteOptions) error {
	request, err := newRequest(notebook, out, o)
	if err != nil {
		return err
	}
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	events, eventsIn, err := os.Pipe()
	if err != nil {
		return err
	}
	defer events.Close()
	own, err := e.newScratch()
	if err != nil {
		eventsIn.Close()
		return err
	}
	defer own.end()
	log, err := own.log()
	if err != nil {
		eventsIn.Close()
		return err
	}
	defer log.Close()

	cmd := e.command(ctx, append(slices.Clone(o.Env), own.environ()), "-c", runner, string(text))
	cmd.ExtraFiles = []*os.File{eventsIn}
	cmd.Stdout, cmd.Stderr = log, log
	alive, err := cmd.StdinPipe() // closes when this process ends, however it ends
	if err == nil {
		err = cmd.Start()
	}
	eventsIn.Close()
	if err != nil {
		return fmt.Errorf("%s: cannot start the notebook runner: %w", notebook, err)
	}
	defer alive.Close()
	end, told := follow(events, notebook, o.OnCell)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: stopped: %w", notebook, context.Cause(ctx))
	case told != nil:
		return told
	case err != nil || !end:
		return fmt.Errorf("%s: the notebook runner failed: %s", notebook, lastLine(tail(log.Name()), "no message"))
	}
	return nil
}

// request is what runner.py is asked for.
type request struct {
	Notebook string            `json:"notebook"` // absolute
	Out      string            `json:"out"`      // absolute
	Timeout  int               `json:"timeout"`  // seconds a cell; 0: none
	Metadata map[string]string `json:"metadata"`
}

func newRequest(notebook, out string, o ExecuteOptions) (r request, err error) {
	if _, err := os.Stat(notebook); err != nil {
		return r, fmt.Errorf("notebook: %w", err)
	}
	if r.Notebook, err = filepath.Abs(notebook); err != nil {
		return r, err
	}
	if r.Out, err = filepath.Abs(out); err != nil {
		return r, err
	}
	r.Metadata = o.Metadata
	if r.Metadata == nil {
		r.Metadata = map[string]string{}
	}
	r.Timeout = int((o.Timeout + time.Second - 1) / time.Second)
	return r, nil
}

// event is one line of runner.py.
type event struct {
	Event  string `json:"event"` // "cell", "error", "done" or "stopped"
	Cell   int    `json:"cell"`
	Of     int    `json:"of"`
	Source string `json:"source"`
	Kind   string `json:"kind"` // of an error: "error", "timeout" or "dead"
	Text   string `json:"text"`
	Stderr string `json:"stderr"`
}

// follow reads events to their end. done says that the runner came to its own end; err is the cell's error.
func follow(r io.Reader, notebook string, onCell func(i, n int, source string)) (done bool, err error) {
	in := bufio.NewReader(r)
	for {
		line, readErr := in.ReadBytes('\n')
		var ev event
		if json.Unmarshal(line, &ev) == nil {
			switch ev.Event {
			case "cell":
				if onCell != nil {
					onCell(ev.Cell, ev.Of, ev.Source)
				}
			case "error":
				err = &CellError{notebook, ev.Cell, reason(ev)}
			case "done", "stopped":
				done = true
			}
		}
		if readErr != nil {
			return done, err
		}
	}
}

var (
	colour   = regexp.MustCompile("\x1b\\[[0-9;]*m")
	exitLine = regexp.MustCompile(`\s*(\^C\s*)?(exit status \d+|signal: .*)\s*$`) // what GoNB adds to a failed cell's stderr
	compiler = regexp.MustCompile(`(?m)^.*\.go:\d+(:\d+)?: (.*)$`)
)

// reason boils a failed cell down to one line: a panic's or a compiler's message, else the last line it wrote.
func reason(ev event) string {
	switch ev.Kind {
	case "timeout":
		return "it took longer than the time limit"
	case "dead":
		return "the kernel died"
	}
	text := colour.ReplaceAllString(ev.Stderr, "")
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return strings.TrimSpace(line)
		}
	}
	reply := colour.ReplaceAllString(ev.Text, "")
	if m := compiler.FindStringSubmatch(text + "\n" + reply); m != nil {
		return strings.TrimSpace(m[2])
	}
	return lastLine(exitLine.ReplaceAllString(text, ""), lastLine(text, lastLine(reply, "no message")))
}

// command prepares the environment's Python. Cancelling ctx interrupts it, and kills it when that does not help.
func (e *Env) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, e.python(), args...)
	cmd.Env = e.environ(env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 12 * time.Second
	ownGroup(cmd)
	return cmd
}

// logFile makes a file for what Jupyter says; pattern is that of [os.CreateTemp].
func (e *Env) logFile(pattern string) (*os.File, error) {
	dir := e.path("jupyter", "log")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	// A process that was killed leaves its log behind; nobody wants it after a week.
	old, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	for _, file := range old {
		if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) > 7*24*time.Hour {
			_ = os.Remove(file)
		}
	}
	return os.CreateTemp(dir, pattern)
}

// tail reads the last 64 KiB of a file.
func tail(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > 1<<16 {
		_, err = f.Seek(-1<<16, io.SeekEnd)
		if err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(f)
	if err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	return string(text)
}
