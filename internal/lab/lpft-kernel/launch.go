//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"lpft/internal/atstart"
	"lpft/internal/cellenv"
	"lpft/internal/lab/gopls"
	"lpft/internal/lab/proxy"
	"lpft/lpftlib/kept"
)

const look = 500 * time.Millisecond // how often Jupyter is looked for

// launch serves Jupyter until it asks for the end, is gone, or GoNB is.
func launch(work, home, connection string) error {
	if _, err := os.Stat(filepath.Join(work, "go.mod")); err != nil {
		return fmt.Errorf("the sources that cells are compiled with are not in %s any more: run \"lpft kernel install\" where they are now", work)
	}
	front, err := proxy.ReadConnection(connection)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	p, err := proxy.Listen(ctx, front)
	if err != nil {
		return err
	}
	tmp, err := temporary()
	if err != nil {
		return err
	}
	back, file, err := proxy.NewConnection(tmp, filepath.Base(connection))
	if err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	k, err := startKeeper(tmp, file, work, home)
	if err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	go func() { k.wait(); cancel(errGone) }()
	go watchParent(os.Getppid(), cancel)
	err = p.Serve(ctx, back, proxy.Options{
		Prepare:    []string{"%noautoget"}, // what is not in the project is not fetched behind the user's back
		EndTools:   func() { endTools(k.pid) },
		Interrupts: signals(cancel),
		Code:       gopls.New(ctx, filepath.Join(tmp, "gopls"), work),
		Vars:       kept.Box{Dir: keptFolder(tmp)}.List,
		Log:        os.Stderr,
	})
	cancel(nil) // gopls too
	k.end()
	if errors.Is(err, errLeft) {
		return nil
	}
	return err
}

var (
	errGone = errors.New("GoNB has ended")
	errLeft = errors.New("Jupyter has ended")
)

// signals turns an interrupt into a message and everything else into the end.
func signals(end context.CancelCauseFunc) <-chan struct{} {
	in, out := make(chan os.Signal, 8), make(chan struct{}, 1)
	signal.Notify(in, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for s := range in {
			if s != syscall.SIGINT {
				end(errLeft)
				return
			}
			select {
			case out <- struct{}{}:
			default: // one that nobody has taken yet is enough
			}
		}
	}()
	return out
}

// watchParent ends the kernel when the process that started it is gone.
func watchParent(parent int, end context.CancelCauseFunc) {
	for range time.Tick(look) {
		if os.Getppid() != parent {
			end(errLeft)
			return
		}
	}
}

// longest is how long a folder's path may be for Unix sockets below it: their addresses have 104 bytes on some systems.
const longest = 60

// temporary makes the folder of everything temporary, for this user alone: the sockets, GoNB's files, the compiler's.
func temporary() (string, error) {
	dir := os.TempDir()
	if len(dir) > longest {
		dir = "/tmp"
	}
	tmp, err := os.MkdirTemp(dir, "lpft-")
	if err != nil {
		return "", fmt.Errorf("folder for temporary files: %w; name another in TMPDIR", err)
	}
	return tmp, nil
}

// keptFolder is where cells keep values for each other.
func keptFolder(tmp string) string { return filepath.Join(tmp, "kept") }

// keeper is the process that keeps GoNB.
type keeper struct {
	pid   int
	alive io.Closer // the keeper ends what it keeps when this closes
	ended chan struct{}
}

// startKeeper starts a keeper, and through it GoNB, in a session of their own: signals to the launcher's group do not reach them.
func startKeeper(tmp, connection, work, home string) (*keeper, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	env, err := withTools(environ(os.Environ(), home, tmp), tmp, self)
	if err != nil {
		return nil, err
	}
	env = append(env, cellenv.Program+"="+filepath.Join(filepath.Dir(self), "lpft"), cellenv.Sources+"="+work,
		cellenv.Kernel+"="+strconv.Itoa(os.Getpid()), cellenv.Kept+"="+keptFolder(tmp))
	cmd := exec.Command(self, "-keep", tmp, filepath.Join(filepath.Dir(self), "gonb"), "--kernel", connection, "-raw_error", "-go_work="+work)
	cmd.Env, _ = atstart.Environ(env)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	alive, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("GoNB cannot start: %w", err)
	}
	k := &keeper{pid: cmd.Process.Pid, alive: alive, ended: make(chan struct{})}
	go func() { _ = cmd.Wait(); close(k.ended) }()
	return k, nil
}

func (k *keeper) wait() { <-k.ended }

// end has the keeper end everything, and waits for it.
func (k *keeper) end() {
	_ = k.alive.Close()
	k.wait()
}

// environ prepares a cell's environment: what would break workspace mode goes, and
// temporary files (GoNB's and the compiler's) stay in one folder.
func environ(env []string, home, tmp string) []string {
	out := []string{"TMPDIR=" + tmp}
	hasHome := false
	for _, kv := range env {
		key, value, _ := strings.Cut(kv, "=")
		switch key {
		case "TMPDIR", "GOWORK":
			continue
		case "GOFLAGS":
			kv = "GOFLAGS=" + withoutMod(value)
		case "LPFT_HOME":
			hasHome = hasHome || value != ""
		}
		out = append(out, kv)
	}
	if !hasHome && home != "" {
		out = append(out, "LPFT_HOME="+home)
	}
	return out
}

// withoutMod drops -mod=... from GOFLAGS: a workspace has its own rule for it.
func withoutMod(flags string) string {
	var kept []string
	for _, f := range strings.Fields(flags) {
		if !strings.HasPrefix(f, "-mod=") && !strings.HasPrefix(f, "--mod=") {
			kept = append(kept, f)
		}
	}
	return strings.Join(kept, " ")
}
