package store

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// two makes a store with two artefacts, the second made from the first.
func two(t *testing.T) (s *Store, first, second *Artefact) {
	t.Helper()
	s = mustOpen(t, t.TempDir())
	first = put(t, s, Step{Kind: "features", Version: 1, Inputs: "a", Label: "first"}, "x.json", []float64{1, 2})
	second = put(t, s, Step{Kind: "probe", Version: 1, Inputs: map[string]any{"of": []any{first.Key}}}, "sub/y.json", "z")
	return s, first, second
}

func mustOpen(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	require.NoError(t, err)
	return s
}

func put(t *testing.T, s *Store, step Step, file string, v any) *Artefact {
	t.Helper()
	a, err := s.Do(t.Context(), step, func(_ context.Context, w *Work) error { return w.WriteJSON(file, v) })
	require.NoError(t, err)
	return a
}

func flipBit(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)/2] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o644))
}

// Verify finds a flipped bit in any file, Needs what was made from what.
func TestVerify(t *testing.T) {
	s, first, second := two(t)
	count := 0
	sound, bad := s.Verify(func(*Artefact) { count++ })
	require.Len(t, sound, 2)
	require.Empty(t, bad)
	require.Equal(t, 2, count)
	needs := Needs(sound)
	require.Equal(t, []string{first.Key}, needs[second.Key])
	require.Empty(t, needs[first.Key])
	require.Equal(t, map[string]bool{first.Key: true, second.Key: true}, WithNeeded([]string{second.Key}, needs))

	for _, path := range []string{first.Path("x.json"), second.Path("sub/y.json"), second.Path(manifestName)} {
		before, err := os.ReadFile(path)
		require.NoError(t, err)
		flipBit(t, path)
		sound, bad = mustOpen(t, s.Dir()).Verify(func(*Artefact) {})
		require.Len(t, sound, 1)
		require.Len(t, bad, 1)
		require.ErrorContains(t, bad[0], path)
		left, err := s.Leftovers()
		require.NoError(t, err)
		if filepath.Base(path) == manifestName {
			require.Equal(t, Torn, left[0].What)
		} else {
			require.Empty(t, left)
		}
		require.NoError(t, os.WriteFile(path, before, 0o644))
	}
}

// Leftovers are named with their size, those of a live process are not, and Drop removes them.
func TestLeftovers(t *testing.T) {
	s, first, _ := two(t)
	none, err := s.Leftovers()
	require.NoError(t, err)
	require.Empty(t, none)
	resume := filepath.Join(s.Dir(), resumeDir, "finetune-0123456789abcdef")
	live := filepath.Join(s.Dir(), resumeDir, "finetune-fedcba9876543210")
	aside := first.Dir + ".bad-1"
	for _, dir := range []string{resume, live, aside} {
		require.NoError(t, os.MkdirAll(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), []byte("12345"), 0o644))
	}
	require.NoError(t, os.WriteFile(first.Path("stray"), nil, 0o644))
	held, err := s.tryLock(filepath.Base(live))
	require.NoError(t, err)
	defer held.release()
	list, err := mustOpen(t, s.Dir()).Leftovers()
	require.NoError(t, err)
	found := map[string]LeftoverKind{}
	for _, l := range list {
		found[l.Path] = l.What
		if l.Path != first.Path("stray") {
			require.EqualValues(t, 5, l.Bytes)
		}
	}
	require.Equal(t, map[string]LeftoverKind{resume: Unfinished, aside: SetAside, first.Path("stray"): Stray}, found)
	for _, l := range list {
		require.NoError(t, s.Drop(l))
	}
	list, err = s.Leftovers()
	require.NoError(t, err)
	require.Empty(t, list)
	require.DirExists(t, live)
}

// A removed artefact is gone as a whole, and computed again when it is wanted.
func TestRemove(t *testing.T) {
	s, first, _ := two(t)
	require.NoError(t, s.Remove(first))
	require.NoDirExists(t, first.Dir)
	again := put(t, s, Step{Kind: "features", Version: 1, Inputs: "a"}, "x.json", []float64{1, 2})
	require.False(t, again.Reused)
}

// What is exported is imported elsewhere, once; a second time changes nothing; another content is named and left.
func TestExportImport(t *testing.T) {
	s, first, second := two(t)
	file := filepath.Join(t.TempDir(), "a.tar")
	require.NoError(t, s.Export(file, []*Artefact{first, second}))
	other := mustOpen(t, t.TempDir())
	done, err := other.Import(file)
	require.NoError(t, err)
	require.Equal(t, &Imported{New: 2}, done)
	sound, bad := other.Verify(func(*Artefact) {})
	require.Len(t, sound, 2)
	require.Empty(t, bad)
	done, err = other.Import(file)
	require.NoError(t, err)
	require.Equal(t, &Imported{There: 2}, done)

	third := mustOpen(t, t.TempDir())
	put(t, third, Step{Kind: "features", Version: 1, Inputs: "a", Label: "first"}, "x.json", []float64{3})
	done, err = third.Import(file)
	require.NoError(t, err)
	require.Equal(t, 1, done.New)
	require.Len(t, done.Conflicts, 1)
	require.Contains(t, done.Conflicts[0], first.Key[:16])
	var kept []float64
	a, _, err := third.Lookup(Step{Kind: "features", Version: 1, Inputs: "a"})
	require.NoError(t, err)
	require.NoError(t, a.ReadJSON("x.json", &kept))
	require.Equal(t, []float64{3}, kept)

	flipBit(t, first.Path("x.json"))
	require.ErrorContains(t, mustOpen(t, s.Dir()).Export(file, []*Artefact{first}), "torn or altered")
}

// An archive that is cut or altered anywhere brings nothing wrong in, and nothing outside the store.
func TestDamagedArchives(t *testing.T) {
	s, first, second := two(t)
	file := filepath.Join(t.TempDir(), "a.tar")
	require.NoError(t, s.Export(file, []*Artefact{first, second}))
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	try := func(data []byte) {
		top := t.TempDir()
		other := mustOpen(t, filepath.Join(top, "store"))
		require.NoError(t, os.WriteFile(file, data, 0o644))
		_, _ = other.Import(file)
		sound, bad := other.Verify(func(*Artefact) {})
		require.Empty(t, bad)
		for _, a := range sound {
			require.Contains(t, []string{first.Manifest.Digest, second.Manifest.Digest}, a.Manifest.Digest)
		}
		left, err := other.Leftovers()
		require.NoError(t, err)
		require.Empty(t, left)
		outside, err := os.ReadDir(top)
		require.NoError(t, err)
		require.Len(t, outside, 1)
	}
	for at := 0; at < len(whole); at += 97 {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 0x20
		try(flipped)
	}
	for at := 0; at < len(whole); at += 1024 {
		try(whole[:at])
	}
	_, err = s.Import("/dev/null")
	require.ErrorContains(t, err, "no archive of lpft store export")
}

// FuzzImport: whatever an archive holds, what is imported is sound, and nothing is written outside the store.
func FuzzImport(f *testing.F) {
	for _, entries := range [][2]string{{indexName, `[]`}, {indexName, `[{"kind":"../x","key":"1"}]`}, {"../" + indexName, `[]`}, {indexName, `null`}} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		_ = w.WriteHeader(&tar.Header{Name: entries[0], Mode: 0o644, Size: int64(len(entries[1]))})
		_, _ = io.WriteString(w, entries[1])
		_ = w.Close()
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		top := t.TempDir()
		s, err := Open(filepath.Join(top, "store"))
		require.NoError(t, err)
		in := &importing{s: s, archive: tar.NewReader(bytes.NewReader(data)), done: &Imported{}}
		_ = in.all()
		_, bad := s.Verify(func(*Artefact) {})
		require.Empty(t, bad)
		outside, err := os.ReadDir(top)
		require.NoError(t, err)
		require.Len(t, outside, 1)
	})
}

// A store that cannot be written gives what it has and says why it computes nothing.
func TestReadOnlyStore(t *testing.T) {
	s, first, _ := two(t)
	sealed := &Store{dir: s.Dir(), verified: map[string]stamp{}, readOnly: &fs.PathError{Op: "mkdir", Path: s.Dir(), Err: syscall.EROFS}}
	a, err := sealed.Do(t.Context(), Step{Kind: "features", Version: 1, Inputs: "a"}, nil)
	require.NoError(t, err)
	require.Equal(t, first.Key, a.Key)
	events, err := sealed.Log()
	require.NoError(t, err)
	require.NotEmpty(t, events)
	list, bad := sealed.List("probe")
	require.Len(t, list, 1)
	require.Empty(t, bad)
	_, err = sealed.Do(t.Context(), Step{Kind: "features", Version: 1, Inputs: "other", Label: "features of cb"}, nil)
	require.ErrorContains(t, err, "features of cb")
	require.ErrorContains(t, err, "read-only file system; choose a writable folder (LPFT_HOME)")
	_, err = sealed.Import("x")
	require.ErrorIs(t, err, syscall.EROFS)
}

// The same by the folder's permissions, where they bind.
func TestReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("permissions do not bind root")
	}
	s, _, _ := two(t)
	dirs := []string{filepath.Join(s.Dir(), locksDir), s.Dir()}
	for _, dir := range dirs {
		require.NoError(t, os.Chmod(dir, 0o500))
		t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	}
	again := mustOpen(t, s.Dir())
	_, ok, err := again.Lookup(Step{Kind: "features", Version: 1, Inputs: "a"})
	require.NoError(t, err)
	require.True(t, ok)
}

// What makes the home folder makes it for its owner alone.
func TestHomeIsPrivate(t *testing.T) {
	home := filepath.Join(t.TempDir(), "a", "home")
	mustOpen(t, filepath.Join(home, "store"))
	info, err := os.Stat(home)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
}

// Numbers that are not finite are never published.
func TestNothingInfiniteIsPublished(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	for _, data := range []any{[]float32{1, float32(math.Inf(1))}, []float64{math.NaN(), 1}} {
		step := Step{Kind: "features", Version: 1, Inputs: "x"}
		_, err := s.Do(t.Context(), step, func(_ context.Context, w *Work) error { return w.WriteNpy("a.npy", []int{2}, data) })
		require.ErrorContains(t, err, "is not finite: nothing is published")
		_, ok, err := s.Lookup(step)
		require.NoError(t, errors.Join(err))
		require.False(t, ok)
	}
}
