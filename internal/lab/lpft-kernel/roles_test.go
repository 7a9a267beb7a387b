//go:build unix

package main

import (
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/stretchr/testify/require"
)

const role = "LPFT_KERNEL_TEST_ROLE"

// The test's program stands for lpft-kernel ("kernel") and for a cell's programs.
func TestMain(m *testing.M) {
	if os.Getenv(role) == "" {
		os.Exit(m.Run())
	}
	if _, err := os.Stat(os.Args[0] + beside); err == nil || filepath.Base(os.Args[0]) == "go" || os.Getenv(role) == "kernel" {
		main()
		return
	}
	switch os.Getenv(role) {
	case "shows":
		gonbui.DisplayHTML("<b>" + os.Args[1] + "</b>")
	case "asks":
		var a, b string
		_, _ = fmt.Scanln(&a)
		_, _ = fmt.Scanln(&b)
		fmt.Print(a, b)
	}
}

// self is this program at a place of its own, with another beside it as a cell's.
func self(t *testing.T, cell string) string {
	t.Helper()
	file, err := os.Executable()
	require.NoError(t, err)
	place := filepath.Join(t.TempDir(), "gonb_0")
	require.NoError(t, os.Symlink(file, place))
	if cell == "" {
		require.NoError(t, os.Symlink(file, place+beside))
	} else {
		require.NoError(t, os.WriteFile(place+beside, []byte("#!/bin/sh\n"+cell), 0o755))
	}
	return place
}

func inRole(name, file string, args ...string) *exec.Cmd {
	cmd := exec.Command(file, args...)
	cmd.Env = append(os.Environ(), role+"="+name)
	return cmd
}

// gonb is GoNB's end of the pipes: it drops what it has not read when the program ends.
type gonb struct {
	cmd       *exec.Cmd
	shown     chan string
	asked     chan struct{}
	closeSoon chan *os.File
}

// pipes gives a command GoNB's two pipes and reads them after wait has returned.
func pipes(t *testing.T, cmd *exec.Cmd, wait func()) *gonb {
	t.Helper()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	require.NoError(t, syscall.Mkfifo(from, 0o600))
	require.NoError(t, syscall.Mkfifo(to, 0o600))
	cmd.Env = append(cmd.Env, protocol.GONB_PIPE_ENV+"="+from, protocol.GONB_PIPE_BACK_ENV+"="+to)
	g := &gonb{cmd: cmd, shown: make(chan string, 10), asked: make(chan struct{}, 10), closeSoon: make(chan *os.File, 1)}
	back := make(chan *os.File, 1)
	go func() {
		if w, err := os.OpenFile(to, os.O_WRONLY, 0); err == nil {
			back <- w
		}
	}()
	go func() {
		r, err := os.Open(from)
		if err != nil {
			return
		}
		g.closeSoon <- r
		wait()
		g.read(r, <-back)
	}()
	return g
}

func (g *gonb) read(r io.Reader, w io.Writer) {
	decoder, encoder := gob.NewDecoder(r), gob.NewEncoder(w)
	for {
		var data protocol.DisplayData
		if decoder.Decode(&data) != nil {
			return
		}
		if value, ok := data.Data[protocol.MIMECommValue].(protocol.CommValue); ok {
			_ = encoder.Encode(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: value.Value})
		}
		if html, ok := data.Data[protocol.MIMETextHTML].(string); ok {
			g.shown <- html
		}
		if _, ok := data.Data[protocol.MIMEJupyterInput]; ok {
			g.asked <- struct{}{}
		}
	}
}

// run runs the command and then closes the pipe, as GoNB does.
func (g *gonb) run(t *testing.T) {
	t.Helper()
	out, err := g.cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	(<-g.closeSoon).Close()
}

// Fifty programs that show something and end at once, before a GoNB that is slow to read.
func TestShortProgramsLoseNothing(t *testing.T) {
	place := self(t, "")
	for i := range 50 {
		text := fmt.Sprint("number ", i)
		g := pipes(t, inRole("shows", place, text), func() { time.Sleep(time.Duration(i%3) * 10 * time.Millisecond) })
		g.run(t)
		require.Equal(t, "<b>"+text+"</b>", <-g.shown)
	}
}

// The same without lpft-kernel between: this is what is mended, and if it did not happen here the test above would prove nothing.
func TestShortProgramsAloneLoseWhatTheyShow(t *testing.T) {
	closed := make(chan struct{})
	g := pipes(t, inRole("shows", self(t, "")+beside, "lost"), func() { <-closed })
	g.run(t)
	close(closed)
	time.Sleep(100 * time.Millisecond)
	require.Empty(t, g.shown)
}

func TestScanlnAsks(t *testing.T) {
	if _, err := os.Stat("/proc/self/syscall"); err != nil {
		t.Skip("whether a program waits for input is known from /proc, which this system lacks")
	}
	cmd := inRole("asks", self(t, ""))
	g := pipes(t, cmd, func() {})
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	go func() {
		for _, answer := range []string{"a\n", "b\n"} {
			<-g.asked
			_, _ = io.WriteString(in, answer)
		}
	}()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "ab", string(out))
	require.Empty(t, g.asked, "each line is asked for once")
}

func TestACellsEnd(t *testing.T) {
	cmd := inRole("kernel", self(t, "printf 'part ' >&2; sleep 0.01; echo whole >&2; exit 3"))
	out, err := cmd.CombinedOutput()
	require.Equal(t, "part whole\n", string(out))
	require.EqualError(t, err, "exit status 3")

	out, err = inRole("kernel", self(t, "kill -SEGV $$")).CombinedOutput()
	require.Equal(t, "signal: segmentation fault\n", string(out))
	require.EqualError(t, err, "exit status 139")
	_, err = inRole("kernel", self(t, "kill -KILL $$")).CombinedOutput()
	require.EqualError(t, err, "signal: killed")

	cmd = inRole("kernel", self(t, "trap 'echo saved; exit 0' INT; echo ready; while :; do sleep 0.05; done"))
	r, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	said := make([]byte, 6)
	_, err = io.ReadFull(r, said)
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "saved\n", string(rest))
	require.NoError(t, cmd.Wait())
}

func TestLinesStayWhole(t *testing.T) {
	r, w := io.Pipe()
	var written writes
	done := make(chan struct{})
	go func() { copyLines(&written, r); close(done) }()
	for _, part := range []string{"\t/tmp/", "main.go", ":", "12\nno end"} {
		_, _ = io.WriteString(w, part)
	}
	time.Sleep(150 * time.Millisecond)
	_, _ = io.WriteString(w, "\n")
	w.Close()
	<-done
	require.Equal(t, writes{"\t/tmp/main.go:12\n", "no end", "\n"}, written)
}

type writes []string

func (w *writes) Write(p []byte) (int, error) {
	if len(p) > 0 {
		*w = append(*w, string(p))
	}
	return len(p), nil
}

func TestGoBuildsBeside(t *testing.T) {
	dir := t.TempDir()
	real := filepath.Join(dir, "real-go")
	require.NoError(t, os.WriteFile(real, []byte("#!/bin/sh\necho \"$@\"\n"), 0o755))
	file, err := os.Executable()
	require.NoError(t, err)
	bin := t.TempDir()
	env, err := withTools(nil, bin, file)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(env[1], "PATH="+filepath.Join(bin, "bin")+":"))
	tool := filepath.Join(bin, "bin", "go")
	out := filepath.Join(dir, "gonb_1")
	linked := strings.Join(linkedFast([]string{""}), " ") // the flags that are put in, if any here
	for args, want := range map[string]string{
		"build -o " + out:           "build" + linked + " -o " + out + ".cell\n",
		"test -c -o " + out + " -v": "test" + linked + " -c -o " + out + ".cell -v\n",
		"build -o elsewhere":        "build -o elsewhere\n",
		"env GOROOT":                "env GOROOT\n",
	} {
		cmd := inRole("kernel", tool, strings.Fields(args)...)
		cmd.Env = append(cmd.Env, realGo+"="+real, protocol.GONB_TMP_DIR_ENV+"="+dir)
		said, err := cmd.CombinedOutput()
		require.NoError(t, err)
		require.Equal(t, want, string(said))
	}
	at, err := os.Readlink(out)
	require.NoError(t, err)
	require.Equal(t, file, at, "GoNB finds what runs the program where it expects the program")
}

// The keeper ends what its command has started, also in sessions of its own, and removes the folder: when the launcher
// is gone (standard input ends), and when the command is.
func TestKeeperLeavesNothing(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("finds processes in /proc, which this system lacks")
	}
	file, err := os.Executable()
	require.NoError(t, err)
	for _, command := range []string{"sleep 3600", "exit 0"} {
		tmp := filepath.Join(t.TempDir(), "tmp")
		require.NoError(t, os.Mkdir(tmp, 0o700))
		sleep := fmt.Sprintf("36%d", os.Getpid()) // seconds, and a mark
		cmd := inRole("kernel", file, "-keep", tmp, "sh", "-c", "setsid sleep "+sleep+" & (trap '' TERM; sleep "+sleep+"; :) & sleep 0.3; "+command)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool { return sleepers(t, sleep) == 2 }, 5*time.Second, 10*time.Millisecond)
		if command != "exit 0" {
			in.Close()
		}
		_ = cmd.Wait()
		require.Zero(t, sleepers(t, sleep))
		require.NoDirExists(t, tmp)
	}
}

func sleepers(t *testing.T, seconds string) (n int) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && string(text) == "sleep\x00"+seconds+"\x00" {
			n++
		}
	}
	return n
}
