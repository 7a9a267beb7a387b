package pretrained

import (
	"context"
	"encoding/json"
	"lpft/internal/fetch"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// fakeHub serves one repository at the Hub's paths.
func fakeHub(t *testing.T, files map[string]string, stated string) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rev, ok := strings.CutPrefix(r.URL.Path, "/api/models/someone/tiny/revision/"); ok && (rev == "main" || rev == commit) {
			var siblings []map[string]any
			for name, text := range files {
				s := map[string]any{"rfilename": name, "size": len(text)}
				if name == Weights {
					s["lfs"] = map[string]any{"sha256": stated, "size": len(text)}
				}
				siblings = append(siblings, s)
			}
			require.NoError(t, json.NewEncoder(w).Encode(map[string]any{"id": "someone/tiny", "sha": commit, "siblings": siblings}))
			return
		}
		text, ok := files[strings.TrimPrefix(r.URL.Path, "/someone/tiny/resolve/"+commit+"/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", `"`+digestOf(text)+`"`)
		w.Write([]byte(text))
	}))
	t.Cleanup(srv.Close)
	return srv
}

var tiny = map[string]string{"config.json": "{}", Weights: weights, "vocab.txt": "a\nb\n", "README.md": "not fetched"}

func TestHubThenCache(t *testing.T) {
	o := isolated(t)
	o.Offline = false
	srv := fakeHub(t, tiny, digestOf(weights))
	o.Endpoint = srv.URL + "/"
	var last [2]int64
	o.Progress = func(_ string, done, total int64) { last = [2]int64{done, total} }

	c, err := Resolve(context.Background(), "someone/tiny", o)
	require.NoError(t, err)
	require.Equal(t, "Hub someone/tiny@"+commit, c.Source)
	require.Equal(t, digestOf(weights), c.Digest)
	require.Equal(t, last[0], last[1])
	require.NoFileExists(t, filepath.Join(c.Dir, "README.md"))

	// The cache has Python's layout, and serves the next call without the Hub.
	require.Equal(t, filepath.Join(o.HFHome, "hub", "models--someone--tiny", "snapshots", commit), c.Dir)
	srv.Close()
	o.Offline = true
	again, err := Resolve(context.Background(), "someone/tiny", o)
	require.NoError(t, err)
	require.Equal(t, "Hugging Face cache", again.Source)
	require.Equal(t, c.Dir, again.Dir)
}

func TestHubChecksTheStatedDigest(t *testing.T) {
	o := isolated(t)
	o.Offline = false
	o.Endpoint = fakeHub(t, tiny, digestOf("other weights")).URL
	_, err := Resolve(context.Background(), "someone/tiny", o)
	require.ErrorContains(t, err, "expected "+digestOf("other weights"))
}

func TestHubWithoutWeights(t *testing.T) {
	o := isolated(t)
	o.Offline = false
	o.Endpoint = fakeHub(t, map[string]string{"config.json": "{}", "pytorch_model.bin": "x"}, "").URL
	_, err := Resolve(context.Background(), "someone/tiny", o)
	require.ErrorContains(t, err, "the repository has no model.safetensors (one file)")
}

func TestHubUnreachable(t *testing.T) {
	o := isolated(t)
	o.Offline = false
	o.Endpoint = "http://127.0.0.1:1" // nobody listens
	_, err := Resolve(context.Background(), "someone/tiny", o)
	require.ErrorContains(t, err, "Hub someone/tiny@main: dial tcp 127.0.0.1:1: connect: connection refused;")
	require.ErrorContains(t, err, "or run once with a network")
	require.NotContains(t, err.Error(), "\n")
}

func TestHubWithoutTheRepository(t *testing.T) {
	o := isolated(t)
	o.Offline = false
	o.Endpoint = fakeHub(t, tiny, "").URL
	_, err := Resolve(context.Background(), "someone/else", o)
	require.ErrorContains(t, err, "Hub someone/else@main: bad status code 404: 404 page not found;")
}

// A mirror may lie below a path, and the files beside the vocabulary come too.
func TestHubBelowAPath(t *testing.T) {
	o := isolated(t)
	o.Offline = false
	files := maps.Clone(tiny)
	files["added_tokens.json"], files["special_tokens_map.json"], files["tokenizer_config.json"] = "{}", "{}", "{}"
	hub := fakeHub(t, files, digestOf(weights))
	mirror := httptest.NewServer(http.StripPrefix("/mirror/hf", hub.Config.Handler))
	t.Cleanup(mirror.Close)
	t.Setenv("HF_ENDPOINT", mirror.URL+"/mirror/hf/")
	c, err := Resolve(context.Background(), "someone/tiny", o)
	require.NoError(t, err)
	for name := range files {
		if name != "README.md" {
			require.FileExists(t, filepath.Join(c.Dir, name))
		}
	}
}

func TestHubOfflineByTheEnvironment(t *testing.T) {
	o := isolated(t)
	o.Offline = false
	o.Endpoint = fakeHub(t, tiny, "").URL
	t.Setenv("HF_HUB_OFFLINE", "1")
	_, err := Resolve(context.Background(), "someone/tiny", o)
	require.ErrorContains(t, err, "Hub someone/tiny@main: HF_HUB_OFFLINE is set")
}

func TestHubStoppedByTheUser(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); srv.Close() })
	o := isolated(t)
	o.Offline, o.Endpoint = false, srv.URL
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := Resolve(ctx, "someone/tiny", o)
	require.ErrorIs(t, err, context.Canceled)
}

func TestCacheOfPython(t *testing.T) {
	o := isolated(t)
	dir := filepath.Join(o.HFHome, "hub", "models--someone--tiny")
	writeCheckpoint(t, filepath.Join(dir, "snapshots", commit))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "refs"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "refs", "main"), []byte(commit+"\n"), 0o644))
	c, err := Resolve(context.Background(), "someone/tiny", o)
	require.NoError(t, err)
	require.Equal(t, "Hugging Face cache", c.Source)
}

func TestCacheTakesPinnedWeightsFromAnySnapshot(t *testing.T) {
	cache := t.TempDir()
	writeCheckpoint(t, filepath.Join(cache, "models--old", "snapshots", "anothercommit"))
	m := model{repo: "new/old", oldRepo: "old", revision: commit, digest: digestOf(weights)}
	c, err := fromCache(m, cache)
	require.NoError(t, err)
	require.Equal(t, digestOf(weights), c.Digest)
	m.digest = digestOf("something else")
	_, err = fromCache(m, cache)
	var bad *fetch.DigestError
	require.ErrorAs(t, err, &bad)
	m.digest = ""
	_, err = fromCache(m, cache)
	require.ErrorContains(t, err, "no snapshot of "+commit)
}
