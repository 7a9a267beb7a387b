package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// What happened to an artefact.
const (
	Computed = "computed" // by this process, and published
	Reused   = "reused"   // it was there
	Waited   = "waited"   // another process computed it
	Refused  = "refused"  // a file of it could not be trusted; it was moved aside
	Resumed  = "resumed"  // its computation starts with checkpoints of an earlier attempt
	Pulled   = "pulled"   // from the remote
	Dropped  = "dropped"  // files of it that nothing needs any more were removed
)

const logName = "log.jsonl"

// Event is a line of the store's log.
type Event struct {
	Time    time.Time `json:"time"`
	Kind    string    `json:"kind"`
	Key     string    `json:"key"`
	Label   string    `json:"label"`
	What    string    `json:"what"`    // "computed", "reused", "waited", "refused", "resumed", "pulled" or "dropped"
	Seconds float64   `json:"seconds"` // that it took
	PID     int       `json:"pid"`
}

// record appends an event. The log is a record for people: that it cannot be written is no
// reason to lose an artefact, so the first failure is kept for [Store.Log] to return.
func (s *Store) record(p place, what string, took time.Duration) {
	if s.readOnly != nil {
		return // nothing can happen to it
	}
	e := Event{time.Now().UTC(), p.step.Kind, p.key, p.step.Label, what, took.Seconds(), os.Getpid()}
	if err := appendLine(filepath.Join(s.dir, logName), e); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.logErr = errors.Join(s.logErr, err)
	}
}

// appendLine appends v as one line in one write, so that processes may share the file. It ends
// a torn line before it.
func appendLine(path string, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if torn(f) {
		line = append([]byte{'\n'}, line...)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return err
	}
	return f.Close()
}

// torn says whether f ends in the middle of a line.
func torn(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], info.Size()-1); err != nil && err != io.EOF {
		return false
	}
	return last[0] != '\n'
}

// Order says in which order artefacts came to this store, by key: larger is later, and what the log does not know came
// before. It goes by the order of the log's lines, since the clocks of several machines decide nothing.
func (s *Store) Order() map[string]int {
	events, _ := s.Log() // of lines that are lacking, the artefacts came first
	order := map[string]int{}
	for i, e := range events {
		if e.What == Computed || e.What == Pulled {
			order[e.Key] = i + 1
		}
	}
	return order
}

// Log returns what happened in this store, oldest first, by any process. Lines that a killed
// process or a full disk left torn are skipped. Where lines of this process could not be
// written, what there is comes with an error.
func (s *Store) Log() ([]Event, error) {
	path := filepath.Join(s.dir, logName)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("store: log: %w", err)
	}
	var events []Event
	for line := range bytes.Lines(data) {
		var e Event
		if json.Unmarshal(line, &e) == nil && e.What != "" {
			events = append(events, e)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.logErr != nil {
		return events, fmt.Errorf("store: log %s lacks lines: %w", path, s.logErr)
	}
	return events, nil
}
