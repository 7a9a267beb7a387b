package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"time"

	"lpft/lpftlib/progress"
	"lpft/lpftlib/worker"
)

// Request is one client's request.
type Request struct {
	worker.Request
	since time.Time
	now   progress.Update // its last progress; under the server's mutex

	mu   sync.Mutex
	conn net.Conn
	gone bool // nobody reads what is said any more
}

// requestKey finds the request in the context of what is done for it.
type requestKey struct{}

// slow is how long a client may take to read a line; the engine does not wait for one that does not read.
const slow = 2 * time.Second

// say writes a line.
func (r *Request) say(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		text, _ = json.Marshal(worker.Answer{Error: fmt.Sprintf("%s: the result cannot be sent: %v", r.Verb, err)})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return
	}
	wait := slow
	if a, ok := v.(worker.Answer); !ok || a.Progress == nil {
		wait = time.Minute // a result may be long
	}
	_ = r.conn.SetWriteDeadline(time.Now().Add(wait))
	_, err = r.conn.Write(append(text, '\n'))
	r.gone = err != nil
}

// answer says the last line.
func (r *Request) answer(result any, err error) {
	if err != nil {
		r.say(worker.Answer{Error: err.Error()})
		return
	}
	raw, err := json.Marshal(result)
	if err != nil {
		r.say(worker.Answer{Error: fmt.Sprintf("%s: the result cannot be sent: %v", r.Verb, err)})
		return
	}
	r.say(worker.Answer{Result: raw})
}

// stopped says that the work was cancelled, and why.
func (r *Request) stopped(cause, err error) {
	if cause == errStopped {
		r.say(worker.Answer{Error: "stopped; run the cell again to continue", Stopped: true})
		return
	}
	r.say(worker.Answer{Error: fmt.Sprintf("%v: run the cell again to continue (%v)", cause, err)})
}

// turnKey marks the context of who has the engine.
type turnKey struct{}

// Turn lets one after the other have the engine: it calls compute when it is the turn of ctx's request. A computation within
// one's own turn is part of it.
func (s *Server) Turn(ctx context.Context, compute func(context.Context) error) error {
	if ctx.Value(turnKey{}) != nil {
		return compute(ctx)
	}
	select {
	case s.engine <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { s.hold(nil); <-s.engine }()
	r, _ := ctx.Value(requestKey{}).(*Request)
	s.hold(r)
	return compute(context.WithValue(ctx, turnKey{}, true))
}

// hold notes who has the engine.
func (s *Server) hold(r *Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holder = r
}
