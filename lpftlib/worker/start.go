package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// line is a connection with what the worker says on it.
type line struct {
	net.Conn
	in    *bufio.Reader
	hello Hello
}

// greet connects to the worker at a socket and reads who it is.
func greet(socket string) (*line, error) {
	conn, err := Dial(socket)
	if err != nil {
		return nil, err
	}
	l := &line{Conn: conn, in: bufio.NewReader(conn)}
	_ = conn.SetReadDeadline(time.Now().Add(patience)) // one that hangs is none
	text, err := l.in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(text, &l.hello)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("worker at %s: it does not say who it is: %w", socket, err)
	}
	return l, conn.SetReadDeadline(time.Time{})
}

const (
	patience = 10 * time.Second
	look     = 10 * time.Millisecond
)

// connect reaches the worker that this cell is to use, and starts it where it is not there.
func (c *Client) connect(ctx context.Context) (*line, error) {
	switch c.Address {
	case "":
		return c.resident(ctx)
	case "off":
		return c.own(ctx)
	}
	l, err := greet(c.Address)
	if err != nil {
		return nil, fmt.Errorf("LPFT_WORKER names %s, where no worker answers: %w", c.Address, err)
	}
	return l, nil
}

// resident is the store's worker. One of another build, or of sources that have changed, is asked to end, and one of this build
// and these sources takes its place.
func (c *Client) resident(ctx context.Context) (*line, error) {
	socket := Socket(c.Home)
	if l, err := greet(socket); err == nil && c.serves(l, func() bool { return c.made.Load() || c.current() }) {
		return l, nil
	}
	if err := ownFolder(Folder(c.Home)); err != nil {
		return nil, err
	}
	starting := flock.New(filepath.Join(Folder(c.Home), "start.lock"))
	if _, err := starting.TryLockContext(ctx, 5*look); err != nil {
		return nil, fmt.Errorf("waiting for another cell that starts the worker: %w", err)
	}
	defer starting.Unlock()
	l, err := greet(socket) // another cell may have started it meanwhile, and built it for that
	if err == nil && c.serves(l, c.program.Current) {
		c.made.Store(true)
		return l, nil
	}
	if err := End(ctx, c.Home); err != nil { // one of another build, or one that is about to end
		return nil, err
	}
	if err := c.program.Make(ctx, c.Show); err != nil {
		return nil, err
	}
	c.made.Store(true)
	log, err := os.OpenFile(LogFile(c.Home), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log of the worker: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(c.program.Path, "worker", "run", "--build", c.program.Build())
	cmd.Env = append(environ(os.Environ(), true), "LPFT_HOME="+c.Home)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Home, log, log
	detached(cmd)
	return await(ctx, cmd, socket, LogFile(c.Home))
}

// serves says whether a worker is the one that this client would start; where there is none to start any will do.
func (c *Client) serves(l *line, current func() bool) bool {
	build := c.program.Build()
	if build == "" || l.hello.Program == build && current() {
		return true
	}
	l.Close()
	return false
}

// own is a worker for this process alone, which ends with it.
func (c *Client) own(ctx context.Context) (*line, error) {
	dir := filepath.Join(os.TempDir(), "lpft-worker-"+strconv.Itoa(os.Getpid()))
	socket := filepath.Join(dir, "socket")
	if l, err := greet(socket); err == nil {
		return l, nil
	}
	if err := ownFolder(dir); err != nil {
		return nil, err
	}
	if c.program.Build() == "" {
		if err := c.program.Make(ctx, c.Show); err != nil {
			return nil, err
		}
	}
	logFile := filepath.Join(dir, "log")
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log of the worker: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(c.program.Path, "worker", "run", "--build", c.program.Build(), "--socket", socket, "--parent", strconv.Itoa(os.Getpid()))
	cmd.Env = append(environ(os.Environ(), false), "LPFT_HOME="+c.Home)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Home, log, log
	return await(ctx, cmd, socket, logFile)
}

// LogFile is where a resident worker writes what it has to say.
func LogFile(home string) string { return filepath.Join(Folder(home), "log") }

// await starts a worker and waits until it answers.
func await(ctx context.Context, cmd *exec.Cmd, socket, log string) (*line, error) {
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("the worker cannot start: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		l, err := greet(socket)
		if err == nil {
			return l, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case err := <-ended:
			return nil, fmt.Errorf("the worker ended at its start (%v): %s", err, tail(log))
		case <-time.After(look):
		}
	}
}

// tail is the last line of a file.
func tail(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > 1<<12 {
		_, _ = f.Seek(-1<<12, io.SeekEnd)
	}
	text, _ := io.ReadAll(f)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}
