package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// ErrNone says that no worker runs.
var ErrNone = errors.New("no worker runs")

// Ask is what a resident worker says of itself.
func Ask(home string) (Status, error) {
	var s Status
	l, err := about(home, StatusVerb)
	if err != nil {
		return s, err
	}
	defer l.Close()
	text, err := l.in.ReadBytes('\n')
	if err != nil {
		return s, err
	}
	var a Answer
	if err := json.Unmarshal(text, &a); err != nil {
		return s, err
	}
	if err := a.err(); err != nil {
		return s, err
	}
	return s, json.Unmarshal(a.Result, &s)
}

// about connects to the resident worker, if there is one, with a request about itself.
func about(home, verb string) (*line, error) {
	l, err := greet(Socket(home))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	return l, json.NewEncoder(l).Encode(Request{Verb: verb})
}

// leave is how long a worker that is asked to end has for its checkpoints; then it is killed.
const leave = 60 * time.Second

// End has the resident worker end, with checkpoints of what it computes, and waits until it has. What was in it is given
// back: memory, the device. No error where none runs.
func End(ctx context.Context, home string) error {
	l, err := about(home, StopVerb)
	if err != nil && !errors.Is(err, ErrNone) {
		return fmt.Errorf("asking the worker to end: %w", err)
	}
	if l != nil {
		defer l.Close()
	}
	if _, err := os.Stat(Folder(home)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	patient, cancel := context.WithTimeout(ctx, leave)
	defer cancel()
	lock := Lock(home)
	if _, err := lock.TryLockContext(patient, 2*look); err == nil {
		return lock.Unlock()
	}
	if ctx.Err() != nil || l == nil {
		return fmt.Errorf("waiting for the worker's end: %w", patient.Err())
	}
	if process, err := os.FindProcess(l.hello.PID); err == nil {
		_ = process.Kill()
	}
	return fmt.Errorf("the worker (process %d) did not end in %s and was killed: what it computed goes on from its last checkpoint", l.hello.PID, leave)
}

// Lock is what a resident worker holds as long as it lives: there is one a store.
func Lock(home string) *flock.Flock { return flock.New(filepath.Join(Folder(home), "lock")) }
