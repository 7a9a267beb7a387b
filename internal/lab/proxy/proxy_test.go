package proxy

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestACell(t *testing.T) {
	j, _, _ := kernel(t, Options{Prepare: []string{"%noautoget"}})
	m := j.run("print hello")
	require.Equal(t, []string{"status: busy", "execute_input: print hello", "stream: hello", "status: idle"}, j.until(m))
	r := j.reply(m)
	require.Equal(t, "ok", r["status"])
	require.Equal(t, 1.0, r["execution_count"])
}

func TestAShellsLineThatFails(t *testing.T) {
	j, _, _ := kernel(t, Options{})
	m := j.run("shell false")
	require.Contains(t, j.until(m), "stream: exit status 1\n")
	require.Equal(t, "ok", j.reply(m)["status"])
}

// A front end may leave out what GoNB cannot do without.
func TestFieldsLeftOut(t *testing.T) {
	j, _, _ := kernel(t, Options{})
	m := j.send(j.shell, "execute_request", object{"code": "print x"})
	j.until(m)
	require.Equal(t, "ok", j.reply(m)["status"])
	m = j.send(j.shell, "complete_request", object{"code": "fmt.Pr"})
	require.Equal(t, []any{"Println"}, j.reply(m)["matches"])
}

func TestARequestThatGoNBGivesUp(t *testing.T) {
	j, _, _ := kernel(t, Options{})
	m := j.send(j.shell, "inspect_request", object{"code": "%"})
	r := j.get(j.replies)
	require.Equal(t, string(m.rawHeader), string(r.parent))
	require.Equal(t, "inspect_reply", r.header.Type)
	m = j.run("print on")
	require.Equal(t, "ok", j.reply(m)["status"])
}

func TestOutputsAreOutBeforeACellIsDone(t *testing.T) {
	j, _, _ := kernel(t, Options{})
	m := j.run("late")
	require.Equal(t, []string{"status: busy", "execute_input: late", `display_data: {"text/html":"\u003cb\u003elate\u003c/b\u003e"}`, "status: idle"}, j.until(m))
	require.Equal(t, "ok", j.reply(m)["status"])
}

func TestCellsAfterAFailedOneAreAborted(t *testing.T) {
	j, g, _ := kernel(t, Options{})
	first := j.run("wait 1")
	time.Sleep(50 * time.Millisecond) // the others wait in the queue
	second, third := j.run("print 2"), j.run("print 3")
	info := j.send(j.shell, "kernel_info_request", object{})
	time.Sleep(50 * time.Millisecond)
	g.interrupts <- struct{}{} // the cell ends by itself, no front end has asked for it
	require.Equal(t, []string{"status: busy", "execute_input: wait 1", "error: error", "status: idle"}, j.until(first))
	for _, m := range []message{second, third, info} {
		require.Equal(t, []string{"status: busy", "status: idle"}, j.until(m))
	}
	require.Equal(t, "error", j.reply(first)["status"])
	require.Equal(t, object{"status": "aborted"}, j.reply(second))
	require.Equal(t, object{"status": "aborted"}, j.reply(third))
	require.Equal(t, "ok", j.reply(info)["status"], "only cells are aborted")
	require.EqualValues(t, 1, g.executed.Load())

	m := j.run("print 4")
	j.until(m)
	require.Equal(t, "ok", j.reply(m)["status"], "what comes after a failure runs")
}

func firstOf(j *jupyter, n int) (said []string) {
	for range n {
		said = append(said, tell(j.get(j.news)))
	}
	return said
}

func TestStopOnErrorOff(t *testing.T) {
	j, g, _ := kernel(t, Options{})
	first := j.send(j.shell, "execute_request", object{"code": "compile me", "stop_on_error": false})
	second := j.run("print 2")
	require.Equal(t, "error", j.reply(first)["status"])
	require.Equal(t, "ok", j.reply(second)["status"])
	require.EqualValues(t, 2, g.executed.Load())
}

func TestInterrupt(t *testing.T) {
	for _, signal := range []bool{false, true} {
		var tools atomic.Int32
		interrupts := make(chan struct{}, 1)
		j, g, _ := kernel(t, Options{EndTools: func() { tools.Add(1) }, Interrupts: interrupts})
		first := j.run("wait 1")
		second := j.run("print 2")
		for g.executed.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond)
		if signal {
			interrupts <- struct{}{}
		} else {
			j.send(j.control, "interrupt_request", object{})
			require.Equal(t, "interrupt_reply", j.get(j.controls).header.Type)
		}
		r := j.reply(first)
		require.Equal(t, "interrupted", r["ename"])
		require.Equal(t, "aborted", j.reply(second)["status"])
		require.Positive(t, tools.Load(), "what compiles is ended too")
	}
}

// An interrupt that comes while GoNB has nothing to interrupt, between two programs, is told again.
func TestInterruptIsToldUntilItWorks(t *testing.T) {
	j, g, _ := kernel(t, Options{})
	first := j.run("wait 1")
	for g.executed.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	g.interrupts <- struct{}{}
	require.Equal(t, "error", j.reply(first)["status"])
	second := j.run("ask")
	j.get(j.ask)
	j.send(j.control, "interrupt_request", object{})
	require.Equal(t, "interrupted", j.reply(second)["ename"])
	third := j.run("print 3")
	require.Equal(t, "ok", j.reply(third)["status"], "the interrupt ends with its cell")
}

func TestAnInterruptOfNothing(t *testing.T) {
	j, g, _ := kernel(t, Options{})
	j.send(j.control, "interrupt_request", object{})
	require.Equal(t, "interrupt_reply", j.get(j.controls).header.Type)
	m := j.run("print on")
	require.Equal(t, "ok", j.reply(m)["status"])
	require.Empty(t, g.interrupts)
}

func TestInput(t *testing.T) {
	j, _, _ := kernel(t, Options{})
	m := j.run("ask")
	q := j.get(j.ask)
	require.Equal(t, "input_request", q.header.Type)
	require.Equal(t, string(m.rawHeader), string(q.parent))
	j.send(j.stdin, "input_reply", object{"value": "forty-two"})
	require.Contains(t, j.until(m), "stream: forty-two")
	require.Equal(t, "ok", j.reply(m)["status"])
}

func TestInputWhereNobodyCanBeAsked(t *testing.T) {
	j, _, _ := kernel(t, Options{})
	m := j.send(j.shell, "execute_request", object{"code": "ask", "allow_stdin": false})
	r := j.reply(m)
	require.Equal(t, "the cell asked for input, and nobody can be asked here", r["evalue"])
}

func TestAPanicIsToldOnce(t *testing.T) {
	j, _, _ := kernel(t, Options{})
	m := j.run("panic now")
	require.Equal(t, []string{"status: busy", "execute_input: panic now", "stream: working\n", "error: panic", "status: idle"}, j.until(m))
	r := j.reply(m)
	require.Equal(t, "on purpose", r["evalue"])
	text := joined(r)
	require.Equal(t, "panic: on purpose\ncell [1], line 1, in f\n    1 | panic now\nstack:\n  main()\n      main.go:9", text)
}

// joined is a reply's traceback without colours.
func joined(reply object) string {
	var lines []string
	for _, line := range reply["traceback"].([]any) {
		lines = append(lines, ansi.ReplaceAllString(line.(string), ""))
	}
	return strings.Join(lines, "\n")
}

func TestACompileError(t *testing.T) {
	j, _, _ := kernel(t, Options{})
	m := j.run("compile me")
	r := j.reply(m)
	require.Equal(t, "compile error", r["ename"])
	require.Equal(t, "undefined: x", r["evalue"])
	require.Equal(t, "cell [1], line 1: undefined: x\n    1 | compile me\n      | ^\nhint: no cell that has run declares x: run the first cell, and the cells above this one", joined(r))
}

func TestQuestionsThatGoNBDoesNotAnswer(t *testing.T) {
	j, _, _ := kernel(t, Options{})
	ask := func(kind string, content any) object {
		m := j.send(j.shell, kind, content)
		require.Equal(t, []string{"status: busy", "status: idle"}, j.until(m))
		return j.reply(m)
	}
	require.Equal(t, "incomplete", ask("is_complete_request", object{"code": "func f() {"})["status"])
	info := ask("kernel_info_request", object{})
	require.Equal(t, object{"name": "go", "version": "1.26", "mimetype": "text/x-go", "file_extension": ".go", "pygments_lexer": "go",
		"codemirror_mode": "go", "nbconvert_exporter": "script"}, info["language_info"])
	require.Equal(t, "lpft", info["implementation"])
	m := j.run("print a")
	j.until(m)
	j.reply(m)
	require.Equal(t, []any{[]any{1.0, 1.0, "print a"}}, ask("history_request", object{"hist_access_type": "tail", "n": 5})["history"])
	j.send(j.shell, "comm_open", object{"comm_id": "c1", "target_name": "widget"})
	require.Equal(t, object{"c1": object{"target_name": "widget"}}, ask("comm_info_request", object{})["comms"])
	require.Empty(t, ask("comm_info_request", object{"target_name": "other"})["comms"])
}

// A page that is loaded again while a cell runs gets its answer, and goes on showing that the kernel is busy.
func TestKernelInfoWhileACellRuns(t *testing.T) {
	j, g, _ := kernel(t, Options{})
	m := j.run("wait here")
	firstOf(j, 2)
	j.send(j.control, "kernel_info_request", object{})
	require.Equal(t, "kernel_info_reply", j.get(j.controls).header.Type)
	require.Equal(t, []string{"status: busy", "status: idle", "status: busy"}, firstOf(j, 3))
	g.interrupts <- struct{}{}
	require.Equal(t, "error", j.reply(m)["status"])
}

// code knows everything there is to know, slowly.
type code struct{ asked chan []string }

func (c code) Complete(cells []string, code string, at int) map[string]any {
	c.asked <- cells
	return object{"status": "ok", "matches": []string{code}}
}

func (c code) Inspect([]string, string, int) map[string]any {
	return object{"status": "ok", "found": true}
}

// Tab is answered while a cell runs, of what the cells before have declared.
func TestCodeIsCompletedWhileACellRuns(t *testing.T) {
	c := code{make(chan []string, 1)}
	j, g, _ := kernel(t, Options{Code: c})
	for _, code := range []string{"print a", "compile me"} {
		m := j.run(code)
		j.until(m)
		j.reply(m)
	}
	m := j.run("wait here")
	firstOf(j, 2)
	q := j.send(j.shell, "complete_request", object{"code": "fmt.", "cursor_pos": 4})
	require.Equal(t, []any{"fmt."}, j.reply(q)["matches"])
	require.Equal(t, []string{"print a"}, <-c.asked, "a cell that failed has declared nothing")
	require.Equal(t, []string{"status: busy", "status: idle", "status: busy"}, firstOf(j, 3))
	q = j.send(j.shell, "inspect_request", object{"code": "x", "cursor_pos": 1})
	require.Equal(t, true, j.reply(q)["found"])
	g.interrupts <- struct{}{}
	require.Equal(t, "error", j.reply(m)["status"])
}

// The helper is asked something before the user asks, but not before the first cell, and not while cells run.
func TestTheHelperIsWarmedOnce(t *testing.T) {
	c := code{make(chan []string, 10)}
	j, _, _ := kernel(t, Options{Code: c})
	time.Sleep(quietTime + 3*tick)
	require.Empty(t, c.asked)
	m := j.run("print a")
	j.reply(m)
	require.Empty(t, c.asked)
	require.Equal(t, []string{"print a"}, <-c.asked)
	m = j.run("print b")
	j.reply(m)
	time.Sleep(quietTime + 3*tick)
	require.Empty(t, c.asked)
}

func TestOnSpecialLine(t *testing.T) {
	for code, want := range map[string]bool{"%en|v A=1": true, "é\n!l|s": true, "%env\nx|": false, "|": false, "x|\n%env": false} {
		before, after, _ := strings.Cut(code, "|")
		require.Equal(t, want, onSpecialLine(before+after, len([]rune(before))), code)
	}
}

func TestShutdown(t *testing.T) {
	j, _, ended := kernel(t, Options{})
	j.run("wait")
	j.send(j.control, "shutdown_request", object{"restart": true})
	r := j.get(j.controls)
	require.Equal(t, "shutdown_reply", r.header.Type)
	require.JSONEq(t, `{"status":"ok","restart":true}`, string(r.content))
	require.NoError(t, <-ended)
}

// Somebody who does not know the key is not heard, and does no harm.
// A socket that is closed gives messages of nothing, which are nobody's.
func TestAClosedSocketIsTheEnd(t *testing.T) {
	closed := make(chan message)
	close(closed)
	for name, in := range map[string]inputs{
		"shell": {shell: closed}, "control": {control: closed}, "stdin": {stdin: closed},
		"GoNB's shell": {backShell: closed}, "GoNB's control": {backControl: closed}, "GoNB's stdin": {backStdin: closed}, "GoNB's iopub": {backIOPub: closed},
	} {
		s := &server{Proxy: &Proxy{}} // without sockets: whatever it sent would end the test
		require.ErrorIs(t, s.loop(t.Context(), in), errEnded, name)
	}
}

func TestAWrongSignature(t *testing.T) {
	log := make(notes, 1)
	j, g, _ := kernel(t, Options{Log: log})
	stranger := channels{key: []byte("guessed")}
	stranger.send(j.shell, newMessage("stranger", "execute_request", nil, object{"code": "print stolen"}))
	require.Contains(t, <-log, "wrong signature")
	m := j.run("print mine")
	require.Equal(t, "ok", j.reply(m)["status"])
	require.EqualValues(t, 1, g.executed.Load())
}

type notes chan string

func (n notes) Write(p []byte) (int, error) { n <- string(p); return len(p), nil }
