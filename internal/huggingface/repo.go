package huggingface

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// What the Hub keeps repositories of.
const (
	Models   = "models"
	Datasets = "datasets"
)

// Repo is a repository of the Hub as the environment says to reach it. Nothing that a server answers names a file on this
// machine: the commit must be one, and what is downloaded is named by the digest of what came.
type Repo struct {
	kind, id, revision string
	cache              string
	endpoint           string
	client             *http.Client
	answer             time.Duration // how long the Hub may take to say what a repository holds
	stall              time.Duration // how long a download may stand still, or come at less than 1 KiB a second
}

// The public Hub keeps well within these.
const (
	answer = 5 * time.Second
	stall  = 30 * time.Second
)

// NewRepo names a repository of a kind; endpoint, when it is not empty, goes before HF_ENDPOINT.
func NewRepo(kind, id, revision, cache, endpoint string) *Repo {
	endpoint = strings.TrimRight(cmp.Or(endpoint, os.Getenv("HF_ENDPOINT"), "https://huggingface.co"), "/")
	return &Repo{kind: kind, id: id, revision: revision, cache: cache, endpoint: endpoint, client: newClient(), answer: answer, stall: stall}
}

// newClient gives up an address that does not answer within seconds, and follows redirections with care.
func newClient() *http.Client {
	return &http.Client{CheckRedirect: checkRedirect, Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: answer}).DialContext,
		TLSHandshakeTimeout:   2 * answer,
		ResponseHeaderTimeout: stall,
	}}
}

// checkRedirect keeps the login's token to the address that it is meant for, and never leaves an encrypted connection for
// one that is not.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case len(via) >= 10:
		return fmt.Errorf("%s: stopped after 10 redirections", first)
	case next.URL.Scheme != "https" && next.URL.Scheme != "http", first.Scheme == "https" && next.URL.Scheme != "https":
		return fmt.Errorf("%s redirects to %s: not followed", first, next.URL)
	case next.URL.Host != first.Host:
		next.Header.Del("Authorization")
	}
	return nil
}

// CacheFolder is the repository's folder of the cache, which Python's huggingface_hub shares.
func (r *Repo) CacheFolder() string { return filepath.Join(r.cache, FolderName(r.kind, r.id)) }

// FolderName is a repository's folder below a cache.
func FolderName(kind, id string) string { return kind + "--" + strings.ReplaceAll(id, "/", "--") }

// File is a file of a repository as the Hub describes it.
type File struct {
	Name   string `json:"rfilename"`
	Size   int64  `json:"size"`   // bytes; 0 may mean that it is not stated
	BlobID string `json:"blobId"` // git's digest of a small file; "" where not stated
	LFS    *struct {
		SHA256 string `json:"sha256"`
		Size   int64  `json:"size"`
	} `json:"lfs"` // of a large one
}

// digest is the SHA-256 that the Hub states, "" where it states none.
func (f *File) digest() string {
	if f.LFS == nil {
		return ""
	}
	return f.LFS.SHA256
}

// Listing is what a repository holds at a commit.
type Listing struct {
	Commit string `json:"sha"`
	Files  []File `json:"siblings"`
}

// Find is the file called name, nil where there is none.
func (l *Listing) Find(name string) *File {
	for i := range l.Files {
		if l.Files[i].Name == name {
			return &l.Files[i]
		}
	}
	return nil
}

// commit is how git names one.
var commit = regexp.MustCompile(`^[0-9a-f]{40}$`)

// IsCommit says whether a revision is a commit, and no branch or tag.
func IsCommit(revision string) bool { return commit.MatchString(revision) }

// maxListing bounds a repository's description, in bytes.
const maxListing = 16 << 20

// List asks what the repository holds, within seconds.
func (r *Repo) List(ctx context.Context) (*Listing, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.answer, fmt.Errorf("no answer within %v", r.answer))
	defer cancel()
	body, _, err := r.get(ctx, fmt.Sprintf("api/%s/%s/revision/%s?blobs=true", r.kind, escaped(r.id), escaped(r.revision)))
	if err != nil {
		return nil, caused(ctx, err)
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxListing+1))
	if err != nil {
		return nil, caused(ctx, fmt.Errorf("the list of files is cut: %w", err))
	}
	if len(data) > maxListing {
		return nil, fmt.Errorf("the list of files has more than %d bytes", maxListing)
	}
	list := &Listing{}
	if err := json.Unmarshal(data, list); err != nil {
		return nil, fmt.Errorf("the list of files is no JSON: %w", err)
	}
	if IsCommit(r.revision) && list.Commit != r.revision {
		return nil, fmt.Errorf("it answered with commit %.60q", list.Commit)
	}
	if !IsCommit(list.Commit) {
		return nil, fmt.Errorf("it answered with commit %.60q: expected 40 hexadecimal digits", list.Commit)
	}
	return list, nil
}

// caused is the reason that ctx ended for, if it has.
func caused(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// escaped is a path with each part fit for an address.
func escaped(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

// get asks for a path below the endpoint; size is what the server states, -1 where it does not.
func (r *Repo) get(ctx context.Context, path string) (body io.ReadCloser, size int64, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.endpoint+"/"+path, nil)
	if err != nil {
		return nil, 0, err
	}
	if login := token(); login != "" {
		request.Header.Set("Authorization", "Bearer "+login)
	}
	answer, err := r.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, answer.ContentLength, nil
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 300)) // only to tell the user
	line, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	return nil, 0, fmt.Errorf("bad status code %d: %s", answer.StatusCode, line)
}
