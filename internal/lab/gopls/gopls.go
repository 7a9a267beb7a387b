// Package gopls completes and explains code in cells, by gopls, Go's language server.
//
// GoNB has a gopls too, but tries to reach it only every 12 s, has it load every package of the workspace, and lets cells wait
// meanwhile. This one is started by the first question, in a folder whose go.mod
// is the project's with the project itself added, so that it loads what cells import and nothing else; questions do not wait for cells.
// It sees two files: what the cells before have declared, and the cell that is asked about.
package gopls

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"go.lsp.dev/jsonrpc2"
)

// The files that gopls sees: what cells have declared, and the cell that is asked about.
const (
	declaredFile = "declared.go"
	cellFile     = "cell.go"
)

// patience is how long a question may take; who asked has mostly typed on by then.
const patience = 10 * time.Second

// Server is a gopls that starts when it is needed.
type Server struct {
	ctx       context.Context
	dir, root string
	mu        sync.Mutex // one question at a time
	conn      jsonrpc2.Conn
	version   int // of the files that gopls has seen
}

// New prepares a server: dir is a folder for its files, root the project's. gopls ends with ctx.
func New(ctx context.Context, dir, root string) *Server {
	return &Server{ctx: ctx, dir: dir, root: root}
}

// position is a place in a document: a line and UTF-16 units, both from 0.
type position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

type object = map[string]any

// ask asks gopls about a cell: cells are those that have run, in that order, at is in characters.
func (s *Server) ask(cells []string, code string, at int, method string, answer any) error {
	d := compose(cells, code)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.connect(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	s.version++
	for name, text := range map[string]string{declaredFile: d.declared, cellFile: d.cell} {
		if err := s.show(ctx, name, text); err != nil {
			return err
		}
	}
	where := place(code, at)
	where.Line++ // the file has a line before the cell's
	_, err := s.conn.Call(ctx, method, object{"textDocument": object{"uri": s.uri(cellFile)}, "position": where}, answer)
	return err
}

func (s *Server) uri(name string) string {
	return "file://" + filepath.ToSlash(filepath.Join(s.dir, name))
}

// show tells gopls a file's text.
func (s *Server) show(ctx context.Context, name, text string) error {
	if s.version == 1 {
		return s.conn.Notify(ctx, "textDocument/didOpen", object{"textDocument": object{"uri": s.uri(name), "languageId": "go", "version": 1, "text": text}})
	}
	return s.conn.Notify(ctx, "textDocument/didChange", object{"textDocument": object{"uri": s.uri(name), "version": s.version},
		"contentChanges": []object{{"text": text}}})
}

// connect starts gopls where it does not run (yet, or any more).
func (s *Server) connect() (err error) {
	if s.conn != nil {
		select {
		case <-s.conn.Done():
			s.conn = nil
		default:
			return nil
		}
	}
	if _, err := exec.LookPath("gopls"); err != nil {
		return fmt.Errorf("code is not completed: %w", err)
	}
	if err := s.module(); err != nil {
		return err
	}
	s.version = 0
	s.conn, err = s.run()
	return err
}

// run starts gopls. It ends when its standard input does, so with this process.
func (s *Server) run() (jsonrpc2.Conn, error) {
	cmd := exec.CommandContext(s.ctx, "gopls", "serve")
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "GOWORK=off", "TMPDIR="+filepath.Dir(s.dir))
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("gopls: %w", err)
	}
	go func() { _ = cmd.Wait() }()
	conn := jsonrpc2.NewConn(jsonrpc2.NewStream(stdio{out, in}))
	conn.Go(s.ctx, reply)
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	_, err = conn.Call(ctx, "initialize", object{"processId": os.Getpid(), "capabilities": object{},
		"workspaceFolders":      []object{{"uri": s.uri(""), "name": "cells"}},
		"initializationOptions": object{"linksInHover": false}}, &struct{}{})
	if err == nil {
		err = conn.Notify(ctx, "initialized", object{})
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("gopls: %w", err)
	}
	return conn, nil
}

// reply answers what gopls asks of an editor: nothing is configured, everything is granted.
func reply(ctx context.Context, reply jsonrpc2.Replier, request jsonrpc2.Request) error {
	if request.Method() != "workspace/configuration" {
		return reply(ctx, nil, nil)
	}
	var wanted struct{ Items []any }
	_ = json.Unmarshal(request.Params(), &wanted)
	return reply(ctx, make([]any, len(wanted.Items)), nil)
}

var moduleLine = regexp.MustCompile(`(?m)^module +(\S+)$`)

// module writes the folder's go.mod: the project's requirements, and the project.
func (s *Server) module() error {
	text, err := os.ReadFile(filepath.Join(s.root, "go.mod"))
	if err != nil {
		return err
	}
	m := moduleLine.FindSubmatch(text)
	if m == nil {
		return fmt.Errorf("%s names no module", filepath.Join(s.root, "go.mod"))
	}
	own := fmt.Sprintf("%s\nrequire %s v0.0.0\n\nreplace %s => %q\n", moduleLine.ReplaceAll(text, []byte("module cells")), m[1], m[1], s.root)
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if sums, err := os.ReadFile(filepath.Join(s.root, "go.sum")); err == nil {
		if err := os.WriteFile(filepath.Join(s.dir, "go.sum"), sums, 0o600); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{"go.mod": own, declaredFile: "package main\n", cellFile: "package main\n"} { // gopls wants files that it has not seen change
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// stdio is a process's output and input as one.
type stdio struct {
	io.Reader
	io.WriteCloser
}
