package bucket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"sync/atomic"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
	_ "gocloud.dev/blob/gcsblob"  // gs://
	_ "gocloud.dev/blob/s3blob"   // s3://
	"gocloud.dev/gcerrors"

	"lpft/lpftlib/store"
)

// Remote is a bucket with artefacts.
type Remote struct {
	bucket   *blob.Bucket
	url      string
	requests atomic.Int64
}

// Open opens s3://BUCKET?region=…, gs://BUCKET or file:///FOLDER; credentials are those of the cloud's own tools.
func Open(ctx context.Context, url string) (*Remote, error) {
	b, err := blob.OpenBucket(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("object store %s: %w: expected s3://bucket?region=…, gs://bucket or file:///folder", url, err)
	}
	return &Remote{bucket: b, url: url}, nil
}

// Close frees it.
func (r *Remote) Close() error { return r.bucket.Close() }

// Requests is how many requests were made so far.
func (r *Remote) Requests() int64 { return r.requests.Load() }

func manifestAt(kind, key string) string { return path.Join("artefacts", kind, key+".json") }
func fileAt(sha string) string           { return path.Join("files", sha) }

// fault names the object that a request failed for.
func (r *Remote) fault(name string, err error) error {
	return fmt.Errorf("object store %s: %s: %w", r.url, name, err)
}

// Pull brings an artefact into a store. ok is false where the bucket does not have it. What is damaged there is an error
// that wraps [ErrDamaged].
func (r *Remote) Pull(ctx context.Context, st *store.Store, kind, key string) (ok bool, err error) {
	name := manifestAt(kind, key)
	r.requests.Add(1)
	manifest, err := r.bucket.ReadAll(ctx, name)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return false, nil
	}
	if err != nil {
		return false, r.fault(name, err)
	}
	_, err = st.Receive(kind, key, manifest, func(f store.FileDigest) (io.ReadCloser, error) {
		r.requests.Add(1)
		in, err := r.bucket.NewReader(ctx, fileAt(f.SHA256), nil)
		if gcerrors.Code(err) == gcerrors.NotFound {
			return nil, fmt.Errorf("%w: it lacks %s", ErrDamaged, fileAt(f.SHA256))
		}
		return in, err
	})
	var refused *store.RefusedError
	if errors.As(err, &refused) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err != nil {
		return false, r.fault(name, err)
	}
	return true, nil
}

// ErrDamaged is an artefact in a bucket that is not what its digests say.
var ErrDamaged = errors.New("damaged")

// Push writes an artefact into the bucket, its files before its manifest. A file that is there by its digest is not sent
// again; force sends everything, which mends what is damaged there.
func (r *Remote) Push(ctx context.Context, a *store.Artefact, force bool) error {
	for _, f := range a.Manifest.Files {
		if err := r.pushFile(ctx, a.Path(f.Name), f, force); err != nil {
			return err
		}
	}
	manifest, err := os.ReadFile(a.Path(store.ManifestName))
	if err != nil {
		return err
	}
	name := manifestAt(a.Kind, a.Key)
	r.requests.Add(1)
	if err := r.bucket.WriteAll(ctx, name, manifest, nil); err != nil {
		return r.fault(name, err)
	}
	return nil
}

// pushFile sends a file, unless it is there.
func (r *Remote) pushFile(ctx context.Context, from string, f store.FileDigest, force bool) error {
	name := fileAt(f.SHA256)
	if !force {
		r.requests.Add(1)
		there, err := r.bucket.Exists(ctx, name)
		if err != nil {
			return r.fault(name, err)
		}
		if there {
			return nil
		}
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	r.requests.Add(1)
	writing, cancel := context.WithCancel(ctx) // cancelled before Close, nothing is written
	defer cancel()
	out, err := r.bucket.NewWriter(writing, name, nil)
	if err != nil {
		return r.fault(name, err)
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, sum), in)
	if got := hex.EncodeToString(sum.Sum(nil)); err == nil && got != f.SHA256 {
		err = fmt.Errorf("%s is torn or altered: its SHA-256 is %.12s, expected %.12s", from, got, f.SHA256)
	}
	if err != nil {
		cancel()
		_ = out.Close() // it must be closed, and fails
		return r.fault(name, err)
	}
	if err := out.Close(); err != nil {
		return r.fault(name, err)
	}
	return nil
}

// Has tells whether the bucket has an artefact with every file that a's manifest promises.
func (r *Remote) Has(ctx context.Context, a *store.Artefact) (bool, error) {
	name := manifestAt(a.Kind, a.Key)
	r.requests.Add(1)
	there, err := r.bucket.ReadAll(ctx, name)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return false, nil
	}
	if err != nil {
		return false, r.fault(name, err)
	}
	own, err := os.ReadFile(a.Path(store.ManifestName))
	if err != nil {
		return false, err
	}
	return bytes.Equal(there, own) || len(a.Manifest.Dropped) > 0, nil
}

// Name is an artefact in a bucket.
type Name struct{ Kind, Key string }

// List lists all artefacts.
func (r *Remote) List(ctx context.Context) ([]Name, error) {
	var out []Name
	r.requests.Add(1)
	for list := r.bucket.List(&blob.ListOptions{Prefix: "artefacts/"}); ; {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, r.fault("artefacts/", err)
		}
		kind, key, ok := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(object.Key, ".json"), "artefacts/"), "/")
		if ok {
			out = append(out, Name{kind, key})
		}
	}
}
