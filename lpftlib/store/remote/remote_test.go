package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"lpft/lpftlib/store"
)

// inMemory is a bucket in memory as several machines open it: call it for each.
func inMemory(t testing.TB) (open func() *Remote, bucket *blob.Bucket) {
	t.Helper()
	bucket = memblob.OpenBucket(nil)
	t.Cleanup(func() { bucket.Close() })
	return func() *Remote { return of(bucket, "mem://bucket") }, bucket
}

func machine(t testing.TB) *store.Store {
	t.Helper()
	st, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	return st
}

func step(seed int) store.Step {
	return store.Step{Kind: "finetune", Version: 1, Label: fmt.Sprintf("FT, seed %d", seed), Inputs: map[string]int{"seed": seed}}
}

// train makes a step's result: weights, a file in a folder, and one that is empty.
func train(mark string) func(context.Context, *store.Work) error {
	return func(_ context.Context, w *store.Work) error {
		if err := w.WriteJSON("run.json", mark); err != nil {
			return err
		}
		if err := os.Mkdir(filepath.Join(w.Dir(), "lora"), 0o755); err != nil {
			return err
		}
		for name, size := range map[string]int{"model.safetensors": 1 << 17, "lora/adapter.json": 3, "empty": 0} {
			if err := os.WriteFile(filepath.Join(w.Dir(), name), bytes.Repeat([]byte(mark), size)[:size], 0o644); err != nil {
				return err
			}
		}
		return nil
	}
}

func computed(t testing.TB, st *store.Store, s store.Step, mark string) *store.Artefact {
	t.Helper()
	a, err := st.Do(t.Context(), s, train(mark))
	require.NoError(t, err)
	require.False(t, a.Reused)
	return a
}

func pushed(t testing.TB, r *Remote, a *store.Artefact) bool {
	t.Helper()
	did, err := r.Push(t.Context(), a)
	require.NoError(t, err)
	return did
}

// never is a computation that must not run.
func never(context.Context, *store.Work) error { return errors.New("it is computed a second time") }

func whats(t testing.TB, st *store.Store) (out []string) {
	t.Helper()
	events, err := st.Log()
	require.NoError(t, err)
	for _, e := range events {
		out = append(out, e.What)
	}
	return out
}

// clean says that a store is sound and has nothing left over.
func clean(t testing.TB, st *store.Store) {
	t.Helper()
	_, bad := st.Verify(func(*store.Artefact) {})
	require.Empty(t, bad)
	left, err := st.Leftovers()
	require.NoError(t, err)
	require.Empty(t, left)
}

// same says that two artefacts have the same bytes.
func same(t testing.TB, a, b *store.Artefact) {
	t.Helper()
	require.Equal(t, a.Manifest.Digest, b.Manifest.Digest)
	for _, f := range append(a.Manifest.Files, store.FileDigest{Name: "manifest.json"}) {
		x, err := os.ReadFile(a.Path(f.Name))
		require.NoError(t, err)
		y, err := os.ReadFile(b.Path(f.Name))
		require.NoError(t, err)
		require.Equal(t, x, y, f.Name)
	}
}

// What one machine computes another takes from the bucket, byte for byte and once; what is here asks nothing of it, and a
// look takes one request.
func TestThroughABucket(t *testing.T) {
	folder := t.TempDir()
	inFolder := func() *Remote {
		r, err := Open(t.Context(), "file://"+filepath.ToSlash(folder))
		require.NoError(t, err)
		return r
	}
	memory, _ := inMemory(t)
	for name, open := range map[string]func() *Remote{"memory": memory, "folder": inFolder} {
		t.Run(name, func(t *testing.T) {
			here, there, r := machine(t), machine(t), open()
			there.Behind(r)
			presence, err := there.LookBehind(t.Context(), "finetune", mustKey(t, 1))
			require.NoError(t, err)
			require.Equal(t, store.Absent, presence)

			a := computed(t, here, step(1), "x")
			require.True(t, pushed(t, open(), a))
			again := open()
			require.False(t, pushed(t, again, a))
			require.Equal(t, 1, again.Requests(), "its manifest is there")

			before := r.Requests()
			presence, err = there.LookBehind(t.Context(), a.Kind, a.Key)
			require.NoError(t, err)
			require.Equal(t, store.Present, presence)
			require.Equal(t, before+1, r.Requests())
			b, err := there.Do(t.Context(), step(1), never)
			require.NoError(t, err)
			same(t, a, b)
			before = r.Requests()
			_, ok, err := there.Find(t.Context(), step(1))
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, before, r.Requests(), "it is here")
			require.Equal(t, []string{store.Pulled}, whats(t, there))
			clean(t, there)

			_, ok, err = there.Find(t.Context(), step(2))
			require.NoError(t, err)
			require.False(t, ok, "nobody has it")
			computed(t, there, step(2), "y")
		})
	}
}

func mustKey(t testing.TB, seed int) string {
	t.Helper()
	key, err := step(seed).Key()
	require.NoError(t, err)
	return key
}

// Machines that computed the same at a time push at a time: whichever counts, it is one's and whole.
func TestPushersOfOneKey(t *testing.T) {
	open, _ := inMemory(t)
	var wg sync.WaitGroup
	var all []*store.Artefact
	for i := range 6 {
		a := computed(t, machine(t), step(1), string(rune('a'+i)))
		all = append(all, a)
		wg.Go(func() {
			_, err := open().Push(context.Background(), a)
			require.NoError(t, err)
		})
	}
	wg.Wait()
	reader := machine(t)
	reader.Behind(open())
	got, err := reader.Do(t.Context(), step(1), never)
	require.NoError(t, err)
	winners := 0
	for _, a := range all {
		if a.Manifest.Digest == got.Manifest.Digest {
			same(t, a, got)
			winners++
		}
	}
	require.Equal(t, 1, winners)
}

// Dropped weights stay dropped on their way; who needs them computes again, and the whole result takes the light one's place
// in the bucket, never the other way.
func TestLightArtefacts(t *testing.T) {
	open, _ := inMemory(t)
	here := machine(t)
	a := computed(t, here, step(1), "x")
	_, err := here.Lighten(a, func(name string) bool { return name == "model.safetensors" })
	require.NoError(t, err)
	require.True(t, pushed(t, open(), a))

	there := machine(t)
	there.Behind(open())
	presence, err := there.LookBehind(t.Context(), a.Kind, a.Key)
	require.NoError(t, err)
	require.Equal(t, store.Light, presence)
	light, err := there.Do(t.Context(), step(1), never)
	require.NoError(t, err)
	require.False(t, light.Has("model.safetensors"))
	clean(t, there)

	whole := step(1)
	whole.Whole = true
	_, ok, err := there.Find(t.Context(), whole)
	require.NoError(t, err)
	require.False(t, ok, "neither has the weights")
	b := computed(t, there, whole, "x")
	require.True(t, pushed(t, open(), b))
	require.False(t, pushed(t, open(), a), "the light one")

	here.Behind(open())
	c, err := here.Do(t.Context(), whole, never)
	require.NoError(t, err)
	same(t, b, c)
	clean(t, here)
}

// What is damaged in the bucket is refused by name and does not arrive; the step is computed again, and its push mends the
// bucket.
func TestDamagedBucket(t *testing.T) {
	for name, damage := range map[string]struct {
		what string // of the artefact's objects
		do   func(data []byte) []byte
		says string
	}{
		"flipped file":     {"files/", func(data []byte) []byte { data[100] ^= 1; return data }, "is torn or altered: its SHA-256 is"},
		"cut file":         {"files/", func(data []byte) []byte { return data[:100] }, "it has 100 bytes, expected 131072"},
		"long file":        {"files/", func(data []byte) []byte { return append(data, 'x') }, "it has 131073 bytes, expected 131072"},
		"missing file":     {"files/", func([]byte) []byte { return nil }, "is missing"},
		"flipped manifest": {"artefacts/", func(data []byte) []byte { return bytes.Replace(data, []byte(`"seed": 1`), []byte(`"seed": 2`), 1) }, "is torn or altered"},
		"cut manifest":     {"artefacts/", func(data []byte) []byte { return data[:100] }, "is torn"},
		"no manifest":      {"artefacts/", func([]byte) []byte { return []byte("[]") }, "is torn"},
	} {
		t.Run(name, func(t *testing.T) {
			open, bucket := inMemory(t)
			a := computed(t, machine(t), step(1), "x")
			require.True(t, pushed(t, open(), a))
			object := manifestName(a.Kind, a.Key)
			if damage.what == "files/" {
				for _, f := range a.Manifest.Files {
					if f.Name == "model.safetensors" {
						object = fileName(f)
					}
				}
			}
			data, err := bucket.ReadAll(t.Context(), object)
			require.NoError(t, err)
			if data = damage.do(data); data == nil {
				require.NoError(t, bucket.Delete(t.Context(), object))
			} else {
				require.NoError(t, bucket.WriteAll(t.Context(), object, data, nil))
			}
			sound, bad, err := open().Verify(t.Context())
			require.NoError(t, err)
			require.Zero(t, sound)
			require.Len(t, bad, 1)
			require.ErrorContains(t, bad[0], object)

			there, r := machine(t), open()
			there.Behind(r)
			_, _, err = there.Find(t.Context(), step(1))
			var refused *store.RefusedError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, "mem://bucket/"+object, refused.File)
			require.ErrorContains(t, err, damage.says)
			require.NoDirExists(t, filepath.Join(there.Dir(), "finetune"))
			b := computed(t, there, step(1), "x")
			require.Equal(t, []string{store.Refused, store.Computed}, whats(t, there))
			require.True(t, pushed(t, r, b))
			clean(t, there)

			last := machine(t)
			last.Behind(open())
			c, err := last.Do(t.Context(), step(1), never)
			require.NoError(t, err)
			same(t, b, c)
		})
	}
}

// A manifest that is well sealed and evil leads nowhere outside the artefact, and takes no other's place.
func TestHostileManifests(t *testing.T) {
	sealed := func(t *testing.T, a *store.Artefact, change func(*store.Manifest)) []byte {
		m := a.Manifest
		m.Files = append([]store.FileDigest{}, m.Files...)
		change(&m)
		m.Digest = ""
		digest, err := store.DigestJSON(m)
		require.NoError(t, err)
		m.Digest = digest
		data, err := json.Marshal(m)
		require.NoError(t, err)
		return data
	}
	named := func(name string) func(*store.Manifest) {
		return func(m *store.Manifest) { m.Files[0].Name = name }
	}
	for name, change := range map[string]func(*store.Manifest){
		"parent":       named("../../escaped"),
		"absolute":     named("/tmp/lpft-escaped"),
		"its manifest": named("manifest.json"),
		"twice":        func(m *store.Manifest) { m.Files = append(m.Files, m.Files[0]) },
		"no digest":    func(m *store.Manifest) { m.Files[0].SHA256 = "../../artefacts" },
		"other key":    func(m *store.Manifest) { m.Inputs = json.RawMessage(`{"seed":2}`) },
		"other kind":   func(m *store.Manifest) { m.Kind = "probe" },
		"huge":         func(m *store.Manifest) { m.Files[0].Size = 1 << 60 },
		"negative":     func(m *store.Manifest) { m.Files[0].Size = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			open, bucket := inMemory(t)
			a := computed(t, machine(t), step(1), "x")
			require.True(t, pushed(t, open(), a))
			require.NoError(t, bucket.WriteAll(t.Context(), manifestName(a.Kind, a.Key), sealed(t, a, change), nil))
			there := machine(t)
			there.Behind(open())
			_, ok, err := there.Find(t.Context(), step(1))
			require.Error(t, err)
			require.False(t, ok)
			require.NoDirExists(t, filepath.Join(there.Dir(), "finetune"))
			entries, err := os.ReadDir(filepath.Dir(there.Dir()))
			require.NoError(t, err)
			require.Len(t, entries, 1, "nothing but the store")
			clean(t, there)
		})
	}
}

// A damaged file of the store is not uploaded, and the artefact not there; once it is sound, the push goes on where it was.
func TestPushGoesOn(t *testing.T) {
	open, bucket := inMemory(t)
	a := computed(t, machine(t), step(1), "x")
	sound, err := os.ReadFile(a.Path("model.safetensors"))
	require.NoError(t, err)
	bad := bytes.Clone(sound)
	bad[0] ^= 1
	require.NoError(t, os.WriteFile(a.Path("model.safetensors"), bad, 0o644))
	_, err = open().Push(t.Context(), a)
	require.ErrorContains(t, err, "model.safetensors is torn or altered: it is not uploaded")
	there := machine(t)
	there.Behind(open())
	_, ok, err := there.Find(t.Context(), step(1))
	require.NoError(t, err)
	require.False(t, ok)
	for _, f := range a.Manifest.Files {
		if f.Name == "model.safetensors" {
			found, err := bucket.Exists(t.Context(), fileName(f))
			require.NoError(t, err)
			require.False(t, found)
		}
	}

	require.NoError(t, os.WriteFile(a.Path("model.safetensors"), sound, 0o644))
	require.True(t, pushed(t, open(), a))
	b, err := there.Do(t.Context(), step(1), never)
	require.NoError(t, err)
	same(t, a, b)
}

// What cannot be opened, or is not there, says what was expected; that it does not answer is no reason to compute anew.
func TestOpenRefusesRemotes(t *testing.T) {
	for address, says := range map[string]string{
		"lab/lpft":               "there are s3://BUCKET/FOLDER?region=…, gs://BUCKET/FOLDER and file:///FOLDER",
		"ftp://lab":              "there are s3://BUCKET/FOLDER?region=…, gs://BUCKET/FOLDER and file:///FOLDER",
		"file://lab/lpft":        "three slashes",
		"file:///no/such/folder": "make the folder first",
		"s3://lab?regoin=x":      "regoin",
	} {
		_, err := Open(t.Context(), address)
		require.ErrorContains(t, err, says, address)
		require.ErrorContains(t, err, "remote ")
	}
	google, err := url.Parse("gs://lab/lpft?region=eu")
	require.NoError(t, err)
	through := throughS3(google)
	require.Equal(t, "s3://lab", through.Scheme+"://"+through.Host+through.Path)
	require.Equal(t, "https://storage.googleapis.com", through.Query().Get("endpoint"))
	require.Equal(t, "eu", through.Query().Get("region"))
	require.Equal(t, "true", through.Query().Get("use_path_style"))
	require.Equal(t, "lpft", strings.Trim(google.Path, "/"), "it is left as it was")

	gone := memblob.OpenBucket(nil)
	require.NoError(t, gone.Close())
	st := machine(t)
	st.Behind(of(gone, "mem://gone"))
	_, err = st.Do(t.Context(), step(1), never)
	require.ErrorContains(t, err, "remote mem://gone/artefacts/finetune/")
	require.False(t, strings.Contains(err.Error(), "second time"))
}
