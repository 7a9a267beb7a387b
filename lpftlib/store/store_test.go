package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/npy"
)

func open(t testing.TB) *Store {
	s, err := Open(filepath.Join(t.TempDir(), "home", "store"))
	require.NoError(t, err)
	return s
}

func step(seed int) Step {
	return Step{Kind: "probe", Version: 1, Inputs: map[string]int{"seed": seed}, Label: fmt.Sprint("LP cb, seed ", seed)}
}

// counted is a step's function that counts its calls and writes one file of each sort.
func counted(calls *atomic.Int32) func(context.Context, *Work) error {
	return func(_ context.Context, w *Work) error {
		calls.Add(1)
		w.SetProvenance(map[string]string{"backend": "go"})
		return errors.Join(
			w.WriteJSON("result.json", map[string]float64{"accuracy": 0.5}),
			w.WriteNpy("arrays/weight.npy", []int{2, 2}, []float32{1, 2, 3, 4}),
			w.WriteNpz("kernel.npz", []npy.NamedArray{{Name: "gram", Shape: []int{1}, Data: []float64{7}}}),
			os.WriteFile(filepath.Join(w.Dir(), "model.safetensors"), []byte("weights"), 0o644),
		)
	}
}

func whats(t testing.TB, s *Store) []string {
	events, err := s.Log()
	require.NoError(t, err)
	var out []string
	for _, e := range events {
		out = append(out, e.What)
	}
	return out
}

func isEmpty(t testing.TB, dir string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries, dir)
}

func TestDoComputesOnce(t *testing.T) {
	s := open(t)
	var calls atomic.Int32
	_, ok, err := s.Lookup(step(1))
	require.NoError(t, err)
	require.False(t, ok)

	a, err := s.Do(t.Context(), step(1), counted(&calls))
	require.NoError(t, err)
	require.False(t, a.Reused)
	b, err := s.Do(t.Context(), step(1), counted(&calls))
	require.NoError(t, err)
	require.True(t, b.Reused)
	require.EqualValues(t, 1, calls.Load())

	key, err := step(1).Key()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(s.Dir(), "probe", key[:16]), b.Dir)
	require.Equal(t, key, b.Key)
	require.Equal(t, "LP cb, seed 1", b.Manifest.Label)
	require.JSONEq(t, `{"seed":1}`, string(b.Manifest.Inputs))
	require.JSONEq(t, `{"backend":"go"}`, string(b.Manifest.Provenance))
	require.Equal(t, a.Manifest.Files, b.Manifest.Files)
	require.Len(t, b.Manifest.Files, 4)
	require.WithinDuration(t, time.Now(), b.Manifest.Finished, time.Minute)

	var result map[string]float64
	require.NoError(t, b.ReadJSON("result.json", &result))
	require.Equal(t, 0.5, result["accuracy"])
	weight, err := b.ReadNpy("arrays/weight.npy")
	require.NoError(t, err)
	require.Equal(t, &npy.Array{Shape: []int{2, 2}, Float32: []float32{1, 2, 3, 4}}, weight)
	kernel, err := b.ReadNpz("kernel.npz")
	require.NoError(t, err)
	require.Equal(t, []float64{7}, kernel["gram"].Float64)
	require.FileExists(t, b.Path("model.safetensors"))

	_, err = s.Do(t.Context(), step(2), counted(&calls))
	require.NoError(t, err)
	require.EqualValues(t, 2, calls.Load(), "another input is another artefact")
	require.Equal(t, []string{Computed, Reused, Computed}, whats(t, s))
	isEmpty(t, filepath.Join(s.Dir(), stagingDir))
	isEmpty(t, filepath.Join(s.Dir(), resumeDir))
}

// TestInputsMayChangeMeanwhile: the manifest holds the inputs that made the key.
func TestInputsMayChangeMeanwhile(t *testing.T) {
	s := open(t)
	in := map[string]int{"seed": 1}
	_, err := s.Do(t.Context(), Step{Kind: "probe", Inputs: in}, func(_ context.Context, w *Work) error {
		in["seed"] = 2
		return nil
	})
	require.NoError(t, err)
	a, ok, err := s.Lookup(Step{Kind: "probe", Inputs: map[string]int{"seed": 1}})
	require.NoError(t, err)
	require.True(t, ok)
	require.JSONEq(t, `{"seed":1}`, string(a.Manifest.Inputs))
}

func TestFailuresPublishNothing(t *testing.T) {
	var nothing *int
	cause := errors.New("loss is not a number")
	for name, c := range map[string]struct {
		fn   func(context.Context, *Work) error
		want string
	}{
		"error":       {func(context.Context, *Work) error { return cause }, "LP cb, seed 1 (probe "},
		"panic":       {func(context.Context, *Work) error { panic(cause) }, "panic at store_test.go:"},
		"nil pointer": {func(context.Context, *Work) error { *nothing = 1; return nil }, "panic at store_test.go:"},
		"link":        {func(_ context.Context, w *Work) error { return os.Symlink("/", filepath.Join(w.Dir(), "l")) }, "is not a plain file"},
		"own manifest": {func(_ context.Context, w *Work) error {
			return os.WriteFile(filepath.Join(w.Dir(), manifestName), nil, 0o644)
		}, "store's own file"},
		"outside":    {func(_ context.Context, w *Work) error { return w.WriteJSON("../x.json", 1) }, "cannot name a file"},
		"provenance": {func(_ context.Context, w *Work) error { w.SetProvenance(func() {}); return nil }, "provenance: "},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			_, err := s.Do(t.Context(), step(1), func(ctx context.Context, w *Work) error {
				require.NoError(t, w.WriteJSON("half.json", 1))
				require.NoError(t, os.WriteFile(filepath.Join(w.ResumeDir(), "step-1"), []byte("1"), 0o644))
				return c.fn(ctx, w)
			})
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
			if name == "error" || name == "panic" {
				require.ErrorIs(t, err, cause)
			}
			_, ok, err := s.Lookup(step(1))
			require.NoError(t, err)
			require.False(t, ok)
			isEmpty(t, filepath.Join(s.Dir(), stagingDir))

			_, err = s.Do(t.Context(), step(1), func(_ context.Context, w *Work) error {
				require.FileExists(t, filepath.Join(w.ResumeDir(), "step-1"))
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, []string{Resumed, Computed}, whats(t, s))
			isEmpty(t, filepath.Join(s.Dir(), resumeDir))
		})
	}
}

// TestGoexitReleases: a computation that ends its goroutine (as a failing test does) must not
// keep the lock.
func TestGoexitReleases(t *testing.T) {
	s := open(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.Do(context.Background(), step(1), func(context.Context, *Work) error { runtime.Goexit(); return nil })
	}()
	<-done
	var calls atomic.Int32
	_, err := s.Do(t.Context(), step(1), counted(&calls))
	require.NoError(t, err)
}

func TestCancelled(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Do(ctx, step(1), func(context.Context, *Work) error {
		cancel()
		return errors.New("stopped at step 3")
	})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "stopped at step 3")
	_, err = s.Do(ctx, step(1), func(context.Context, *Work) error { t.Error("started"); return nil })
	require.ErrorIs(t, err, context.Canceled)
}

func TestStepThatNeedsItself(t *testing.T) {
	s := open(t)
	_, err := s.Do(t.Context(), step(1), func(ctx context.Context, _ *Work) error {
		_, err := s.Do(ctx, step(2), func(ctx context.Context, _ *Work) error {
			_, err := s.Do(ctx, step(1), func(context.Context, *Work) error { return nil })
			return err
		})
		return err
	})
	require.ErrorContains(t, err, "needs itself")
}

// TestGoroutinesShare: many goroutines and two handles, one computation.
func TestGoroutinesShare(t *testing.T) {
	s := open(t)
	other, err := Open(s.Dir())
	require.NoError(t, err)
	var calls, computed, waits atomic.Int32
	for _, h := range []*Store{s, other} {
		h.OnWait(func(w Wait) {
			if w.Over {
				return
			}
			waits.Add(1)
			if w.Label != "LP cb, seed 1" || w.PID != os.Getpid() {
				t.Errorf("waits for %q of process %d", w.Label, w.PID)
			}
		})
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			a, err := []*Store{s, other}[i%2].Do(t.Context(), step(1), func(ctx context.Context, w *Work) error {
				for waits.Load() < 7 { // until all others wait
					time.Sleep(time.Millisecond)
				}
				return counted(&calls)(ctx, w)
			})
			if err != nil {
				t.Error(err)
			} else if !a.Reused {
				computed.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, calls.Load())
	require.EqualValues(t, 1, computed.Load())
	count := map[string]int{}
	for _, what := range whats(t, s) {
		count[what]++
	}
	require.Equal(t, map[string]int{Computed: 1, Waited: 7, Reused: 7}, count)
}

func TestWaitIsCancelled(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	var over []bool
	s.OnWait(func(w Wait) { over = append(over, w.Over); cancel() })
	_, err := s.Do(t.Context(), step(1), func(context.Context, *Work) error {
		_, err := s.Do(ctx, step(1), func(context.Context, *Work) error { t.Error("computed"); return nil })
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, fmt.Sprintf("while process %d computes it", os.Getpid()))
		require.Equal(t, []bool{false, true}, over)
		return nil
	})
	require.NoError(t, err)
}

// TestTampering alters a finished artefact in every way and expects its name, then a new one.
func TestTampering(t *testing.T) {
	write := func(name, text string) func(*testing.T, *Artefact) string {
		return func(t *testing.T, a *Artefact) string {
			require.NoError(t, os.WriteFile(a.Path(name), []byte(text), 0o644))
			return a.Path(name)
		}
	}
	edit := func(name string, change func([]byte) []byte) func(*testing.T, *Artefact) string {
		return func(t *testing.T, a *Artefact) string {
			text, err := os.ReadFile(a.Path(name))
			require.NoError(t, err)
			return write(name, string(change(text)))(t, a)
		}
	}
	for name, harm := range map[string]func(*testing.T, *Artefact) string{
		"torn file":      edit("arrays/weight.npy", func(b []byte) []byte { return b[:len(b)-1] }),
		"longer file":    edit("result.json", func(b []byte) []byte { return append(b, ' ') }),
		"one bit":        edit("arrays/weight.npy", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }),
		"empty file":     write("model.safetensors", ""),
		"torn manifest":  edit(manifestName, func(b []byte) []byte { return b[:len(b)/2] }),
		"empty manifest": write(manifestName, ""),
		"other JSON":     write(manifestName, "[1]"),
		"null manifest":  write(manifestName, "null"),
		"edited manifest": edit(manifestName, func(b []byte) []byte {
			return []byte(replaceOnce(t, string(b), `"backend": "go"`, `"backend": "xla:cuda"`))
		}),
		"added field":   edit(manifestName, func(b []byte) []byte { return []byte(replaceOnce(t, string(b), "{", `{"verdict": "match",`)) }),
		"edited inputs": edit(manifestName, func(b []byte) []byte { return []byte(replaceOnce(t, string(b), `"seed": 1`, `"seed": 2`)) }),
		"missing file": func(t *testing.T, a *Artefact) string {
			require.NoError(t, os.Remove(a.Path("kernel.npz")))
			return a.Path("kernel.npz")
		},
		"missing manifest": func(t *testing.T, a *Artefact) string {
			require.NoError(t, os.Remove(a.Path(manifestName)))
			return a.Path(manifestName)
		},
		"link": func(t *testing.T, a *Artefact) string {
			require.NoError(t, os.Rename(a.Path("result.json"), a.Dir+".elsewhere"))
			require.NoError(t, os.Symlink(a.Dir+".elsewhere", a.Path("result.json")))
			return a.Path("result.json")
		},
		"a file in its place": func(t *testing.T, a *Artefact) string {
			require.NoError(t, os.RemoveAll(a.Dir))
			require.NoError(t, os.WriteFile(a.Dir, nil, 0o644))
			return a.Dir
		},
		"another's artefact": func(t *testing.T, a *Artefact) string {
			require.NoError(t, os.RemoveAll(a.Dir))
			key, err := step(2).Key()
			require.NoError(t, err)
			require.NoError(t, os.CopyFS(a.Dir, os.DirFS(filepath.Join(filepath.Dir(a.Dir), key[:16]))))
			return a.Path(manifestName)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			var calls atomic.Int32
			for seed := range 2 {
				_, err := s.Do(t.Context(), step(seed+1), counted(&calls))
				require.NoError(t, err)
			}
			a, _, err := s.Lookup(step(1))
			require.NoError(t, err)
			file := harm(t, a)

			_, ok, err := s.Lookup(step(1))
			require.False(t, ok)
			var refused *RefusedError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, file, refused.File)
			require.Contains(t, err.Error(), file)

			again, err := s.Do(t.Context(), step(1), counted(&calls))
			require.NoError(t, err)
			require.False(t, again.Reused)
			require.EqualValues(t, 3, calls.Load())
			_, err = os.Lstat(a.Dir + ".bad-1")
			require.NoError(t, err, "the bad artefact is kept aside")
			require.Equal(t, []string{Computed, Computed, Refused, Computed}, whats(t, s))
			_, ok, err = s.Lookup(step(1))
			require.NoError(t, err)
			require.True(t, ok)
		})
	}
}

func TestBadArtefactsAreAllKept(t *testing.T) {
	s := open(t)
	var calls atomic.Int32
	for n := 1; n <= 3; n++ {
		a, err := s.Do(t.Context(), step(1), counted(&calls))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(a.Path("result.json"), nil, 0o644))
		if n > 1 {
			require.DirExists(t, fmt.Sprintf("%s.bad-%d", a.Dir, n-1))
		}
	}
}

// TestReadChecksAgain: what changes after the artefact was opened is refused as well, and a
// file that is not the artefact's is never read.
func TestReadChecksAgain(t *testing.T) {
	s := open(t)
	var calls atomic.Int32
	a, err := s.Do(t.Context(), step(1), counted(&calls))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(a.Path("result.json"), []byte(`{"accuracy":0.9}`), 0o644))
	require.NoError(t, os.WriteFile(a.Path("foreign.json"), []byte(`{}`), 0o644))
	require.NoError(t, os.Remove(a.Path("kernel.npz")))
	var v any
	var refused *RefusedError
	require.ErrorAs(t, a.ReadJSON("result.json", &v), &refused)
	require.ErrorAs(t, a.ReadJSON("foreign.json", &v), &refused)
	require.Equal(t, a.Path("foreign.json"), refused.File)
	_, err = a.ReadNpz("kernel.npz")
	require.ErrorAs(t, err, &refused)
	require.Nil(t, v)
}

// TestLargeFiles: a large file is hashed on first load, and again when it has changed.
func TestLargeFiles(t *testing.T) {
	s := open(t)
	a, err := s.Do(t.Context(), step(1), func(_ context.Context, w *Work) error {
		return w.WriteNpy("phi.npy", []int{large / 4}, make([]float32, large/4))
	})
	require.NoError(t, err)
	for range 2 {
		_, ok, err := s.Lookup(step(1))
		require.NoError(t, err)
		require.True(t, ok)
	}
	before, err := os.Stat(a.Path("phi.npy"))
	require.NoError(t, err)
	f, err := os.OpenFile(a.Path("phi.npy"), os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{1}, large/2)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, os.Chtimes(a.Path("phi.npy"), time.Time{}, before.ModTime()))
	_, _, err = s.Lookup(step(1))
	require.NoError(t, err, "size and time are as they were: not hashed again")
	_, err = a.ReadNpy("phi.npy")
	require.ErrorContains(t, err, "phi.npy is torn or altered")
	fresh, err := Open(s.Dir())
	require.NoError(t, err)
	_, _, err = fresh.Lookup(step(1))
	require.ErrorContains(t, err, "phi.npy is torn or altered")
	require.NoError(t, os.Chtimes(a.Path("phi.npy"), time.Time{}, time.Now().Add(time.Second)))
	_, _, err = s.Lookup(step(1))
	require.ErrorContains(t, err, "phi.npy is torn or altered")
}

func TestOpenRefuses(t *testing.T) {
	_, err := Open("")
	require.ErrorContains(t, err, "no folder")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err = Open(filepath.Join(file, "store"))
	require.ErrorContains(t, err, "cannot be written")
	require.ErrorContains(t, err, "LPFT_HOME")
	require.NotContains(t, err.Error(), "\n")
}

func TestOpenRefusesReadOnly(t *testing.T) {
	s := open(t)
	require.NoError(t, os.Chmod(filepath.Join(s.Dir(), locksDir), 0o555))
	if f, err := os.CreateTemp(filepath.Join(s.Dir(), locksDir), "x"); err == nil {
		f.Close()
		t.Skip("this user may write into read-only folders")
	}
	_, err := Open(s.Dir())
	require.ErrorContains(t, err, "cannot be written")
}

// TestSweep: Open removes what nobody owns, and nothing that somebody does.
func TestSweep(t *testing.T) {
	s := open(t)
	_, err := s.Do(t.Context(), step(1), func(context.Context, *Work) error {
		for _, name := range []string{"probe-0123456789abcdef", "fine-tune-0123456789abcdef"} {
			require.NoError(t, os.MkdirAll(filepath.Join(s.Dir(), stagingDir, name, "deep"), 0o755))
			require.NoError(t, os.MkdirAll(filepath.Join(s.Dir(), resumeDir, name), 0o755))
		}
		before, err := os.ReadDir(filepath.Join(s.Dir(), stagingDir))
		require.NoError(t, err)
		require.Len(t, before, 3)
		_, err = Open(s.Dir())
		require.NoError(t, err)
		after, err := os.ReadDir(filepath.Join(s.Dir(), stagingDir))
		require.NoError(t, err)
		require.Len(t, after, 1, "this computation's own")
		return nil
	})
	require.NoError(t, err)
	kept, err := os.ReadDir(filepath.Join(s.Dir(), resumeDir))
	require.NoError(t, err)
	require.Len(t, kept, 2, "checkpoints of steps that did not finish stay")

	p, err := s.place(step(1)) // killed between publishing and the removal of its checkpoints
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(s.resume(p), 0o755))
	_, err = Open(s.Dir())
	require.NoError(t, err)
	require.NoDirExists(t, s.resume(p))
}

func replaceOnce(t *testing.T, text, old, new string) string {
	for i := range len(text) - len(old) {
		if text[i:i+len(old)] == old {
			return text[:i] + new + text[i+len(old):]
		}
	}
	t.Fatalf("%q is not in %s", old, text)
	return ""
}
