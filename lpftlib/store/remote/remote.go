package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
	_ "gocloud.dev/blob/s3blob"   // s3://
	"gocloud.dev/gcerrors"

	"lpft/lpftlib/store"
)

// EnvVar names the remote of a study: its URL.
const EnvVar = "LPFT_REMOTE"

// Remote is a bucket with artefacts. It may be used by several goroutines.
type Remote struct {
	bucket   *blob.Bucket
	name     string // its URL without options
	requests atomic.Int64
	there    func() error // says, once asked, whether there is such a bucket

	mu      sync.Mutex
	damaged map[string]bool // files that were found damaged, by digest
}

// Open opens a bucket: s3://BUCKET/FOLDER with the options of gocloud.dev (region, endpoint, …) and AWS's usual credentials,
// gs://BUCKET/FOLDER with Google's HMAC keys in their place, or file:///FOLDER. Nothing is asked of it yet.
func Open(ctx context.Context, address string) (*Remote, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("remote %q: %w", address, err)
	}
	var bucket *blob.Bucket
	switch u.Scheme {
	case "s3", "gs":
		folder := strings.Trim(u.Path, "/")
		opened := throughS3(u)
		if bucket, err = blob.OpenBucket(ctx, opened.String()); err == nil && folder != "" {
			bucket = blob.PrefixedBucket(bucket, folder+"/")
		}
	case "file":
		bucket, err = openFolder(ctx, u)
	default:
		return nil, fmt.Errorf("remote %q: there are s3://BUCKET/FOLDER?region=…, gs://BUCKET/FOLDER and file:///FOLDER", address)
	}
	if err != nil {
		return nil, fmt.Errorf("remote %s: %w", address, err)
	}
	u.RawQuery = ""
	return of(bucket, u.String()), nil
}

// throughS3 is the address of a bucket itself for the driver of s3, which Google's storage understands as well.
func throughS3(u *url.URL) *url.URL {
	q := u.Query()
	if u.Scheme == "gs" {
		for name, value := range map[string]string{"endpoint": "https://storage.googleapis.com", "region": "auto"} {
			if !q.Has(name) {
				q.Set(name, value)
			}
		}
	}
	return &url.URL{Scheme: "s3", Host: u.Host, RawQuery: forServer(q).Encode()}
}

// forServer adds what the driver is to do unless the URL says otherwise: to leave it to the files' own digests whether they are
// sound, so that damage is told from a failure, and with servers other than Amazon's to name the bucket in the path and to send
// no checksums that they may not know.
func forServer(q url.Values) url.Values {
	options := map[string]string{"response_checksum_validation": "when_required"}
	if q.Has("endpoint") {
		options["use_path_style"], options["request_checksum_calculation"] = "true", "when_required"
	}
	for name, value := range options {
		if !q.Has(name) {
			q.Set(name, value)
		}
	}
	return q
}

// openFolder opens a folder as a bucket. Files are written beside their place, and nothing but them.
func openFolder(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	if u.Host != "" || u.Path == "" {
		return nil, errors.New("expected three slashes and a path from the root, as in file:///data/lpft")
	}
	info, err := os.Stat(filepath.FromSlash(u.Path))
	if err != nil {
		return nil, fmt.Errorf("%w: make the folder first", err)
	}
	if !info.IsDir() {
		return nil, errors.New("is no folder")
	}
	return blob.OpenBucket(ctx, (&url.URL{Scheme: "file", Path: u.Path, RawQuery: "no_tmp_dir=1&metadata=skip"}).String())
}

// of is an open bucket as a remote.
func of(bucket *blob.Bucket, name string) *Remote {
	r := &Remote{bucket: bucket, name: strings.TrimSuffix(name, "/"), damaged: map[string]bool{}}
	r.there = sync.OnceValue(func() error {
		r.requests.Add(1)
		ok, err := bucket.IsAccessible(context.Background())
		if err != nil {
			return r.wrap("", err)
		}
		if !ok {
			return fmt.Errorf("remote %s: there is no such bucket: make it first", r.name)
		}
		return nil
	})
	return r
}

// Close ends the use of the bucket.
func (r *Remote) Close() error { return r.bucket.Close() }

// String is the remote's URL without options, which may say more than a log should.
func (r *Remote) String() string { return r.name }

// Requests is how many requests were made so far. A large file's upload in parts counts as one.
func (r *Remote) Requests() int { return int(r.requests.Load()) }

// Name is an artefact's manifest's full name.
func (r *Remote) Name(kind, key string) string { return r.name + "/" + manifestName(kind, key) }

// manifestName is an artefact's manifest's name in the bucket.
func manifestName(kind, key string) string { return "artefacts/" + kind + "/" + key + ".json" }

// fileName is a file's name in the bucket.
func fileName(f store.FileDigest) string { return "files/" + f.SHA256 }

// maxManifest bounds a manifest, in bytes.
const maxManifest = 64 << 20

// Manifest is an artefact's manifest as it was pushed, nil where there is none.
func (r *Remote) Manifest(ctx context.Context, kind, key string) ([]byte, error) {
	name := manifestName(kind, key)
	r.requests.Add(1)
	in, err := r.bucket.NewReader(ctx, name, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, r.there() // in a bucket that is not there, nothing is found either
	}
	if err != nil {
		return nil, r.wrap(name, err)
	}
	defer in.Close()
	if in.Size() > maxManifest {
		return nil, r.refuse(name, "has %d bytes: expected a manifest", in.Size())
	}
	data, err := io.ReadAll(io.LimitReader(in, maxManifest))
	if err != nil {
		return nil, r.wrap(name, err)
	}
	return data, nil
}

// File opens an artefact's file. It ends with an error unless it is what its digest promises.
func (r *Remote) File(ctx context.Context, f store.FileDigest) (io.ReadCloser, error) {
	name := fileName(f)
	r.requests.Add(1)
	in, err := r.bucket.NewReader(ctx, name, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		r.mark(f)
		return nil, r.refuse(name, "is missing")
	}
	if err != nil {
		return nil, r.wrap(name, err)
	}
	if in.Size() != f.Size {
		in.Close()
		r.mark(f)
		return nil, r.refuse(name, "is torn or altered: it has %d bytes, expected %d", in.Size(), f.Size)
	}
	return newChecked(r, in, f), nil
}

// mark notes that a file was found damaged.
func (r *Remote) mark(f store.FileDigest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.damaged[f.SHA256] = true
}

// marked says whether a file was found damaged, and not replaced since.
func (r *Remote) marked(f store.FileDigest) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.damaged[f.SHA256]
}

// unmark notes that a file was replaced.
func (r *Remote) unmark(f store.FileDigest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.damaged, f.SHA256)
}

// refuse names an object that cannot be trusted.
func (r *Remote) refuse(name, format string, args ...any) error {
	return &store.RefusedError{File: r.name + "/" + name, Reason: fmt.Sprintf(format, args...)}
}

// wrap says which object an error is about, and what to do where that is known.
func (r *Remote) wrap(name string, err error) error {
	what := strings.TrimSuffix(r.name+"/"+name, "/")
	switch {
	case gcerrors.Code(err) == gcerrors.PermissionDenied || errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("remote %s: %w: check the credentials and what they may do", what, err)
	case strings.Contains(err.Error(), "failed to refresh cached credentials") || strings.Contains(err.Error(), "get identity"):
		return fmt.Errorf("remote %s: no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE: %w", what, err)
	}
	return fmt.Errorf("remote %s: %w", what, err)
}
