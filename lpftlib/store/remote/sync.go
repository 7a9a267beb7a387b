package remote

import (
	"context"
	"errors"
	"io"
	"regexp"
	"sync"

	"gocloud.dev/blob"
	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/store"
)

// transfers is how many artefacts are on their way at a time.
const transfers = 8

// Synced says what a sync did.
type Synced struct {
	Pushed, Pulled, Both int
	Bad                  []error // what was refused, here or there, and left as it is
}

// artefact is an artefact's name.
type artefact struct{ kind, key string }

// listed is what an artefact's manifest is called.
var listed = regexp.MustCompile(`^artefacts/([a-z0-9][a-z0-9_-]*)/([0-9a-f]{64})\.json$`)

// list lists the remote's artefacts. What else lies among them is an error each.
func (r *Remote) list(ctx context.Context) (all []artefact, bad []error, err error) {
	if err := r.there(); err != nil {
		return nil, nil, err
	}
	objects := r.bucket.List(&blob.ListOptions{Prefix: "artefacts/"})
	for n := 0; ; n++ {
		if n%1000 == 0 { // a request lists a thousand
			r.requests.Add(1)
		}
		object, err := objects.Next(ctx)
		if errors.Is(err, io.EOF) {
			return all, bad, nil
		}
		if err != nil {
			return nil, nil, r.wrap("artefacts", err)
		}
		name := listed.FindStringSubmatch(object.Key)
		if name == nil {
			bad = append(bad, r.refuse(object.Key, "is no artefact's manifest"))
			continue
		}
		all = append(all, artefact{name[1], name[2]})
	}
}

// Sync gives the remote what it lacks of a store, if push, and takes what the store lacks from it, if pull. What is refused
// on either side is left where it is, and the rest goes on; any other error ends the sync, and the next goes on from there.
func (r *Remote) Sync(ctx context.Context, st *store.Store, push, pull bool) (*Synced, error) {
	there, bad, err := r.list(ctx)
	if err != nil {
		return nil, err
	}
	here, badHere := st.Manifests()
	s := &syncing{r: r, st: st, done: &Synced{Bad: append(bad, badHere...)}}
	theirs, ours := map[artefact]bool{}, map[artefact]bool{}
	for _, a := range there {
		theirs[a] = true
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(transfers)
	for _, a := range here {
		name := artefact{a.Kind, a.Key}
		ours[name] = true
		if theirs[name] {
			s.done.Both++
		}
		if push && (!theirs[name] || r.anyMarked(a.Manifest.Files)) {
			group.Go(func() error { return s.push(ctx, a) })
		}
	}
	for _, a := range there {
		if pull && !ours[a] {
			group.Go(func() error { return s.pull(ctx, a) })
		}
	}
	err = group.Wait()
	return s.done, err
}

// syncing is a sync under way.
type syncing struct {
	r    *Remote
	st   *store.Store
	mu   sync.Mutex
	done *Synced
}

func (s *syncing) push(ctx context.Context, a *store.Artefact) error {
	pushed, err := s.r.Push(ctx, a)
	return s.count(&s.done.Pushed, pushed, err)
}

func (s *syncing) pull(ctx context.Context, a artefact) error {
	got, err := s.st.Pull(ctx, s.r, a.kind, a.key)
	return s.count(&s.done.Pulled, got != nil, err)
}

// count counts what was done, and keeps what was refused.
func (s *syncing) count(of *int, did bool, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var refused *store.RefusedError
	if errors.As(err, &refused) {
		s.done.Bad = append(s.done.Bad, err)
		return nil
	}
	if did {
		*of++
	}
	return err
}

// anyMarked says whether any of an artefact's files was found damaged at the remote.
func (r *Remote) anyMarked(files []store.FileDigest) bool {
	for _, f := range files {
		if r.marked(f) {
			return true
		}
	}
	return false
}

// Verify reads every file of every artefact at the remote and says what is wrong. The next push of what it found damaged
// replaces it.
func (r *Remote) Verify(ctx context.Context) (sound int, bad []error, err error) {
	all, bad, err := r.list(ctx)
	if err != nil {
		return 0, nil, err
	}
	for _, a := range all {
		err := r.verify(ctx, a)
		var refused *store.RefusedError
		switch {
		case errors.As(err, &refused):
			bad = append(bad, err)
		case err != nil:
			return sound, bad, err
		default:
			sound++
		}
	}
	return sound, bad, nil
}

// verify reads an artefact's files; of several that are damaged all are marked.
func (r *Remote) verify(ctx context.Context, a artefact) error {
	raw, err := r.Manifest(ctx, a.kind, a.key)
	if err != nil {
		return err
	}
	m, err := store.ParseManifest(r.Name(a.kind, a.key), raw, a.kind, a.key)
	if err != nil {
		return err
	}
	var bad error
	for _, f := range m.Files {
		if err := r.read(ctx, f); err != nil {
			bad = errors.Join(bad, err)
		}
	}
	return bad
}

func (r *Remote) read(ctx context.Context, f store.FileDigest) error {
	in, err := r.File(ctx, f)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(io.Discard, in)
	return err
}
