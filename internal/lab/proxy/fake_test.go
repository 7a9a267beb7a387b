package proxy

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// gonb is a kernel that does what GoNB does where it matters, told by the code that it is to execute.
type gonb struct {
	*channels
	interrupts chan struct{}
	executed   atomic.Int32 // how many cells reached it
	count      int
}

func startGonb(t *testing.T, ctx context.Context, c Connection) *gonb {
	s, err := listen(ctx, c)
	require.NoError(t, err)
	g := &gonb{channels: s, interrupts: make(chan struct{}, 10)}
	complain := func(err error) { t.Error(err) }
	shell, stdin := s.receive(ctx, s.shell, complain), s.receive(ctx, s.stdin, complain)
	go func() {
		for m := range s.receive(ctx, s.control, complain) {
			if m.header.Type == "interrupt_request" {
				g.interrupts <- struct{}{}
			}
		}
	}()
	go func() {
		for m := range shell {
			if strings.HasPrefix(m.header.Type, "comm_") {
				continue
			}
			g.say(m, "status", object{"execution_state": "busy"})
			switch m.header.Type {
			case "kernel_info_request":
				g.reply(m, "kernel_info_reply", object{"status": "ok", "implementation": "gonb", "language_info": object{"name": "go", "version": "go1.26"}})
			case "inspect_request": // GoNB gives some up without a reply
			case "complete_request":
				g.reply(m, "complete_reply", object{"status": "ok", "matches": []string{"Println"}})
			case "execute_request":
				g.execute(m, stdin)
			}
			g.say(m, "status", object{"execution_state": "idle"})
		}
	}()
	return g
}

func (g *gonb) say(request message, kind string, content any) {
	m := newMessage("gonb", kind, request.rawHeader, content)
	m.addresses = request.addresses
	g.send(g.iopub, m)
}

func (g *gonb) reply(request message, kind string, content any) {
	m := newMessage("gonb", kind, request.rawHeader, content)
	m.addresses = request.addresses
	g.send(g.shell, m)
}

func (g *gonb) fail(m message, value string, traceback ...string) {
	content := object{"status": "error", "ename": "ERROR", "evalue": value, "traceback": traceback, "execution_count": g.count}
	g.say(m, "error", content)
	g.reply(m, "execute_reply", content)
}

func (g *gonb) execute(m message, stdin <-chan message) {
	r := read[struct {
		Code   string `json:"code"`
		Silent *bool  `json:"silent"`
		Store  *bool  `json:"store_history"`
	}](m.content)
	if r.Silent == nil || r.Store == nil {
		panic("GoNB ends here: it wants silent and store_history")
	}
	if strings.HasPrefix(r.Code, "%noautoget") {
		g.reply(m, "execute_reply", object{"status": "ok"})
		return
	}
	g.executed.Add(1)
	g.count++
	if !*r.Silent {
		g.say(m, "execute_input", object{"code": r.Code, "execution_count": g.count})
	}
	stderr := func(text string) { g.say(m, "stream", object{"name": "stderr", "text": text}) }
	switch first, rest, _ := strings.Cut(r.Code, " "); first {
	case "", "\n", "%help": // nothing is left to compile
		g.reply(m, "execute_reply", object{"status": "ok", "execution_count": g.count})
	case "print":
		g.say(m, "stream", object{"name": "stdout", "text": rest})
		g.reply(m, "execute_reply", object{"status": "ok", "execution_count": g.count})
	case "shell":
		stderr("exit status 1\n")
		g.reply(m, "execute_reply", object{"status": "ok", "execution_count": g.count})
	case "late": // the reply overtakes what the program shows
		g.reply(m, "execute_reply", object{"status": "ok", "execution_count": g.count})
		time.Sleep(100 * time.Millisecond)
		g.say(m, "display_data", object{"data": object{"text/html": "<b>late</b>"}})
	case "panic":
		stderr("working\n")
		stderr("panic: on purpose\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t \x1b[7m[[ Cell [")
		stderr("1] Line 1 ]]\x1b[0m /tmp/gonb_01234567/main.go:7 +0x1d\nmain.main()\n\t/tmp/gonb_01234567/main.go:9 +0x1\n")
		stderr("exit status 2\n")
		g.fail(m, "exit status 2", "exit status 2")
	case "compile":
		g.fail(m, "# gonb_01234567\n./main.go:9:2: undefined: x\n", "# gonb_01234567", "Cell[1]: Line 1\nfunc main() {\n\tcompile me\n ^\n}\n\n\x1b[31mundefined: x\x1b[0m", "")
	case "wait":
		<-g.interrupts
		g.fail(m, "signal: interrupt", "signal: interrupt")
	case "ask":
		q := newMessage("gonb", "input_request", m.rawHeader, object{"prompt": "?", "password": false})
		q.addresses = m.addresses
		g.send(g.stdin, q)
		select {
		case a := <-stdin:
			g.say(m, "stream", object{"name": "stdout", "text": read[struct{ Value string }](a.content).Value})
			g.reply(m, "execute_reply", object{"status": "ok", "execution_count": g.count})
		case <-g.interrupts:
			g.fail(m, "signal: interrupt", "signal: interrupt")
		}
	}
}

// jupyter is a front end.
type jupyter struct {
	*channels
	t                            *testing.T
	news, replies, controls, ask <-chan message
}

// kernel starts a proxy between a front end and a fake GoNB.
func kernel(t *testing.T, o Options) (*jupyter, *gonb, <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	dir, err := os.MkdirTemp("", "proxy-") // t.TempDir is too long a path for a socket
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Mkdir(filepath.Join(dir, "f"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "b"), 0o700))
	front, _, err := NewConnection(filepath.Join(dir, "f"), "kernel-1.json")
	require.NoError(t, err)
	back, file, err := NewConnection(filepath.Join(dir, "b"), "kernel-1.json")
	require.NoError(t, err)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	again, err := ReadConnection(file)
	require.NoError(t, err)
	require.Equal(t, back, again)

	p, err := Listen(ctx, front)
	require.NoError(t, err)
	g := startGonb(t, ctx, back)
	if o.Log == nil {
		o.Log = t.Output()
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(ctx, back, o) }()
	s, err := dial(ctx, front)
	require.NoError(t, err)
	complain := func(err error) { t.Error(err) }
	j := &jupyter{channels: s, t: t, news: s.receive(ctx, s.iopub, complain), replies: s.receive(ctx, s.shell, complain),
		controls: s.receive(ctx, s.control, complain), ask: s.receive(ctx, s.stdin, complain)}
	for heard := false; !heard; { // until the subscription works
		m := j.send(s.shell, "kernel_info_request", object{})
		j.get(j.replies)
		select {
		case got := <-j.news:
			for !isIdle(got, m) {
				got = j.get(j.news)
			}
			heard = true
		case <-time.After(100 * time.Millisecond):
		}
	}
	return j, g, ended
}

func (j *jupyter) send(socket interface{ Close() error }, kind string, content any) message {
	m := newMessage("front", kind, nil, content)
	m.addresses = [][]byte{}
	switch socket {
	case j.control:
		j.channels.send(j.control, m)
	case j.stdin:
		j.channels.send(j.stdin, m)
	default:
		j.channels.send(j.shell, m)
	}
	return m
}

func (j *jupyter) get(from <-chan message) message {
	j.t.Helper()
	select {
	case m := <-from:
		return m
	case <-time.After(10 * time.Second):
		j.t.Fatal("no message in 10 s")
		return message{}
	}
}

func (j *jupyter) run(code string) message {
	return j.send(j.shell, "execute_request", object{"code": code, "allow_stdin": true})
}

// until collects what is published for a request up to its end, as "type: what matters".
func (j *jupyter) until(request message) (said []string) {
	j.t.Helper()
	for {
		m := j.get(j.news)
		require.Equal(j.t, string(request.rawHeader), string(m.parent), "%s", m.header.Type)
		said = append(said, tell(m))
		if isIdle(m, request) {
			return said
		}
	}
}

func tell(m message) string {
	c := read[struct {
		State string          `json:"execution_state"`
		Text  string          `json:"text"`
		Name  string          `json:"ename"`
		Code  string          `json:"code"`
		Data  json.RawMessage `json:"data"`
	}](m.content)
	return m.header.Type + ": " + c.State + c.Text + c.Name + c.Code + string(c.Data)
}

// reply is the content of the reply to a request.
func (j *jupyter) reply(request message) object {
	j.t.Helper()
	m := j.get(j.replies)
	require.Equal(j.t, string(request.rawHeader), string(m.parent))
	return read[object](m.content)
}
