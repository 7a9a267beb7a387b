package huggingface

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// alone clears what the machine's own environment says.
func alone(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE",
		"HF_ENDPOINT", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_IMPLICIT_TOKEN"} {
		t.Setenv(name, "")
	}
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	return dir
}

func TestOffline(t *testing.T) {
	alone(t)
	for value, want := range map[string]string{"1": "HF_HUB_OFFLINE", "true": "HF_HUB_OFFLINE", "ON": "HF_HUB_OFFLINE", "0": "", "false": "", "": ""} {
		t.Setenv("HF_HUB_OFFLINE", value)
		require.Equal(t, want, Offline(), value)
	}
	t.Setenv("HF_HUB_OFFLINE", "")
	t.Setenv("TRANSFORMERS_OFFLINE", "yes")
	require.Equal(t, "TRANSFORMERS_OFFLINE", Offline())
}

func TestTokenAndCache(t *testing.T) {
	dir := alone(t)
	require.Empty(t, token())
	require.Equal(t, filepath.Join(dir, "huggingface", "hub"), CacheDir())
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "huggingface"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "huggingface", "token"), []byte("from login\n"), 0o600))
	require.Equal(t, "from login", token())
	t.Setenv("HUGGING_FACE_HUB_TOKEN", "old name")
	require.Equal(t, "old name", token())
	t.Setenv("HF_TOKEN", "new name")
	require.Equal(t, "new name", token())
	t.Setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
	require.Empty(t, token())
	t.Setenv("HF_HOME", "/home/hf")
	require.Equal(t, "/home/hf/hub", CacheDir())
	t.Setenv("HF_HUB_CACHE", "/elsewhere")
	require.Equal(t, "/elsewhere", CacheDir())
}

// A mirror below a path is asked below that path, with the token.
func TestRepoOfAMirror(t *testing.T) {
	alone(t)
	asked := map[string]string{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked[r.URL.Path] = r.Header.Get("Authorization")
		http.Error(w, "who are you", http.StatusUnauthorized)
	}))
	defer srv.Close()
	t.Setenv("HF_ENDPOINT", srv.URL+"/mirror/")
	t.Setenv("HF_TOKEN", "secret")
	_, err := NewRepo(Models, "someone/tiny", "main", t.TempDir(), "").List(context.Background())
	require.Equal(t, map[string]string{"/mirror/api/models/someone/tiny/revision/main": "Bearer secret"}, asked)
	require.ErrorContains(t, Reason(err), "status code 401: who are you (private, gated or not there: log in with \"hf auth login\" or set HF_TOKEN)")
	require.ErrorContains(t, Reason(errors.New("bad status code 403: no")), "ask for it")
	require.NoError(t, Reason(nil))
}
