package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"lpft/lpftlib/progress"
	"lpft/lpftlib/worker"
)

// Handler does a verb. What it returns becomes the result, as JSON.
type Handler func(ctx context.Context, r *Request) (any, error)

// Options are what a server is made of.
type Options struct {
	Build string             // what the program calls itself, see worker.Hello
	Log   string             // file of its messages, for those who ask
	Verbs map[string]Handler // by name
	Kept  func() []string    // the studies that are at hand; nil: none are
	Rest  func()             // gives back what is kept; nil: nothing is
	Fills bool               // what a study's remote lacks is computed; otherwise its results are only read
	Idle  time.Duration      // after so long without a request it rests, and ends where no notebook is open; 0: never
}

// Server answers requests.
type Server struct {
	opt     Options
	started time.Time
	end     context.CancelCauseFunc

	mu       sync.Mutex
	requests map[*Request]bool
	kernels  map[int]bool // that have asked
	last     time.Time    // when the last request came or ended
	resting  bool         // since then
	all      sync.WaitGroup

	engine chan struct{} // who holds its one place computes
	holder *Request      // who that is; under mu
}

// New makes a server.
func New(opt Options) *Server {
	return &Server{opt: opt, started: time.Now(), requests: map[*Request]bool{}, kernels: map[int]bool{}, last: time.Now(), engine: make(chan struct{}, 1)}
}

// Reasons for the end of work.
var (
	errStopped = errors.New("stopped by its cell")
	errEnded   = errors.New("the worker was asked to end")
	errIdle    = errors.New("nobody needs the worker any more")
)

// Serve answers who connects until ctx ends, somebody asks for the end, or nobody needs the worker any more; then it waits for
// the checkpoints of what it cancels.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, s.end = context.WithCancelCause(ctx)
	defer s.end(nil)
	defer context.AfterFunc(ctx, func() { l.Close() })()
	if s.opt.Idle > 0 {
		go s.watch(ctx)
	}
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			s.all.Wait()
			return nil
		}
		if err != nil {
			return fmt.Errorf("worker: %w", err)
		}
		s.all.Go(func() { s.serve(ctx, conn) })
	}
}

// silence is how long who connects may take to say what is wanted.
const silence = 10 * time.Second

// serve answers one connection.
func (s *Server) serve(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	if err := worker.CheckPeer(conn); err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		return
	}
	r := &Request{conn: conn, since: time.Now()}
	r.say(worker.Hello{PID: os.Getpid(), Program: s.opt.Build})
	in := bufio.NewReader(conn)
	_ = conn.SetReadDeadline(time.Now().Add(silence))
	text, err := in.ReadBytes('\n')
	_ = conn.SetReadDeadline(time.Time{})
	if err != nil || json.Unmarshal(text, &r.Request) != nil {
		return // somebody who looked whether a worker is there
	}
	switch r.Verb {
	case worker.StatusVerb:
		r.answer(s.status())
		return
	case worker.StopVerb:
		r.answer(worker.None{}, nil)
		s.end(errEnded)
		return
	}
	s.run(ctx, r, in)
}

// run does a request's verb. It is cancelled by the client's word and by the worker's end; a client that goes away
// leaves it running.
func (s *Server) run(ctx context.Context, r *Request, in *bufio.Reader) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if word, err := in.ReadString('\n'); err == nil && word == worker.Stop {
			cancel(errStopped)
		}
	}()
	s.enter(r)
	defer s.leave(r)
	handler := s.opt.Verbs[r.Verb]
	if handler == nil {
		r.answer(nil, fmt.Errorf("the worker does not know %q: is it of another version? \"lpft worker stop\" ends it", r.Verb))
		return
	}
	result, err := guarded(context.WithValue(ctx, requestKey{}, r), handler, r)
	if err != nil && ctx.Err() != nil {
		r.stopped(context.Cause(ctx), err)
		return
	}
	r.answer(result, err)
}

// guarded turns a panic of the engine's into an error: other cells go on.
func guarded(ctx context.Context, handler Handler, r *Request) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic: %v", r.Verb, p)
		}
	}()
	return handler(ctx, r)
}

func (s *Server) enter(r *Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[r], s.last, s.resting = true, time.Now(), false
	if r.Kernel > 0 {
		s.kernels[r.Kernel] = true
	}
}

func (s *Server) leave(r *Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, r)
	s.last = time.Now()
}

// Show passes progress on to all who wait for something: to whom it belongs, and to those whose turn at the engine is yet to
// come, so that they see what it does meanwhile.
func (s *Server) Show(u progress.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for r := range s.requests {
		mine := u
		if s.holder != nil && r != s.holder {
			mine.Label = "another cell: " + u.Label
		} else {
			r.now = u
		}
		r.say(worker.Answer{Progress: &mine})
	}
}
