package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"lpft/internal/cellenv"
	"lpft/internal/module"
	"lpft/lpftlib/progress"
)

// Client asks a worker.
type Client struct {
	Home    string // LPFT_HOME
	Address string // "": the store's resident worker; "off": one that ends with this process; else a socket's path
	Study   Study
	Show    progress.Sink

	program module.Program
	current func() bool // whether the program was that of its sources when this cell first asked
	made    atomic.Bool // it was made anew since
	kernel  int
}

// New is a client of the worker that the environment names.
func New(home string, study Study, show progress.Sink) *Client {
	kernel, _ := strconv.Atoi(os.Getenv(cellenv.Kernel)) // 0 where there is none
	program := programOf(home)
	return &Client{Home: home, Address: os.Getenv(cellenv.Worker), Study: study, Show: show, program: program, current: sync.OnceValue(program.Current), kernel: kernel}
}

// lastWords is how long a cancelled request waits for the worker's answer.
const lastWords = 300 * time.Millisecond

// Call asks for a verb and waits for its result, showing progress. When ctx ends the work is cancelled, and goes on from
// its checkpoint when it is asked for again.
func Call[A, R any](ctx context.Context, c *Client, verb Verb[A, R], args A) (result R, err error) {
	raw, err := c.call(ctx, verb.Name, args)
	if err != nil {
		return result, err
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return result, fmt.Errorf("the worker's answer to %s: %w; is it of another version? \"lpft worker stop\" ends it", verb.Name, err)
	}
	return result, nil
}

func (c *Client) call(ctx context.Context, verb string, args any) (json.RawMessage, error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	shown := &shown{sink: c.Show, open: map[string]progress.Update{}}
	defer context.AfterFunc(ctx, func() {
		shown.stopped()
		_, _ = l.Write([]byte(Stop)) // one that has ended needs no word
		_ = l.SetReadDeadline(time.Now().Add(lastWords))
	})()
	if err := json.NewEncoder(l).Encode(Request{Verb: verb, Study: c.Study, Args: raw, Kernel: c.kernel}); err != nil {
		return nil, c.gone(ctx, l, err)
	}
	for {
		text, err := l.in.ReadBytes('\n')
		if err != nil {
			return nil, c.gone(ctx, l, err)
		}
		var a Answer
		if err := json.Unmarshal(text, &a); err != nil {
			return nil, fmt.Errorf("the worker says %.80q: %w", text, err)
		}
		if a.Progress != nil {
			shown.show(*a.Progress)
		}
		if a.last() {
			return a.Result, a.err()
		}
	}
}

// err is the answer as an error, nil where it is a result.
func (a *Answer) err() error {
	switch {
	case a.Error == "":
		return nil
	case a.Stopped:
		return fmt.Errorf("%s: %w", a.Error, context.Canceled)
	}
	return errors.New(a.Error)
}

// gone says why no answer will come.
func (c *Client) gone(ctx context.Context, l *line, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("stopped; run the cell again to continue: %w", ctx.Err())
	}
	return fmt.Errorf("the worker (process %d) has ended: %w; run the cell again: another starts, and what was computed is kept", l.hello.PID, err)
}

// shown are the pieces of work that a request has shown and that have not ended.
type shown struct {
	mu   sync.Mutex
	sink progress.Sink
	open map[string]progress.Update
	done bool // the request was stopped: what comes now is not shown any more
}

func (s *shown) show(u progress.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return
	}
	s.open[u.ID] = u
	if u.Ended {
		delete(s.open, u.ID)
	}
	s.sink(u)
}

// stopped shows where everything stopped.
func (s *shown) stopped() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = true
	for _, u := range s.open {
		u.Stopped = true
		s.sink(u)
	}
}
