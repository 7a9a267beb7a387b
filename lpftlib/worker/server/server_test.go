package server

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
	"lpft/lpftlib/worker"
)

// served is a server with verbs of a test's own, and what reaches it.
type served struct {
	*Server
	socket string
	end    context.CancelFunc
	ended  chan error
}

func serveVerbs(t *testing.T, opt Options) *served {
	t.Helper()
	s := &served{Server: New(opt), socket: filepath.Join(t.TempDir(), "worker", "socket"), ended: make(chan error, 1)}
	l, err := worker.Listen(s.socket)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	s.end = cancel
	go func() { s.ended <- s.Serve(ctx, l) }()
	t.Cleanup(cancel)
	return s
}

// client is a client of the server; updates collects what it is shown.
func (s *served) client(updates func(progress.Update)) *worker.Client {
	if updates == nil {
		updates = progress.Discard
	}
	return &worker.Client{Address: s.socket, Study: worker.Study{Profile: "smoke"}, Show: updates}
}

type word struct{ Text string }

var echo = worker.Verb[word, word]{Name: "echo"}

func TestVerbAndItsErrors(t *testing.T) {
	s := serveVerbs(t, Options{Build: "this", Verbs: map[string]Handler{"echo": func(ctx context.Context, r *Request) (any, error) {
		var w word
		if err := json.Unmarshal(r.Args, &w); err != nil {
			return nil, err
		}
		switch w.Text {
		case "fail":
			return nil, errors.New("no such <thing>\nat all")
		case "panic":
			panic("out of memory")
		}
		return word{w.Text + " of " + r.Study.Profile}, nil
	}}})
	got, err := worker.Call(t.Context(), s.client(nil), echo, word{"word"})
	require.NoError(t, err)
	require.Equal(t, "word of smoke", got.Text)
	_, err = worker.Call(t.Context(), s.client(nil), echo, word{"fail"})
	require.EqualError(t, err, "no such <thing>\nat all")
	_, err = worker.Call(t.Context(), s.client(nil), echo, word{"panic"})
	require.EqualError(t, err, "echo: panic: out of memory")
	_, err = worker.Call(t.Context(), s.client(nil), worker.Verb[word, word]{Name: "other"}, word{})
	require.ErrorContains(t, err, `does not know "other"`)
}

// slowly is a step that reports steps until it is cancelled, as training does.
func slowly(s **served, started chan<- struct{}, cancelled chan<- error) Handler {
	return func(ctx context.Context, r *Request) (any, error) {
		return nil, (*s).Turn(ctx, func(ctx context.Context) error {
			bar := progress.Start((*s).Show, "FT toy", 1600, "steps")
			bar.Set(46, "")
			time.Sleep(250 * time.Millisecond) // so that the next is shown
			bar.Set(46, "loss 0.5")
			started <- struct{}{}
			<-ctx.Done()
			cancelled <- context.Cause(ctx)
			return ctx.Err()
		})
	}
}

// Stop cancels the work within half a second, and the client shows where it stopped.
func TestStopCancels(t *testing.T) {
	started, cancelled := make(chan struct{}, 1), make(chan error, 1)
	var s *served
	s = serveVerbs(t, Options{Verbs: map[string]Handler{"slow": slowly(&s, started, cancelled)}})
	var last atomic.Value
	ctx, stop := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := worker.Call(ctx, s.client(func(u progress.Update) { last.Store(u) }), worker.Verb[word, word]{Name: "slow"}, word{})
		failed <- err
	}()
	<-started
	require.Eventually(t, func() bool { u, _ := last.Load().(progress.Update); return u.Done == 46 }, 5*time.Second, time.Millisecond)
	stop()
	within(t, cancelled, func(err error) { require.Equal(t, errStopped, err) })
	within(t, failed, func(err error) { require.ErrorIs(t, err, context.Canceled) })
	u := last.Load().(progress.Update)
	require.True(t, u.Stopped)
	require.Equal(t, "FT toy  stopped at step 46 of 1600; run the cell again to continue", u.Line(time.Now()))
}

func within(t *testing.T, c <-chan error, check func(error)) {
	t.Helper()
	select {
	case err := <-c:
		check(err)
	case <-time.After(5 * time.Second):
		t.Fatal("nothing happened")
	}
}

// Who goes away without a word leaves the work running; the worker's end cancels it and waits for it.
func TestGoingAwayDoesNotCancel(t *testing.T) {
	started, cancelled := make(chan struct{}, 1), make(chan error, 1)
	var s *served
	s = serveVerbs(t, Options{Verbs: map[string]Handler{"slow": slowly(&s, started, cancelled)}})
	conn, err := worker.Dial(s.socket)
	require.NoError(t, err)
	require.NoError(t, json.NewEncoder(conn).Encode(worker.Request{Verb: "slow"}))
	<-started
	require.NoError(t, conn.Close())
	select {
	case err := <-cancelled:
		t.Fatal("cancelled: ", err)
	case <-time.After(300 * time.Millisecond):
	}
	status, err := s.status()
	require.NoError(t, err)
	require.Len(t, status.Running, 1)
	require.Contains(t, status.Running[0].Now, "46/1600 steps")
	s.end()
	within(t, cancelled, func(err error) { require.ErrorIs(t, err, context.Canceled) })
	within(t, s.ended, func(err error) { require.NoError(t, err) })
}

// Two clients that want one step share it, and the one that waits sees the other's progress.
func TestTwoClientsShareAStep(t *testing.T) {
	st, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	var computed atomic.Int32
	both := make(chan struct{})
	var s *served
	s = serveVerbs(t, Options{Verbs: map[string]Handler{"step": func(ctx context.Context, r *Request) (any, error) {
		a, err := st.Do(ctx, store.Step{Kind: "fake", Version: 1, Label: "a fake step"}, func(ctx context.Context, w *store.Work) error {
			return s.Turn(ctx, func(context.Context) error {
				<-both
				computed.Add(1)
				bar := progress.Start(s.Show, "a fake step", 3, "steps")
				bar.Done()
				return w.WriteJSON("x.json", 7)
			})
		})
		if err != nil {
			return nil, err
		}
		var x int
		return x, a.ReadJSON("x.json", &x)
	}}})
	var mu sync.Mutex
	seen := map[string]bool{}
	results := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := worker.Call(t.Context(), s.client(func(u progress.Update) {
				mu.Lock()
				defer mu.Unlock()
				seen[u.Label] = true
			}), worker.Verb[word, int]{Name: "step"}, word{})
			results <- err
		}()
	}
	require.Eventually(t, func() bool { status, _ := s.status(); return len(status.Running) == 2 }, 5*time.Second, time.Millisecond)
	close(both)
	for range 2 {
		within(t, results, func(err error) { require.NoError(t, err) })
	}
	require.EqualValues(t, 1, computed.Load())
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, map[string]bool{"a fake step": true, "another cell: a fake step": true}, seen)
}

// Steps of different requests have the engine one after the other; a step within a step is part of it.
func TestOneAtATime(t *testing.T) {
	s := New(Options{})
	var at, most atomic.Int32
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			ctx := context.WithValue(context.Background(), requestKey{}, &Request{})
			err := s.Turn(ctx, func(ctx context.Context) error {
				most.Store(max(most.Load(), at.Add(1)))
				defer at.Add(-1)
				time.Sleep(5 * time.Millisecond)
				return s.Turn(ctx, func(context.Context) error { return nil })
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, most.Load())

	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errStopped)
	s.engine <- struct{}{} // another computes
	require.Equal(t, errStopped, s.Turn(ctx, func(context.Context) error { t.Error("computed"); return nil }))
}

// It ends when nobody needs it: nothing runs, and no notebook that has asked is open.
func TestIdleEnd(t *testing.T) {
	quick := map[string]Handler{"echo": func(context.Context, *Request) (any, error) { return word{}, nil }}
	s := serveVerbs(t, Options{Verbs: quick, Idle: 50 * time.Millisecond})
	within(t, s.ended, func(err error) { require.NoError(t, err) })

	waiting := New(Options{Idle: time.Second})
	waiting.kernels[os.Getpid()] = true
	waiting.last = time.Now().Add(-2 * time.Second)
	require.False(t, waiting.unneeded(), "a notebook is open")
	waiting.last = time.Now().Add(-longestIdle * time.Second)
	require.True(t, waiting.unneeded(), "a Lab was left open")
	waiting.kernels = map[int]bool{1 << 30: true}
	waiting.last = time.Now().Add(-2 * time.Second)
	require.True(t, waiting.unneeded(), "the notebook is gone")
	waiting.requests[&Request{}] = true
	require.False(t, waiting.unneeded(), "something runs")
}

// It gives back what it keeps once after the last request, though a notebook is open.
func TestRest(t *testing.T) {
	s := New(Options{Idle: time.Second})
	s.kernels[os.Getpid()] = true
	require.False(t, s.begunRest(), "it has just begun")
	s.last = time.Now().Add(-2 * time.Second)
	require.False(t, s.unneeded())
	require.True(t, s.begunRest())
	require.False(t, s.begunRest(), "it rests already")
	r := &Request{}
	s.enter(r)
	s.last = time.Now().Add(-2 * time.Second)
	require.False(t, s.begunRest(), "something runs")
	s.leave(r)
	require.False(t, s.begunRest(), "something ran")
	s.last = time.Now().Add(-2 * time.Second)
	require.True(t, s.begunRest())

	rested := 0
	serving := New(Options{Idle: 50 * time.Millisecond, Rest: func() { rested++ }})
	serving.kernels[os.Getpid()] = true
	l, err := worker.Listen(filepath.Join(t.TempDir(), "socket"))
	require.NoError(t, err)
	require.NoError(t, serving.Serve(t.Context(), l))
	require.Equal(t, 1, rested, "once before it ended")
}

// The socket and its folder are the user's alone, and a path that is too long for an address works where it can.
func TestSocketIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30), "worker")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	l, err := worker.Listen(filepath.Join(dir, "socket"))
	if err != nil {
		require.ErrorContains(t, err, "longer than a socket's may be")
		t.Skip("only Linux takes such a path: ", err)
	}
	defer l.Close()
	for path, mode := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "socket"): 0o600} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
	conn, err := worker.Dial(filepath.Join(dir, "socket"))
	require.NoError(t, err)
	conn.Close()
}
