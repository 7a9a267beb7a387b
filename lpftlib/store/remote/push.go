package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/store"
)

// uploads is how many files of an artefact are uploaded at a time.
const uploads = 4

// Push gives the remote an artefact, its files first and its manifest last, and says whether it did: one that is there is
// left alone, unless it lacks files that this one has, or was found damaged.
func (r *Remote) Push(ctx context.Context, a *store.Artefact) (bool, error) {
	raw, err := a.ManifestBytes()
	if err != nil {
		return false, err
	}
	m, err := store.ParseManifest(a.Path("manifest.json"), raw, a.Kind, a.Key) // it may have been lightened since a was opened
	if err != nil {
		return false, err
	}
	write, replaces, err := r.wants(ctx, m)
	if err != nil || !write {
		return false, err
	}
	group, ctxFiles := errgroup.WithContext(ctx)
	group.SetLimit(uploads)
	for _, f := range m.Files {
		group.Go(func() error { return r.pushFile(ctxFiles, a.Path(f.Name), f) })
	}
	if err := group.Wait(); err != nil {
		return false, err
	}
	name := manifestName(m.Kind, m.Key)
	r.requests.Add(1)
	err = r.bucket.WriteAll(ctx, name, raw, &blob.WriterOptions{ContentType: "application/json", IfNotExist: !replaces})
	if gcerrors.Code(err) == gcerrors.FailedPrecondition { // another was first, and whole
		return false, nil
	}
	if err != nil {
		return false, r.wrap(name, err)
	}
	return true, nil
}

// wants says whether the remote is to get an artefact, and whether this replaces one that is there.
func (r *Remote) wants(ctx context.Context, m *store.Manifest) (write, replaces bool, err error) {
	raw, err := r.Manifest(ctx, m.Kind, m.Key)
	if err != nil || raw == nil {
		return err == nil, false, err
	}
	there, err := store.ParseManifest(r.Name(m.Kind, m.Key), raw, m.Kind, m.Key)
	if err != nil { // what cannot be trusted is of use to nobody
		return true, true, nil
	}
	if len(there.Dropped) > 0 && len(m.Dropped) == 0 {
		return true, true, nil
	}
	found := r.anyMarked(there.Files)
	return found, found, nil
}

// pushFile uploads a file unless it is there. One that is not what its digest says is an error, and does not arrive.
func (r *Remote) pushFile(ctx context.Context, path string, f store.FileDigest) error {
	name := fileName(f)
	if !r.marked(f) {
		r.requests.Add(1)
		about, err := r.bucket.Attributes(ctx, name)
		if err == nil && about.Size == f.Size {
			return nil
		}
		if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return r.wrap(name, err)
		}
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	ctx, abort := context.WithCancel(ctx) // before its writer is closed, an upload that is cancelled leaves nothing
	defer abort()
	r.requests.Add(1)
	out, err := r.bucket.NewWriter(ctx, name, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return r.wrap(name, err)
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, sum), in)
	if got := hex.EncodeToString(sum.Sum(nil)); err == nil && got != f.SHA256 {
		err = &store.RefusedError{File: path, Reason: "is torn or altered: it is not uploaded; lpft store verify names all that is wrong"}
	}
	if err != nil {
		abort()
		_ = out.Close() // it was cancelled
		return err
	}
	if err := out.Close(); err != nil {
		return r.wrap(name, err)
	}
	r.unmark(f)
	return nil
}
