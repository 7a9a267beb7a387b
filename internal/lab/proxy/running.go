package proxy

import (
	"fmt"
	"strings"
	"time"
)

// running is a request that GoNB works on. It is done when GoNB has replied and has said that it is idle:
// only then everything that it published has arrived.
type running struct {
	request message
	reply   *message
	idle    time.Time // when GoNB said so
	cell    *cell     // of an execute_request
}

// cell is a cell that runs.
type cell struct {
	executeRequest
	number      int
	began       time.Time
	asked       map[string]bool // this kernel's own lines in it
	interrupted bool
	denied      bool // it asked for input where nobody can be asked
	nudged      time.Time
	stderr      held
}

// executeRequest is what a front end says with a cell.
type executeRequest struct {
	Code       string `json:"code"`
	Silent     bool   `json:"silent"`
	Store      *bool  `json:"store_history"`
	AllowStdin bool   `json:"allow_stdin"`
	StopOn     *bool  `json:"stop_on_error"`
}

func (r executeRequest) stopOnError() bool { return r.StopOn == nil || *r.StopOn }

func (r executeRequest) storeHistory() bool { return !r.Silent && (r.Store == nil || *r.Store) }

// execute gives a cell to GoNB.
func (s *server) execute(m message) {
	c := &cell{executeRequest: read[executeRequest](m.content), began: time.Now()}
	s.running = &running{request: m, cell: c}
	code, asked := takeMagics(c.Code)
	c.asked = asked
	content := read[object](m.content)
	if content == nil {
		content = object{}
	}
	content["code"] = withLastValue(code, s.done)
	m.content = toJSON(content)
	s.forward(m, object{"silent": false, "store_history": c.storeHistory(), "allow_stdin": false})
}

// published takes what GoNB publishes.
func (s *server) published(m message) {
	s.trackComm(m)
	r := s.running
	if r == nil || read[header](m.parent).ID != r.request.header.ID {
		if m.header.Type != "status" { // states are this package's to tell
			s.pass(m)
		}
		return
	}
	m.parent = r.request.rawHeader
	switch m.header.Type {
	case "status":
		if isIdle(m, r.request) {
			r.idle = time.Now()
		}
	case "error": // the reply says the same, and is told better
	case "stream":
		s.stream(m)
	case "execute_input":
		s.input(m)
	default:
		s.pass(m)
	}
}

// pass publishes a message of GoNB's.
func (s *server) pass(m message) {
	own := newMessage(s.session, m.header.Type, m.parent, nil)
	own.metadata, own.content, own.buffers = m.metadata, m.content, m.buffers
	s.front.publish(own)
}

// input learns a cell's number.
func (s *server) input(m message) {
	c := s.running.cell
	if c == nil {
		return
	}
	c.number = read[struct {
		Count int `json:"execution_count"`
	}](m.content).Count
	s.cells[c.number] = c.Code
	s.begun = append(s.begun, begun{c.number, c.began})
	if c.storeHistory() {
		s.history.add(c.number, c.Code)
	}
	s.publish("execute_input", m.parent, object{"code": c.Code, "execution_count": c.number})
}

// stream passes a program's text on, but for last words.
func (s *server) stream(m message) {
	text := read[struct{ Name, Text string }](m.content)
	if text.Name != "stderr" || s.running.cell == nil {
		s.pass(m)
		return
	}
	s.stderr(s.running.cell.stderr.take(text.Text, time.Now()))
}

// stderr publishes text as the running cell's.
func (s *server) stderr(text string) {
	if text != "" {
		s.publish("stream", s.running.request.rawHeader, object{"name": "stderr", "text": text})
	}
}

// replied takes GoNB's reply to the running request.
func (s *server) replied(m message) {
	if r := s.running; r != nil && read[header](m.parent).ID == r.request.header.ID {
		r.reply = &m
	}
}

// finish ends the running request when it is done; shell is where more requests come from.
func (s *server) finish(shell <-chan message) {
	r := s.running
	if r == nil || r.reply == nil || r.idle.IsZero() {
		return
	}
	s.drain(shell) // what comes after the reply is the answer of somebody who knows
	goOn := true
	if r.cell == nil {
		s.reply(r.request, r.reply.header.Type, r.reply.content)
	} else {
		goOn = s.finishCell(r)
	}
	s.status(r.request.rawHeader, "idle")
	if !goOn {
		s.abort()
	}
	s.running = nil
}

// drain takes what has come so far.
func (s *server) drain(shell <-chan message) {
	for {
		select {
		case m, ok := <-shell:
			if !ok {
				return
			}
			s.fromShell(m)
		default:
			return
		}
	}
}

// finishCell answers for a cell; ok means that the cells that wait may run.
func (s *server) finishCell(r *running) (ok bool) {
	c := r.cell
	content := read[object](r.reply.content)
	if content == nil {
		content = object{}
	}
	if content["execution_count"] == nil {
		content["execution_count"] = c.number
	}
	if content["status"] != "error" {
		s.stderr(c.stderr.release() + c.stderr.exit) // the exit of a shell's line, which is no failure of the cell
		s.obey(r)
		s.ran(c.Code)
		content["payload"] = []any{}
		s.reply(r.request, "execute_reply", content)
		return !c.interrupted
	}
	f := s.failure(c, read[gonbError](r.reply.content))
	s.publish("error", r.request.rawHeader, f.content())
	for key, value := range f.content() {
		content[key] = value
	}
	s.reply(r.request, "execute_reply", content)
	return !c.stopOnError() && !c.interrupted
}

// gonbError is what GoNB says of a cell that failed.
type gonbError struct {
	Value     string   `json:"evalue"`
	Traceback []string `json:"traceback"`
}

// failure says why a cell failed.
func (s *server) failure(c *cell, e gonbError) failure {
	words := c.stderr.release()
	switch {
	case c.denied:
		return failure{"no input", "the cell asked for input, and nobody can be asked here", []string{
			red + "the cell asked for input, and nobody can be asked here" + plain, "hint: run it in JupyterLab, or read what it needs from a file"}}
	case c.interrupted:
		f := failure{"interrupted", "interrupted", []string{red + "interrupted" + plain}}
		if first, _, _ := strings.Cut(words, "\n"); first != "" {
			f.traceback = append(f.traceback, first)
		}
		return f
	case words != "":
		return panicked(words, c.number, s.cells)
	case c.stderr.exit != "":
		value := strings.TrimSpace(c.stderr.exit)
		return failure{"program ended", value, []string{red + value + plain}}
	}
	return compileError(e.Value, e.Traceback, c.number, s.cells)
}

// abort answers all cells that wait. They get no number: the Lab would show it as if they had run.
func (s *server) abort() {
	var others []message
	for _, m := range s.queue {
		if m.header.Type != "execute_request" {
			others = append(others, m)
			continue
		}
		s.status(m.rawHeader, "busy")
		s.reply(m, "execute_reply", object{"status": "aborted"})
		s.status(m.rawHeader, "idle")
	}
	s.queue = others
}

// interrupt stops the running cell, whatever it is at; without one it does nothing.
func (s *server) interrupt() {
	if r := s.running; r != nil && r.cell != nil {
		r.cell.interrupted = true
		if r.reply == nil {
			s.nudge(r.cell, time.Now())
		}
	}
}

// renudge is how often an interrupt is told again. GoNB passes one interrupt on to each program that it starts, so a program
// that is at work hears of it once, and one that was only just started hears of it too.
const renudge = 300 * time.Millisecond

func (s *server) nudge(c *cell, now time.Time) {
	c.nudged = now
	s.back.send(s.back.control, newMessage(s.session, "interrupt_request", nil, object{}))
	if s.EndTools != nil {
		s.EndTools()
	}
}

// lookAfter does what only time tells: interrupts that have not worked yet, and words held in vain.
func (s *server) lookAfter(now time.Time) {
	r := s.running
	if r == nil {
		return
	}
	if r.reply == nil && !r.idle.IsZero() && now.Sub(r.idle) > patience {
		s.noReply(r)
	}
	c := r.cell
	if c == nil {
		return
	}
	if (c.interrupted || c.denied) && r.reply == nil && now.Sub(c.nudged) >= renudge {
		s.nudge(c, now)
	}
	s.stderr(c.stderr.late(now))
}

// noReply stands in for a reply that GoNB owes: it gives up some requests without a word.
func (s *server) noReply(r *running) {
	kind := strings.TrimSuffix(r.request.header.Type, "request") + "reply"
	m := newMessage(s.session, kind, r.request.rawHeader, object{"status": "error", "ename": "error", "evalue": "GoNB gave no answer", "traceback": []string{"GoNB gave no answer"}})
	r.reply = &m
}

// asked passes a program's question for input on to the front end that executes it.
func (s *server) asked(m message) {
	r := s.running
	if m.header.Type != "input_request" || r == nil || r.cell == nil {
		return
	}
	if !r.cell.AllowStdin {
		fmt.Fprintln(s.Log, "lpft-kernel: a cell asked for input where its front end allows none, and is stopped")
		r.cell.denied = true
		s.nudge(r.cell, time.Now())
		return
	}
	own := newMessage(s.session, "input_request", r.request.rawHeader, nil)
	own.addresses, own.content = r.request.addresses, m.content
	s.front.send(s.front.stdin, own)
}
