package bucket

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/store"
)

// remote is a bucket in a folder.
func remote(t *testing.T) (*Remote, string) {
	t.Helper()
	dir := t.TempDir()
	r, err := Open(t.Context(), "file://"+dir+"?metadata=skip&no_tmp_dir=true")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r, dir
}

func open(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.TempDir())
	require.NoError(t, err)
	return st
}

var step = store.Step{Kind: "finetune", Version: 1, Label: "FT", Inputs: map[string]int{"seed": 1}}

// put makes the artefact that the tests carry about.
func put(t *testing.T, st *store.Store) *store.Artefact {
	t.Helper()
	a, err := st.Do(t.Context(), step, func(_ context.Context, w *store.Work) error {
		if err := w.WriteJSON("run.json", 7); err != nil {
			return err
		}
		return w.WriteJSON("sub/model.safetensors", "weights")
	})
	require.NoError(t, err)
	return a
}

// What one store pushed another pulls, byte for byte; a second push sends nothing but questions.
func TestPushAndPull(t *testing.T) {
	r, _ := remote(t)
	a := put(t, open(t))
	has, err := r.Has(t.Context(), a)
	require.NoError(t, err)
	require.False(t, has)
	require.NoError(t, r.Push(t.Context(), a, false))
	has, err = r.Has(t.Context(), a)
	require.NoError(t, err)
	require.True(t, has)

	other := open(t)
	before := r.Requests()
	ok, err := r.Pull(t.Context(), other, a.Kind, a.Key)
	require.NoError(t, err)
	require.True(t, ok)
	require.EqualValues(t, 3, r.Requests()-before, "the manifest and two files")
	b, ok, err := other.Lookup(step)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, a.Manifest.Digest, b.Manifest.Digest)
	names, err := r.List(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Name{{a.Kind, a.Key}}, names)

	ok, err = r.Pull(t.Context(), other, a.Kind, "f"+a.Key[1:])
	require.NoError(t, err)
	require.False(t, ok, "it does not have that")
}

// A flipped bit, a torn file, a missing one, a foreign manifest: refused, and nothing of it is in the store; a push that is
// forced mends it.
func TestDamagedObjects(t *testing.T) {
	a := put(t, open(t))
	file := filepath.Join("files", a.Manifest.Files[1].SHA256)
	manifest := filepath.Join("artefacts", a.Kind, a.Key+".json")
	for name, damage := range map[string]func(dir string) error{
		"flipped": func(dir string) error { return flip(filepath.Join(dir, file)) },
		"torn":    func(dir string) error { return os.Truncate(filepath.Join(dir, file), 3) },
		"missing": func(dir string) error { return os.Remove(filepath.Join(dir, file)) },
		"foreign": func(dir string) error { return flip(filepath.Join(dir, manifest)) },
	} {
		t.Run(name, func(t *testing.T) {
			r, dir := remote(t)
			require.NoError(t, r.Push(t.Context(), a, false))
			require.NoError(t, damage(dir))
			st := open(t)
			_, err := r.Pull(t.Context(), st, a.Kind, a.Key)
			require.ErrorIs(t, err, ErrDamaged)
			require.Equal(t, store.Absent, st.Look(a.Kind, a.Key))
			leftovers, err := st.Leftovers()
			require.NoError(t, err)
			require.Empty(t, leftovers)
			require.NoError(t, r.Push(t.Context(), a, true))
			ok, err := r.Pull(t.Context(), st, a.Kind, a.Key)
			require.NoError(t, err)
			require.True(t, ok)
		})
	}
}

func flip(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	data[len(data)/2] ^= 1
	return os.WriteFile(path, data, 0o644)
}

// A local file that was altered since its artefact was made does not leave the store.
func TestDamagedFilesAreNotPushed(t *testing.T) {
	r, dir := remote(t)
	a := put(t, open(t))
	require.NoError(t, flip(a.Path("run.json")))
	require.ErrorContains(t, r.Push(t.Context(), a, false), "torn or altered")
	require.NoFileExists(t, filepath.Join(dir, "artefacts", a.Kind, a.Key+".json"))
	require.NoFileExists(t, filepath.Join(dir, "files", a.Manifest.Files[0].SHA256))
}

// Whole artefacts replace light ones, not the other way round.
func TestLightArtefacts(t *testing.T) {
	r, _ := remote(t)
	st := open(t)
	whole := put(t, st)
	require.NoError(t, r.Push(t.Context(), whole, false))
	_, err := st.Lighten(whole, func(name string) bool { return name != "run.json" })
	require.NoError(t, err)
	light, ok, err := st.Lookup(step)
	require.NoError(t, err)
	require.True(t, ok)
	has, err := r.Has(t.Context(), light)
	require.NoError(t, err)
	require.True(t, has, "the bucket has more")
	require.Equal(t, store.Light, st.Look(whole.Kind, whole.Key))
	_, err = r.Pull(t.Context(), st, whole.Kind, whole.Key)
	require.NoError(t, err)
	require.Equal(t, store.Present, st.Look(whole.Kind, whole.Key))
}

func TestOpenRefused(t *testing.T) {
	_, err := Open(t.Context(), "ftp://somewhere")
	require.ErrorContains(t, err, "expected s3://")
}
