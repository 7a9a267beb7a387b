package huggingface

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const pinned = "0123456789abcdef0123456789abcdef01234567"

// hostile is a Hub with one file whose answers a test chooses.
type hostile struct {
	list func(w http.ResponseWriter)
	file func(w http.ResponseWriter, r *http.Request)
}

func (h hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		h.list(w)
		return
	}
	h.file(w, r)
}

// says is a list of files that states commit and one file.
func says(commit string, file map[string]any) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		_ = json.NewEncoder(w).Encode(map[string]any{"sha": commit, "siblings": []any{file}})
	}
}

func sends(text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// download asks a hostile Hub for config.json; cache is where it may write.
func download(t *testing.T, h hostile, revision, name string) (dir, cache string, err error) {
	t.Helper()
	alone(t)
	t.Setenv("HF_TOKEN", "secret")
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	cache = filepath.Join(t.TempDir(), "deep", "cache")
	r := NewRepo(Models, "x/y", revision, cache, server.URL)
	r.answer, r.stall = 300*time.Millisecond, 300*time.Millisecond
	list, err := r.List(context.Background())
	if err != nil {
		return "", cache, err
	}
	dir, err = r.Download(context.Background(), list, []string{name}, func(int64) {})
	return dir, cache, err
}

// written are the plain files and links below the folder that a test's cache lies in.
func written(t *testing.T, cache string) (names []string) {
	t.Helper()
	top := filepath.Dir(filepath.Dir(cache))
	require.NoError(t, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(top, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}))
	return names
}

// Whatever a server answers, nothing is written outside the cache, nothing that is cut, too long, too slow or other than
// stated is kept, and every attempt ends.
func TestHostileHub(t *testing.T) {
	plain := map[string]any{"rfilename": "config.json", "size": 5}
	unsized := map[string]any{"rfilename": "config.json"}
	endless := func(pause time.Duration, chunk int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, chunk)); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				time.Sleep(pause)
			}
		}
	}
	for name, c := range map[string]struct {
		hub      hostile
		revision string
		file     string
		want     string
	}{
		"a commit that climbs": {hostile{says("../../../escaped", plain), sends("12345")}, "main", "config.json", "expected 40 hexadecimal digits"},
		"another commit":       {hostile{says(strings.Repeat("a", 40), plain), sends("12345")}, pinned, "config.json", "it answered with commit"},
		"a name that climbs":   {hostile{says(pinned, map[string]any{"rfilename": "../../../evil"}), sends("12345")}, "main", "../../../evil", "would leave the cache"},
		"longer than stated":   {hostile{says(pinned, plain), sends("123456789")}, "main", "config.json", "sends 9 bytes, the list of files says 5"},
		"endless, with a size": {hostile{says(pinned, plain), endless(0, 1<<16)}, "main", "config.json", "goes on after 5 bytes"},
		"a byte now and then":  {hostile{says(pinned, unsized), endless(50*time.Millisecond, 1)}, "main", "config.json", "stalled"},
		"an impossible size":   {hostile{says(pinned, map[string]any{"rfilename": "config.json", "size": int64(1) << 60}), endless(0, 1<<16)}, "main", "config.json", "at most"},
		"an endless list":      {hostile{func(w http.ResponseWriter) { _, _ = io.Copy(w, io.LimitReader(zeros{}, 1<<30)) }, nil}, "main", "config.json", "the list of files|no answer within"}, // whichever comes first
		"a list that stops": {hostile{func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "9999")
			_, _ = io.WriteString(w, `{"sha":`)
		}, nil}, "main", "config.json", "cut"},
		"a list that waits": {hostile{func(w http.ResponseWriter) { time.Sleep(time.Second) }, nil}, "main", "config.json", "no answer within"},
		"no JSON":           {hostile{func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>") }, nil}, "main", "config.json", "no JSON"},
		"a redirection to disk": {hostile{says(pinned, plain), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(302)
		}}, "main", "config.json", "not followed"},
		"other than its digest":   {hostile{says(pinned, map[string]any{"rfilename": "config.json", "size": 5, "lfs": map[string]any{"sha256": strings.Repeat("0", 64), "size": 5}}), sends("12345")}, "main", "config.json", "expected 0000"},
		"a digest that climbs":    {hostile{says(pinned, map[string]any{"rfilename": "config.json", "size": 5, "lfs": map[string]any{"sha256": "../../../../escaped"}}), sends("12345")}, "main", "config.json", "expected ../"},
		"other than git's digest": {hostile{says(pinned, map[string]any{"rfilename": "config.json", "size": 5, "blobId": strings.Repeat("1", 40)}), sends("12345")}, "main", "config.json", "git digest"},
		"a body that is cut": {hostile{says(pinned, unsized), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5000")
			_, _ = io.WriteString(w, "12345")
		}}, "main", "config.json", "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, cache, err := download(t, c.hub, c.revision, c.file)
			require.Error(t, err)
			require.Regexp(t, c.want, err.Error())
			require.Less(t, time.Since(start), 5*time.Second)
			require.Empty(t, written(t, cache))
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// An ETag that climbs names nothing: content is named by its own digest.
func TestContentIsNamedByItsDigest(t *testing.T) {
	hub := hostile{says(pinned, map[string]any{"rfilename": "config.json"}), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"../../../../../../escaped"`)
		_, _ = io.WriteString(w, "12345")
	}}
	dir, cache, err := download(t, hub, "main", "config.json")
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	require.NoError(t, err)
	require.Equal(t, "12345", string(text))
	const git = "bd41cba781d8349272bf3eb92568285b411c027c" // printf 12345 | git hash-object --stdin
	at := "deep/cache/models--x--y/"
	require.Equal(t, []string{at + "blobs/" + git, at + "refs/main", at + "snapshots/" + pinned + "/config.json"}, written(t, cache))
}

// A large file has the SHA-256 that the Hub states, and is named by it.
func TestLargeFilesAreNamedBySHA256(t *testing.T) {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("12345")))
	hub := hostile{says(pinned, map[string]any{"rfilename": "a/b.bin", "size": 5, "lfs": map[string]any{"sha256": sum}}), sends("12345")}
	dir, cache, err := download(t, hub, pinned, "a/b.bin")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, "a", "b.bin"))
	require.FileExists(t, filepath.Join(cache, "models--x--y", "blobs", sum))
}

// The login's token goes to the address that it is meant for and to no other.
func TestTokenStaysAtHome(t *testing.T) {
	var seen string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Get("Authorization")
		_, _ = io.WriteString(w, "12345")
	}))
	defer other.Close()
	hub := hostile{says(pinned, map[string]any{"rfilename": "config.json"}), func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/elsewhere", http.StatusFound)
	}}
	_, _, err := download(t, hub, "main", "config.json")
	require.NoError(t, err)
	require.Empty(t, seen)
}
