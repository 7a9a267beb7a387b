package remote

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/store"
)

// contents are a store's artefacts: the digest of each manifest by its key.
func contents(t testing.TB, st *store.Store) map[string]string {
	t.Helper()
	list, bad := st.Verify(func(*store.Artefact) {})
	require.Empty(t, bad)
	out := map[string]string{}
	for _, a := range list {
		out[a.Key] = a.Manifest.Digest
	}
	return out
}

// random computes steps with files of random sizes.
func random(t testing.TB, st *store.Store, rng *rand.Rand, seeds int) {
	t.Helper()
	for range rng.IntN(4) {
		s := step(rng.IntN(seeds))
		_, err := st.Do(t.Context(), s, func(_ context.Context, w *store.Work) error {
			for i := range rng.IntN(4) {
				data := make([]byte, rng.IntN(5000))
				for j := range data {
					data[j] = byte(rng.Uint32())
				}
				if err := os.WriteFile(filepath.Join(w.Dir(), fmt.Sprint("x", i)), data, 0o644); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(t, err)
	}
}

// However machines compute and sync in turn, nothing that any of them holds changes or gets lost, each artefact stays
// whole, and after a last round all hold the same and another moves nothing.
func TestSyncsOfSeveralMachines(t *testing.T) {
	for trial := range uint64(10) {
		rng := rand.New(rand.NewPCG(19, trial))
		open, _ := inMemory(t)
		machines := []*store.Store{machine(t), machine(t), machine(t)}
		sync := func(st *store.Store, push, pull bool) *Synced {
			before := contents(t, st)
			done, err := open().Sync(t.Context(), st, push, pull)
			require.NoError(t, err)
			require.Empty(t, done.Bad)
			after := contents(t, st)
			for key, digest := range before {
				require.Equal(t, digest, after[key], "what was here")
			}
			require.Len(t, after, len(before)+done.Pulled)
			return done
		}
		for range 8 {
			st := machines[rng.IntN(len(machines))]
			random(t, st, rng, 12)
			sync(st, rng.IntN(3) > 0, rng.IntN(3) > 0)
		}
		keys := map[string]bool{}
		for _, st := range machines {
			for key := range contents(t, st) {
				keys[key] = true
			}
		}
		for range 2 {
			for _, st := range machines {
				sync(st, true, true)
			}
		}
		for _, st := range machines {
			done := sync(st, true, true)
			require.Zero(t, done.Pushed+done.Pulled)
			require.Equal(t, len(keys), done.Both)
			require.Len(t, contents(t, st), len(keys))
			clean(t, st)
		}
	}
}

// A sync that is stopped leaves both sides sound, and the next one ends it.
func TestInterruptedSync(t *testing.T) {
	open, _ := inMemory(t)
	here, there := machine(t), machine(t)
	for i := range 30 {
		computed(t, here, step(i), fmt.Sprint("x", i))
	}
	for _, st := range []*store.Store{here, there} {
		ctx, stop := context.WithCancel(t.Context())
		r := open()
		go func() { // while it is on its way
			for r.Requests() < 20 && ctx.Err() == nil {
				runtime.Gosched()
			}
			stop()
		}()
		if _, err := r.Sync(ctx, st, true, true); err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
		stop()
		clean(t, here)
		clean(t, there)
		_, bad, err := open().Verify(t.Context())
		require.NoError(t, err)
		require.Empty(t, bad)
		_, err = open().Sync(t.Context(), st, true, true)
		require.NoError(t, err)
	}
	require.Equal(t, contents(t, here), contents(t, there))
	require.Len(t, contents(t, there), 30)
	sound, _, err := open().Verify(t.Context())
	require.NoError(t, err)
	require.Equal(t, 30, sound)
}

// What is refused is named, and the rest of the sync goes on; after --verify the side that has it sound mends the other.
func TestSyncWithDamage(t *testing.T) {
	open, bucket := inMemory(t)
	here, there := machine(t), machine(t)
	for i := range 3 {
		computed(t, here, step(i), fmt.Sprint("x", i))
	}
	_, err := open().Sync(t.Context(), here, true, true)
	require.NoError(t, err)
	list, _ := here.Manifests()
	weights := map[string]store.FileDigest{}
	for _, f := range list[0].Manifest.Files {
		weights[f.Name] = f
	}
	require.NoError(t, bucket.WriteAll(t.Context(), fileName(weights["model.safetensors"]), make([]byte, 1<<17), nil))
	require.NoError(t, bucket.WriteAll(t.Context(), "artefacts/finetune/notes.txt", []byte("hello"), nil))

	done, err := open().Sync(t.Context(), there, true, true)
	require.NoError(t, err)
	require.Equal(t, 2, done.Pulled)
	require.Len(t, done.Bad, 2)
	require.ErrorContains(t, done.Bad[0], "notes.txt is no artefact's manifest")
	require.ErrorContains(t, done.Bad[1], fileName(weights["model.safetensors"]))

	r := open()
	sound, bad, err := r.Verify(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, sound)
	require.Len(t, bad, 2)
	done, err = r.Sync(t.Context(), here, true, false)
	require.NoError(t, err)
	require.Equal(t, 1, done.Pushed)
	done, err = open().Sync(t.Context(), there, false, true)
	require.NoError(t, err)
	require.Equal(t, 1, done.Pulled)
	require.Equal(t, contents(t, here), contents(t, there))
}
