package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"lpft/lpftlib/atomicfile"
)

// Do returns the step's artefact. Where it is not there yet, and not in the remote behind the store, fn computes it: what fn
// writes into its [Work] becomes the artefact when fn returns nil.
//
// One process at a time computes a key; others wait (see [Store.OnWait]) and reuse. An artefact
// that cannot be trusted is logged as refused, moved aside and computed again. An error of fn,
// a panic in it, and a cancelled ctx (the error then wraps [context.Canceled]) publish nothing
// and leave [Work.ResumeDir] for the next attempt.
func (s *Store) Do(ctx context.Context, step Step, fn func(ctx context.Context, w *Work) error) (*Artefact, error) {
	p, err := s.place(step)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("store: %s: %w", p, err)
	}
	chain, _ := ctx.Value(chainKey{}).([]string)
	if slices.Contains(chain, p.key) {
		return nil, fmt.Errorf("store: %s needs itself: its computation asked for it again", p)
	}
	start := time.Now()
	if a, ok, err := s.load(p); err == nil && ok {
		s.record(p, Reused, time.Since(start))
		return a, nil
	}
	if err := s.writable(); err != nil {
		return nil, fmt.Errorf("store: %s is not there: %w", p, err)
	}
	l, waited, err := s.lock(ctx, p)
	if err != nil {
		return nil, err
	}
	defer s.unlock(l)
	if waited > 0 {
		s.record(p, Waited, waited)
	}
	if a, err := s.loadOrClear(p); a != nil || err != nil {
		return a, err
	}
	if a, err := s.fetchOrRefuse(ctx, p); a != nil || err != nil {
		return a, err
	}
	ctx = context.WithValue(ctx, chainKey{}, append(slices.Clone(chain), p.key))
	return s.compute(ctx, p, fn)
}

// chainKey marks, in the context of a computation, the keys that wait for its end.
type chainKey struct{}

// loadOrClear, under the lock, returns the artefact, or nil after making room for a new one.
func (s *Store) loadOrClear(p place) (*Artefact, error) {
	start := time.Now()
	a, ok, err := s.load(p)
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		s.record(p, Refused, 0)
		return nil, setAside(p.dir)
	case err != nil:
		return nil, err
	case ok:
		s.record(p, Reused, time.Since(start))
		return a, nil
	}
	return nil, nil
}

// fetchOrRefuse takes the artefact from the remote; nil where there is none that can be trusted. A remote that does not answer
// is an error: what it may hold is not computed again in silence.
func (s *Store) fetchOrRefuse(ctx context.Context, p place) (*Artefact, error) {
	a, err := s.fetch(ctx, p)
	var refused *RefusedError
	if errors.As(err, &refused) {
		s.record(p, Refused, 0)
		return nil, nil
	}
	if err != nil {
		return nil, failure(ctx, p, err)
	}
	return a, nil
}

// setAside makes room for an artefact that is computed again.
func setAside(dir string) error {
	if _, err := atomicfile.SetAside(dir); err != nil {
		return fmt.Errorf("store: bad artefact: %w", err)
	}
	return nil
}

// compute runs fn in a fresh staging folder and publishes it.
func (s *Store) compute(ctx context.Context, p place, fn func(ctx context.Context, w *Work) error) (*Artefact, error) {
	w, err := s.startWork(p)
	if err != nil {
		return nil, unwritable(s.dir, err)
	}
	defer w.clear()
	if w.resumed {
		s.record(p, Resumed, 0)
	}
	if err := guard(ctx, w, fn); err != nil {
		return nil, failure(ctx, p, err)
	}
	m, err := w.publish()
	if err != nil {
		return nil, fmt.Errorf("store: %s: cannot be saved: %w", p, err)
	}
	s.record(p, Computed, m.Finished.Sub(m.Started))
	return &Artefact{Kind: m.Kind, Key: m.Key, Dir: p.dir, Manifest: *m}, nil
}

// failure is fn's error with the step's name; it wraps the context's error where that ended.
func failure(ctx context.Context, p place, err error) error {
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("store: %s: %w: %w", p, cause, err)
	}
	return fmt.Errorf("store: %s: %w", p, err)
}

// guard runs fn and turns a panic into an error that names its place.
func guard(ctx context.Context, w *Work, fn func(ctx context.Context, w *Work) error) (err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if cause, ok := r.(error); ok {
			err = fmt.Errorf("panic at %s: %w", panicPlace(), cause)
			return
		}
		err = fmt.Errorf("panic at %s: %v", panicPlace(), r)
	}()
	return fn(ctx, w)
}

// panicPlace is the file:line that panicked. Call it from the deferred function that recovers.
func panicPlace() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	panicking := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return "unknown place"
		}
	}
}
