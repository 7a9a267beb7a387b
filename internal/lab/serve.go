package lab

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

//go:embed server.py
var server string

// LabOptions says how to serve JupyterLab.
type LabOptions struct {
	Host        string // address to listen on; "": 127.0.0.1 (a container needs 0.0.0.0)
	Port        int    // 0: 8888, or any free one when that is taken
	NotebookDir string // the folder that the Lab shows; "": the module's root
	Default     string // the notebook to open, relative to NotebookDir; "": none
	Browser     bool   // open the user's browser

	// Ready is told the address to open, token included, once the server answers.
	Ready func(url string)
}

// Lab serves JupyterLab until ctx is cancelled, which is no error, or until it stops by itself.
func (e *Env) Lab(ctx context.Context, o LabOptions) error {
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	if o.NotebookDir == "" {
		o.NotebookDir = e.ModuleRoot
	}
	port, err := freePort(o.Host, o.Port)
	if err != nil {
		return err
	}
	return e.serve(ctx, o, port)
}

// Complete builds what an open Lab can wait for: lpft, which computes for cells, and the program that completes code in them.
// After it nothing is left that needs a network. Lab does it by itself once it is open.
func (e *Env) Complete(ctx context.Context) error {
	if err := e.buildWorker(ctx); err != nil {
		return err
	}
	want, err := wantedStamps(e.ModuleRoot)
	if err != nil || e.stamp(goplsStamp) == want.tools {
		return err
	}
	return e.buildGopls(ctx, want.tools)
}

// tryComplete is Complete where a failure is told, and is no error unless ctx was cancelled: cells run without what completes
// them, and the first one that computes builds what it needs or says why it cannot.
func (e *Env) tryComplete(ctx context.Context) error {
	err := e.Complete(ctx)
	if err != nil && ctx.Err() == nil {
		e.progress(fmt.Sprintf("not all that cells use is there: %v", err))
	}
	return ctx.Err()
}

// serve runs the server in a process of its own and waits for its end.
func (e *Env) serve(ctx context.Context, o LabOptions, port int) error {
	own, err := e.newScratch()
	if err != nil {
		return err
	}
	defer own.end()
	log, err := e.logFile("lab-*.log")
	if err != nil {
		return err
	}
	defer log.Close()
	token := rand.Text()
	cmd := e.command(ctx, []string{
		"JUPYTER_TOKEN=" + token, // not among the arguments, which other users can see
		"PATH=" + e.path("lab-bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"GOPLSCACHE=" + e.path("lab-bin", "cache"),
		own.environ(),
	}, append([]string{"-c", server}, labArgs(o, port)...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // an interrupt would ask a question
	alive, err := cmd.StdinPipe()                                            // closes when this process ends, however it ends
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("JupyterLab cannot start: %w", err)
	}
	defer alive.Close()
	ended := make(chan struct{})
	completing, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() {
		address, ok := awaitLab(o.Host, port, token, o.Default, ended)
		if ok && o.Ready != nil {
			o.Ready(address)
		}
		if ok {
			_ = e.tryComplete(completing) // it has said why, and cells run without
		}
	})
	err = cmd.Wait()
	close(ended)
	stop()
	beside.Wait()
	if ctx.Err() != nil {
		return errors.Join(log.Close(), os.Remove(log.Name()))
	}
	if err != nil {
		return fmt.Errorf("JupyterLab stopped: %s (all it said: %s)", lastLine(tail(log.Name()), err.Error()), log.Name())
	}
	return nil
}

// Loopback says whether only programs of this machine reach an address that a server listens on.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || host == "localhost" || ip != nil && ip.IsLoopback()
}

// labArgs are the server's arguments.
func labArgs(o LabOptions, port int) []string {
	args := []string{
		"--ServerApp.ip=" + o.Host,
		"--ServerApp.port=" + strconv.Itoa(port),
		"--ServerApp.root_dir=" + o.NotebookDir,
	}
	if o.Default != "" {
		args = append(args, "--LabApp.default_url="+labPath(o.Default))
	}
	if !o.Browser {
		args = append(args, "--no-browser")
	}
	if os.Geteuid() == 0 {
		args = append(args, "--allow-root") // in a container
	}
	return args
}

// labPath is the path at which the Lab opens a notebook.
func labPath(notebook string) string {
	u := url.URL{Path: path.Join("/lab/tree", filepath.ToSlash(notebook))}
	return u.EscapedPath()
}

// freePort checks the wanted port, or finds one when the user does not care.
func freePort(host string, want int) (int, error) {
	choices := []int{want}
	if want == 0 {
		choices = []int{8888, 0}
	}
	var last error
	for _, port := range choices {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			last = err
			continue
		}
		defer l.Close()
		return l.Addr().(*net.TCPAddr).Port, nil
	}
	if errors.Is(last, syscall.EADDRINUSE) {
		return 0, fmt.Errorf("port %d on %s is in use by another program: stop it or choose another port", want, host)
	}
	return 0, fmt.Errorf("JupyterLab cannot listen on %s port %d: %w", host, want, last)
}

// awaitLab asks the server until it answers, and returns the address for a browser.
func awaitLab(host string, port int, token, notebook string, ended <-chan struct{}) (string, bool) {
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	base := "http://" + net.JoinHostPort(host, strconv.Itoa(port))
	client := http.Client{Timeout: 2 * time.Second}
	for {
		request, err := http.NewRequest(http.MethodGet, base+"/api/status", nil)
		if err != nil {
			return "", false
		}
		request.Header.Set("Authorization", "token "+token)
		if answer, err := client.Do(request); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return base + labPath(notebook) + "?token=" + token, true
			}
		}
		select {
		case <-ended:
			return "", false
		case <-time.After(200 * time.Millisecond):
		}
	}
}
