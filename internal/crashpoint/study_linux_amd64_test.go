package crashpoint_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/internal/crashpoint"
	"lpft/internal/module"
	"lpft/lpftlib/store"
)

// faulty is a whole study, that of the smoke profile's tiny model, which the tests below disturb.
type faulty struct {
	program string
	want    string // what it prints
}

func newFaulty(t *testing.T) *faulty {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program: not with -short")
	}
	built, err := program()
	require.NoError(t, err)
	f := &faulty{program: built}
	undisturbed.once.Do(func() { undisturbed.want = f.finish(t, t.TempDir(), "undisturbed") })
	f.want = undisturbed.want
	return f
}

// program builds lpft, once for all tests, in a folder that TestMain removes.
var program = sync.OnceValues(func() (string, error) {
	built := filepath.Join(folder, "lpft")
	build := exec.Command("go", "build", "-o", built, "lpft/cmd/lpft")
	build.Env = module.BuildEnv()
	out, err := build.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return built, err
})

var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "lpft-faults-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	_ = os.RemoveAll(folder) // what is left there the system removes
	os.Exit(status)
}

// undisturbed is what the study prints, found once for all tests.
var undisturbed struct {
	once sync.Once
	want string
}

func (f *faulty) command(home string, args ...string) *exec.Cmd {
	cmd := exec.Command(f.program, args...)
	cmd.Env = append(os.Environ(), "LPFT_HOME="+home, "GOMLX_BACKEND=go", "LPFT_DATA=", "LPFT_MODELS=", "LPFT_SEEDS=", "HF_HUB_OFFLINE=1",
		"GOMAXPROCS=1") // fewer calls to watch
	return cmd
}

// study is the command that is disturbed and repeated.
func (f *faulty) study(home string) *exec.Cmd {
	return f.command(home, "run", "--profile", "smoke", "--task", "toy", "--method", "lp,ft,lpft", "--seed", "1", "--format", "json")
}

// finish runs the study to its end.
func (f *faulty) finish(t *testing.T, home, after string) string {
	t.Helper()
	cmd := f.study(home)
	var out, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &messages
	require.NoError(t, cmd.Run(), "%s: %s", after, messages.String())
	return out.String()
}

// sound wants a store without a damaged artefact.
func sound(t *testing.T, home, after string) {
	t.Helper()
	st, err := store.Open(filepath.Join(home, "store"))
	require.NoError(t, err)
	_, bad := st.Verify(func(*store.Artefact) {})
	require.NoError(t, errors.Join(bad...), after)
}

// points is how many faults of a kind are tried: a few as an ordinary test, LPFT_FAULTS of them where it is set.
func points(t *testing.T, few int) int {
	t.Helper()
	text := os.Getenv("LPFT_FAULTS")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "LPFT_FAULTS: expected a number")
	return n
}

// Killed at calls that change the disk, evenly spread over a whole study, and with a disk that is full from there on: the
// same command ends with the numbers of an undisturbed study. A study may end well all the same: the clock decides on a few calls, so that
// there may be fewer than were counted, and the last ones tidy up.
func TestCrashPointsOfAStudy(t *testing.T) {
	f := newFaulty(t)
	cmd := f.study(t.TempDir())
	seen, err := crashpoint.Run(cmd, crashpoint.Fault{})
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSYS) {
		t.Skipf("system calls cannot be watched here: %v", err)
	}
	require.NoError(t, err)
	require.Greater(t, seen, 200)
	tries := min(points(t, 1), seen)
	for name, errno := range map[string]syscall.Errno{"killed": 0, "full": syscall.ENOSPC} {
		t.Run(name, func(t *testing.T) {
			endedWell := 0
			for i := range tries {
				at := 1 + i*seen/tries + seen/(2*tries)
				home := t.TempDir()
				study := f.study(home)
				var out bytes.Buffer
				study.Stdout = &out
				calls, err := crashpoint.Run(study, crashpoint.Fault{At: at, Fail: errno})
				if err == nil {
					require.True(t, errno != 0 || calls < at, "killed at call %d, and yet it ended well", at)
					require.Greater(t, at, seen*95/100, "call %d: the disk was full, and nobody noticed", at)
					require.Equal(t, f.want, out.String(), "call %d of %d", at, seen)
					endedWell++
				}
				require.Equal(t, f.want, f.finish(t, home, name), "call %d of %d", at, seen)
				sound(t, home, name)
				require.NoError(t, os.RemoveAll(home))
			}
			t.Logf("%s at %d of %d calls that change the disk: 0 lost, 0 wrong; %d studies ended well all the same", name, tries, seen, endedWell)
		})
	}
}

// A flipped bit in any kind of file of a finished study is found, and the same command ends with the same numbers.
func TestFlippedBitsOfAStudy(t *testing.T) {
	f := newFaulty(t)
	whole := t.TempDir()
	f.finish(t, whole, "undisturbed")
	files := kindsOfFiles(t, filepath.Join(whole, "store"))
	require.Greater(t, len(files), 8)
	rng := rand.New(rand.NewPCG(1, 8))
	tries := points(t, 2)
	found := 0
	for i := range tries {
		list := files[i%len(files)]
		name := list[rng.IntN(len(list))]
		home := t.TempDir()
		require.NoError(t, os.CopyFS(home, os.DirFS(whole)))
		path := filepath.Join(home, "store", name)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		data[rng.IntN(len(data))] ^= 1 << rng.IntN(8)
		require.NoError(t, os.WriteFile(path, data, 0o644))
		var out bytes.Buffer
		verify := f.command(home, "store", "verify", "--quiet")
		verify.Stdout = &out
		if verify.Run() != nil {
			found++
			require.Contains(t, out.String(), "damaged: ", name)
		} else {
			require.Equal(t, f.want, f.finish(t, home, name), "%s: unnoticed", name) // a bit that means nothing, such as white space
		}
		require.Equal(t, f.want, f.finish(t, home, name), name)
		require.NoError(t, f.command(home, "store", "clean", "--damaged").Run(), name) // what the study did not want again
		sound(t, home, name)
		require.Equal(t, f.want, f.finish(t, home, name), name)
	}
	t.Logf("%d flipped bits in files of %d kinds: %d found by lpft store verify, 0 wrong results", tries, len(files), found)
}

// kindsOfFiles are the store's artefact files, by kind of artefact and file name.
func kindsOfFiles(t *testing.T, dir string) (out [][]string) {
	t.Helper()
	by := map[string][]string{}
	var order []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		parts := strings.Split(filepath.ToSlash(name), "/")
		if len(parts) < 3 || strings.HasPrefix(name, ".") {
			return nil // the log, locks
		}
		kind := parts[0] + "/" + strings.Join(parts[2:], "/")
		if by[kind] == nil {
			order = append(order, kind)
		}
		by[kind] = append(by[kind], name)
		return nil
	}))
	for _, kind := range order {
		out = append(out, by[kind])
	}
	return out
}

// Three processes that want one study at once all print its numbers; one of them is stopped for a while, with whatever
// locks it holds.
func TestProcessesAtOnce(t *testing.T) {
	f := newFaulty(t)
	home := t.TempDir()
	type ended struct {
		out string
		err error
	}
	results := make(chan ended, 3)
	for i := range 3 {
		cmd := f.study(home)
		var out bytes.Buffer
		cmd.Stdout = &out
		require.NoError(t, cmd.Start())
		if i == 0 {
			require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
			go func() { _ = exec.Command("sleep", "1").Run(); _ = cmd.Process.Signal(syscall.SIGCONT) }()
		}
		go func() { err := cmd.Wait(); results <- ended{out.String(), err} }()
	}
	for range 3 {
		r := <-results
		require.NoError(t, r.err)
		require.Equal(t, f.want, r.out)
	}
	sound(t, home, "three at once")
}

// A second interrupt ends the program although it still works on the first.
func TestSecondInterrupt(t *testing.T) {
	f := newFaulty(t)
	for range 3 {
		cmd := f.study(t.TempDir())
		said, err := cmd.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		_, err = said.Read(make([]byte, 1)) // it has begun
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		_ = exec.Command("sleep", "0.05").Run()
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended already
		require.Error(t, cmd.Wait())
	}
}
