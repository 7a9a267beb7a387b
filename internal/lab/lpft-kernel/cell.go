//go:build unix

package main

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

const (
	lastWords = 4500 * time.Millisecond // from an interrupt to the kill; GoNB kills this process after 5 s
	drain     = 2 * time.Second         // for what a program left in its pipes, where a process of its own holds them open
	delivery  = 5 * time.Second         // for GoNB's word that everything has arrived
)

// runCell runs a cell's program as GoNB would, between the two, and returns its exit status once GoNB has everything that it showed.
func runCell(program string) (int, error) {
	cmd := exec.Command(program, os.Args[1:]...)
	q, err := newQuestions(cmd)
	if err != nil {
		return 0, err
	}
	d, err := newDisplay(q)
	if err != nil {
		return 0, err
	}
	said, errors, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, errors
	cmd.ExtraFiles = []*os.File{d.fromCell.w, d.toCell.r}
	cmd.Env = append(os.Environ(), protocol.GONB_PIPE_ENV+"=/dev/fd/3", protocol.GONB_PIPE_BACK_ENV+"=/dev/fd/4")
	interrupts := make(chan os.Signal, 4)
	signal.Notify(interrupts, syscall.SIGINT, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	errors.Close()
	d.fromCell.w.Close()
	go passOn(interrupts, cmd.Process)
	if gonbui.IsNotebook {
		go q.watch(cmd.Process.Pid)
	}
	told, shown := make(chan struct{}), make(chan struct{})
	go func() { copyLines(os.Stderr, said); close(told) }()
	go func() { d.relay(); close(shown) }()
	_ = cmd.Wait()
	within(drain, told)
	within(drain, shown)
	d.settle()
	return status(cmd.ProcessState), nil
}

func within(limit time.Duration, done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(limit):
	}
}

// status is a process's exit status. A signal that ended it ends this process too, where that can be done without a
// report of Go's runtime, which would be about this process.
func status(p *os.ProcessState) int {
	ws, ok := p.Sys().(syscall.WaitStatus)
	if !ok || !ws.Signaled() {
		return p.ExitCode()
	}
	switch ws.Signal() {
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL:
		signal.Reset(ws.Signal())
		_ = syscall.Kill(os.Getpid(), ws.Signal())
		time.Sleep(time.Second)
	}
	fmt.Fprintln(os.Stderr, p) // "signal: segmentation fault"
	return 128 + int(ws.Signal())
}

// passOn tells the program of interrupts, and kills it when it does not end. Other signals come to the whole group.
func passOn(signals <-chan os.Signal, program *os.Process) {
	for s := range signals {
		if s == syscall.SIGINT {
			_ = program.Signal(s)
			time.AfterFunc(lastWords, func() { _ = program.Kill() })
		}
	}
}

// copyLines passes text on by whole lines, as far as they come soon: GoNB finds places in the cells only in whole ones.
func copyLines(to io.Writer, from io.Reader) {
	const soon = 50 * time.Millisecond
	chunks := make(chan []byte)
	go func() {
		defer close(chunks)
		for {
			chunk := make([]byte, 16<<10)
			n, err := from.Read(chunk)
			if n > 0 {
				chunks <- chunk[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	var pending []byte
	for {
		var late <-chan time.Time
		if len(pending) > 0 {
			late = time.After(soon)
		}
		select {
		case chunk, ok := <-chunks:
			if !ok {
				_, _ = to.Write(pending)
				return
			}
			pending = append(pending, chunk...)
			end := bytes.LastIndexByte(pending, '\n') + 1
			_, _ = to.Write(pending[:end])
			pending = pending[end:]
		case <-late:
			_, _ = to.Write(pending)
			pending = nil
		}
	}
}

// pipe is a pipe's two ends.
type pipe struct{ r, w *os.File }

// display stands between a cell's program and GoNB's pipes for what is shown and for widgets.
type display struct {
	fromCell, toCell pipe
	encoder          *gob.Encoder
	questions        *questions
	used             atomic.Bool
}

func init() { // as GoNB does, besides what package protocol registers
	gob.Register(map[string]any{})
	gob.Register([]any{})
}

func newDisplay(q *questions) (d *display, err error) {
	d = &display{questions: q}
	if d.fromCell.r, d.fromCell.w, err = os.Pipe(); err != nil {
		return nil, err
	}
	if d.toCell.r, d.toCell.w, err = os.Pipe(); err != nil {
		return nil, err
	}
	d.encoder = gob.NewEncoder(d.toCell.w)
	gonbui.OnCommValueUpdate = func(value *protocol.CommValue) { _ = d.encoder.Encode(value) }
	return d, nil
}

// relay passes on what the program shows, until its end.
func (d *display) relay() {
	decoder := gob.NewDecoder(d.fromCell.r)
	for {
		data := &protocol.DisplayData{}
		if decoder.Decode(data) != nil {
			return
		}
		d.used.Store(true)
		if _, ok := data.Data[protocol.MIMEJupyterInput]; ok {
			d.questions.isAsked()
		}
		if value, ok := data.Data[protocol.MIMECommValue].(protocol.CommValue); ok && value.Address == protocol.GonbuiSyncAddress {
			gonbui.Sync()
			_ = d.encoder.Encode(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: value.Value})
			continue
		}
		gonbui.SendData(data)
	}
}

// settle waits until GoNB has taken everything.
func (d *display) settle() {
	if !d.used.Load() {
		return
	}
	done := make(chan struct{})
	go func() { gonbui.Sync(); close(done) }()
	within(delivery, done)
}
