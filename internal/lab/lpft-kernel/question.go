//go:build unix

package main

import (
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"golang.org/x/sys/unix"
)

// questions asks the user when the program waits for input: fmt.Scanln in a cell then asks in the Lab.
// GoNB itself gives a cell's program an input on which nothing ever comes, unless the program says that it wants something.
type questions struct {
	mu    sync.Mutex
	cell  pipe // the program's standard input
	asked bool
}

func newQuestions(cmd *exec.Cmd) (q *questions, err error) {
	q = &questions{}
	if q.cell.r, q.cell.w, err = os.Pipe(); err != nil {
		return nil, err
	}
	cmd.Stdin = q.cell.r
	return q, nil
}

// watch asks whenever the process waits, and passes answers on.
func (q *questions) watch(pid int) {
	go q.answers()
	for range time.Tick(200 * time.Millisecond) {
		q.mu.Lock()
		ask := !q.asked && waitsForInput(pid) && q.empty()
		q.asked = q.asked || ask
		q.mu.Unlock()
		if ask {
			gonbui.RequestInput("", false)
		}
	}
}

// isAsked notes that the program has asked by itself.
func (q *questions) isAsked() {
	q.mu.Lock()
	q.asked = true
	q.mu.Unlock()
}

// answers passes on what GoNB writes: what the user has typed.
func (q *questions) answers() {
	line := make([]byte, 4096)
	for {
		n, err := os.Stdin.Read(line)
		if err != nil {
			return
		}
		q.mu.Lock()
		_, _ = q.cell.w.Write(line[:n])
		q.asked = false
		q.mu.Unlock()
	}
}

// empty says whether the program has read all that there was.
func (q *questions) empty() bool {
	ready := []unix.PollFd{{Fd: int32(q.cell.r.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(ready, 0)
	return err == nil && n == 0
}
