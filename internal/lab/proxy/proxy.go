// Package proxy stands between Jupyter and GoNB and speaks Jupyter's messaging protocol with both, so that a kernel that is
// GoNB behaves as Jupyter's users know kernels to behave:
//
//   - after a cell that failed or was stopped, cells that wait are answered "aborted", as stop_on_error asks;
//   - an interrupt ends a compilation as well as a program, and the cell's error says so;
//   - is_complete, history, comm_info and kernel_info are answered, the last also while a cell runs;
//   - a panic is told once, the user's lines first; compile errors stand at the lines of the cells;
//   - code is completed and explained also while a cell runs, and no cell waits for it;
//   - lines of its own ("%time", "%vars") tell a cell's time and list what cells have kept for each other;
//   - the kernel counts as idle once it is, and a cell as done when its last output is out.
//
// [Listen] binds the ports of Jupyter's connection file, [Proxy.Serve] connects to GoNB's and relays until the end:
//
//	p, err := proxy.Listen(ctx, front)
//	back, file, err := proxy.NewConnection(dir, "kernel.json") // for GoNB, which is started with it
//	err = p.Serve(ctx, back, proxy.Options{...})
//
// One goroutine owns all state; the others only pass messages to it. GoNB is given one request at a time,
// the rest waits here, where it can still be aborted. The protocol:
// https://jupyter-client.readthedocs.io/en/stable/messaging.html (5.4).
package proxy

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"lpft/lpftlib/kept"
)

const (
	protocolVersion = "5.4"
	tick            = 100 * time.Millisecond // how often a running cell is looked after
)

// Options says how to serve.
type Options struct {
	Prepare []string // cells that GoNB executes, unseen, before the kernel counts as ready

	// EndTools ends what runs to make a program of a cell (the compiler and its kin); nil: nothing can. It is
	// called again and again until an interrupted cell has ended.
	EndTools func()

	// Interrupts tells of interrupts that come as signals, besides those that come as messages; may be nil.
	Interrupts <-chan struct{}

	Code Helper                     // completes and explains code; nil: GoNB does
	Vars func() ([]kept.Var, error) // what cells have kept for each other; nil: nothing
	Log  io.Writer                  // told what was dropped and why
}

// Helper knows about code. Its answers are the contents of complete_reply and inspect_reply; cells are the code
// of those that have run well, in that order, at is a place in code in characters.
type Helper interface {
	Complete(cells []string, code string, at int) map[string]any
	Inspect(cells []string, code string, at int) map[string]any
}

// Proxy is a kernel as Jupyter sees it.
type Proxy struct {
	front   *channels
	session string
}

// Listen binds the ports on which Jupyter expects its kernel, until ctx ends.
func Listen(ctx context.Context, front Connection) (*Proxy, error) {
	s, err := listen(ctx, front)
	if err != nil {
		return nil, err
	}
	p := &Proxy{front: s, session: rand.Text()}
	p.front.publish(newMessage(p.session, "status", nil, object{"execution_state": "starting"}))
	return p, nil
}

// server is the state of a proxy that serves.
type server struct {
	*Proxy
	Options
	back    *channels
	info    json.RawMessage // the content of kernel_info_reply
	queue   []message       // requests of the shell channel that wait
	running *running        // the one that GoNB has; nil: none
	cells   sources
	begun   []begun  // cells in the order in which they ran
	done    []string // the code of cells that have run well
	history history
	helped  chan helped
	warm    warmth
	ranAt   time.Time         // when the last cell ran that warming waits for
	comms   map[string]string // open comms: id and target
	stopped bool              // Jupyter asked for the end
}

// Serve connects to GoNB and relays until Jupyter asks for the end (nil), or ctx ends (its error).
func (p *Proxy) Serve(ctx context.Context, back Connection, o Options) error {
	gonb, err := dial(ctx, back)
	if err != nil {
		return err
	}
	s := &server{Proxy: p, Options: o, back: gonb, cells: sources{}, comms: map[string]string{}, helped: make(chan helped)}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := s.receiveAll(ctx)
	if err := s.prepare(ctx, in); err != nil {
		return err
	}
	s.status(nil, "idle")
	return s.loop(ctx, in)
}

// inputs are the messages that come in.
type inputs struct{ shell, control, stdin, backShell, backControl, backStdin, backIOPub <-chan message }

func (s *server) receiveAll(ctx context.Context) inputs {
	complain := func(err error) { fmt.Fprintln(s.Log, "lpft-kernel:", err) }
	f, b := s.front, s.back
	return inputs{
		shell: f.receive(ctx, f.shell, complain), control: f.receive(ctx, f.control, complain), stdin: f.receive(ctx, f.stdin, complain),
		backShell: b.receive(ctx, b.shell, complain), backControl: b.receive(ctx, b.control, complain),
		backStdin: b.receive(ctx, b.stdin, complain), backIOPub: b.receive(ctx, b.iopub, complain),
	}
}

var errEnded = errors.New("GoNB has ended")

// loop relays until the end.
func (s *server) loop(ctx context.Context, in inputs) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for !s.stopped {
		m, ok, take := message{}, true, func(message) {}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case m, ok = <-in.shell:
			take = s.fromShell
		case m, ok = <-in.control:
			s.drain(in.shell) // an interrupt is meant for a cell that was sent before it, on a connection of its own
			s.next()
			take = s.fromControl
		case m, ok = <-in.stdin:
			take = func(m message) { s.back.send(s.back.stdin, m) }
		case m, ok = <-in.backShell:
			take = s.replied
		case _, ok = <-in.backControl: // answers to interrupts, which Jupyter has had
		case m, ok = <-in.backStdin:
			take = s.asked
		case m, ok = <-in.backIOPub:
			take = s.published
		case h := <-s.helped:
			s.help(h)
		case <-s.Interrupts:
			s.interrupt()
		case now := <-ticker.C:
			s.lookAfter(now)
			s.warmUp(now)
		}
		if !ok { // the socket is closed, and m is no message
			return errEnded
		}
		take(m)
		s.finish(in.shell)
		s.next()
	}
	return nil
}

// prepare waits until GoNB answers and until what it publishes arrives, and has it execute o.Prepare.
func (s *server) prepare(ctx context.Context, in inputs) error {
	if err := s.hear(ctx, in); err != nil {
		return err
	}
	for _, code := range s.Prepare {
		m := newMessage(s.session, "execute_request", nil, object{"code": code, "silent": true, "store_history": false, "allow_stdin": false})
		s.back.send(s.back.shell, m)
		for replied, idle := false, false; !replied || !idle; {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case _, ok := <-in.backShell:
				if !ok {
					return errEnded
				}
				replied = true
			case got, ok := <-in.backIOPub:
				if !ok {
					return errEnded
				}
				idle = idle || isIdle(got, m)
			}
		}
	}
	return nil
}

// hear asks GoNB for its kernel_info until the answer and the news of it come through: a subscription takes effect some time
// after it was made.
func (s *server) hear(ctx context.Context, in inputs) error {
	heard := false
	for s.info == nil || !heard {
		m := newMessage(s.session, "kernel_info_request", nil, object{})
		s.back.send(s.back.shell, m)
		again := time.After(200 * time.Millisecond)
		for replied, idle, late := false, false, false; !late && (!replied || !idle); {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case got, ok := <-in.backShell:
				if !ok {
					return errEnded
				}
				replied = true
				s.info = kernelInfo(got.content)
			case got, ok := <-in.backIOPub:
				if !ok {
					return errEnded
				}
				idle = isIdle(got, m)
				heard = heard || idle
			case <-again:
				late = true
			}
		}
	}
	return nil
}

// isIdle says whether a message tells the end of a request.
func isIdle(m, request message) bool {
	state := read[struct {
		State string `json:"execution_state"`
	}](m.content).State
	return m.header.Type == "status" && state == "idle" && read[header](m.parent).ID == request.header.ID
}

// status publishes a state of the kernel; parent is the header of the request that led to it.
func (s *server) status(parent json.RawMessage, state string) {
	s.publish("status", parent, object{"execution_state": state})
}

func (s *server) publish(kind string, parent json.RawMessage, content any) {
	s.front.publish(newMessage(s.session, kind, parent, content))
}

// reply answers a request on the shell channel.
func (s *server) reply(request message, kind string, content any) {
	m := newMessage(s.session, kind, request.rawHeader, content)
	m.addresses = request.addresses
	s.front.send(s.front.shell, m)
}
