package task

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

// fakeHub serves data set repositories at the Hub's paths; repos maps "owner/name@commit" to files.
func fakeHub(t *testing.T, repos map[string]map[string][]byte) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	for _, name := range []string{"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_ENDPOINT"} {
		t.Setenv(name, "")
	}
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		for id, files := range repos {
			repo, commit, _ := strings.Cut(id, "@")
			if r.URL.Path == "/api/datasets/"+repo+"/revision/"+commit {
				var siblings []map[string]any
				for name, data := range files {
					siblings = append(siblings, map[string]any{"rfilename": name, "size": len(data)})
				}
				json.NewEncoder(w).Encode(map[string]any{"id": repo, "sha": commit, "siblings": siblings})
				return
			}
			name, ok := strings.CutPrefix(r.URL.Path, "/datasets/"+repo+"/resolve/"+commit+"/")
			if data, there := files[name]; ok && there {
				w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(data)))
				w.Write(data)
				return
			}
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	return server, &asked
}

func parquetOf[T any](t *testing.T, rows ...T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, parquet.Write(&b, rows, parquet.Compression(&parquet.Snappy)))
	return b.Bytes()
}

// The columns are those of the Hub's files: nullable strings, labels as integers.
type (
	hubPair struct {
		Premise    *string `parquet:"premise,optional"`
		Hypothesis *string `parquet:"hypothesis,optional"`
		Index      int32   `parquet:"idx"`
		Label      *int64  `parquet:"label,optional"`
	}
	hubWSC struct {
		Text       string `parquet:"text"`
		Span1Index int32  `parquet:"span1_index"`
		Span2Index int32  `parquet:"span2_index"`
		Span1      string `parquet:"span1_text"`
		Span2      string `parquet:"span2_text"`
		Label      int64  `parquet:"label"`
	}
	hubWiC struct {
		Word      string `parquet:"word"`
		Sentence1 string `parquet:"sentence1"`
		Sentence2 string `parquet:"sentence2"`
		Label     int64  `parquet:"label"`
	}
	hubSentence struct {
		Sentence string `parquet:"sentence"`
		Label    int64  `parquet:"label"`
		Index    int32  `parquet:"idx"`
	}
	hubMRPC struct {
		Sentence1 string `parquet:"sentence1"`
		Sentence2 string `parquet:"sentence2"`
		Label     int64  `parquet:"label"`
	}
	hubBoolQ struct {
		Question string `parquet:"question"`
		Passage  string `parquet:"passage"`
		Label    int64  `parquet:"label"`
	}
)

func row(premise, hypothesis string, label int64) hubPair {
	return hubPair{&premise, &hypothesis, 0, &label}
}

const (
	superGLUEAt = superGLUE + "@" + superGLUECommit
	glueAt      = glue + "@" + glueCommit
	pubmedAt    = pubmed + "@" + pubmedCommit
	trainPart   = "/train-00000-of-00001.parquet"
	valPart     = "/validation-00000-of-00001.parquet"
)

func TestHub(t *testing.T) {
	cb := parquetOf(t, row("p0", "h0", 0), row("p1", "h1", 1), row("p2", "h2", 2))
	wscRow := hubWSC{"Mark told Pete lies. He was bold.", 0, 4, "Mark", "He", 1}
	sst := parquetOf(t, hubSentence{"one ", 1, 0}, hubSentence{"two ", 0, 1})
	abstracts := []byte(`{"abstract_id": "1", "label": "methods", "text": "A of 7.5 mg ( 4.8-18 .0 ) , 6MWD .", "sentence_id": 0}` + "\n")
	repos := map[string]map[string][]byte{
		superGLUEAt: {
			"cb" + trainPart: cb, "cb" + valPart: cb,
			"wsc" + trainPart: parquetOf(t, wscRow, wscRow), "wsc" + valPart: parquetOf(t, wscRow),
			"wic" + trainPart:   parquetOf(t, hubWiC{"w", "a", "b", 0}, hubWiC{"w", "a", "b", 1}),
			"wic" + valPart:     parquetOf(t, hubWiC{"w", "a", "b", 1}),
			"boolq" + trainPart: parquetOf(t, hubBoolQ{"q", "p", 0}, hubBoolQ{"q", "p", 1}),
			"boolq" + valPart:   parquetOf(t, hubBoolQ{"q", "p", 1}),
			"rte" + trainPart:   parquetOf(t, row("p", "h", 0), row("p", "h", -1)), "rte" + valPart: cb,
		},
		glueAt: {
			"sst2" + trainPart: sst, "sst2" + valPart: sst, "cola" + trainPart: sst, "cola" + valPart: sst,
			"mrpc" + trainPart: parquetOf(t, hubMRPC{"a", "b", 1}, hubMRPC{"c", "d", 0}), "mrpc" + valPart: parquetOf(t, hubMRPC{"a", "b", 1}),
		},
		pubmedAt: {"train.jsonl": abstracts, "dev.jsonl": abstracts, "test.jsonl": abstracts},
	}
	server, asked := fakeHub(t, repos)
	o := Options{Dir: t.TempDir(), Hub: HubOptions{Endpoint: server.URL + "/", CacheDir: t.TempDir()}}
	for _, c := range []struct {
		id     string
		counts Counts
		want   Example // last test row
	}{
		{"cb", Counts{Train: 2, Val: 1, Test: 3}, Example{A: "p2", B: "h2", Pair: true, Label: 2, Row: 2}},
		{"wsc", Counts{Train: 1, Val: 1, Test: 1}, Example{A: "He: Mark told Pete lies. He was bold.", B: "Mark", Pair: true, Label: 1, Row: 0}},
		{"wic", Counts{Train: 1, Val: 1, Test: 1}, Example{A: "a b Does w have the same meaning in both sentences?", B: "", Pair: false, Label: 1, Row: 0}},
		{"boolq", Counts{Train: 1, Val: 1, Test: 1}, Example{A: "q", B: "p", Pair: true, Label: 1, Row: 0}},
		{"sst2", Counts{Train: 1, Val: 1, Test: 2}, Example{A: "two ", B: "", Pair: false, Label: 0, Row: 1}},
		{"cola", Counts{Train: 1, Val: 1, Test: 2}, Example{A: "two ", B: "", Pair: false, Label: 0, Row: 1}},
		{"mrpc", Counts{Train: 1, Val: 1, Test: 1}, Example{A: "a", B: "b", Pair: true, Label: 1, Row: 0}},
		{"pubmed", Counts{Train: 1, Val: 1, Test: 1}, Example{A: "a of @ mg ( @-@ @ ) , @mwd .", B: "", Pair: false, Label: 2, Row: 0}},
	} {
		d, err := Load(background, c.id, o)
		require.NoError(t, err, c.id)
		require.Equal(t, c.counts, d.Counts(), c.id)
		require.Equal(t, c.want, d.Test[len(d.Test)-1], c.id)
		require.Contains(t, d.Source, "Hub "+d.Task.hub.repo+"@"+d.Task.hub.revision)
	}
	// Unlabelled rows of the Hub have label -1.
	_, err := Load(background, "rte", o)
	require.ErrorContains(t, err, `train-00000-of-00001.parquet:2: label "-1" is not one of entailment, not_entailment (or 0 to 1)`)

	// Files in the cache are used without asking anybody.
	before := asked.Load()
	d, err := Load(background, "cb", o)
	require.NoError(t, err)
	require.Equal(t, before, asked.Load())
	server.Close()
	o.Hub.Offline = true
	again, err := Load(background, "cb", o)
	require.NoError(t, err)
	require.Equal(t, d.Digest, again.Digest)
}

// TestHubAndFolderAgree loads the same rows from both sources.
func TestHubAndFolderAgree(t *testing.T) {
	file := parquetOf(t, row("p", "h", 2), row("q", "k", 1))
	server, _ := fakeHub(t, map[string]map[string][]byte{superGLUEAt: {"cb" + trainPart: file, "cb" + valPart: file}})
	lines := `{"premise": "p", "hypothesis": "h", "label": "neutral", "idx": 0}` + "\n" + `{"premise": "q", "hypothesis": "k", "label": "contradiction", "idx": 1}`
	dir := tree(t, map[string]string{"CB/train.jsonl": lines, "CB/val.jsonl": lines})
	fromFolder, err := Load(background, "cb", offline(t, dir))
	require.NoError(t, err)
	fromHub, err := Load(background, "cb", Options{Hub: HubOptions{Endpoint: server.URL, CacheDir: t.TempDir()}})
	require.NoError(t, err)
	require.Equal(t, fromFolder.Digest, fromHub.Digest)
}

// TestHubFailures checks that every failure is one line which names repository and remedy.
func TestHubFailures(t *testing.T) {
	good := parquetOf(t, row("p", "h", 0))
	server, _ := fakeHub(t, map[string]map[string][]byte{
		superGLUEAt: {"cb" + trainPart: good},
		glueAt:      {"sst2" + trainPart: []byte("PAR1 no parquet file PAR1"), "sst2" + valPart: good},
	})
	for _, c := range []struct{ id, endpoint, want string }{
		{"cb", "http://127.0.0.1:1", "connection refused; give the folder"},
		{"cb", server.URL, "the repository has no file cb/validation-00000-of-00001.parquet; give the folder"},
		{"pubmed", server.URL, "bad status code 404"},
		{"sst2", server.URL, "train-00000-of-00001.parquet: damaged parquet file"},
	} {
		_, err := Load(background, c.id, Options{Hub: HubOptions{Endpoint: c.endpoint, CacheDir: t.TempDir()}})
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestHubAnswersWithAnotherCommit(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"sha": "f00"}`) }))
	t.Cleanup(server.Close)
	_, err := Load(background, "cb", Options{Hub: HubOptions{Endpoint: server.URL, CacheDir: t.TempDir()}})
	require.ErrorContains(t, err, `it answered with commit "f00"`)
}

// TestHubIsLeftBehind checks that a silent Hub does not hold a cancelled call.
func TestHubIsLeftBehind(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); server.Close() })
	ctx, cancel := context.WithCancel(background)
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err := Load(ctx, "cb", Options{Hub: HubOptions{Endpoint: server.URL, CacheDir: t.TempDir()}})
	require.ErrorIs(t, err, context.Canceled)
}

func TestDamagedParquet(t *testing.T) {
	data := parquetOf(t, row("a premise", "a hypothesis", 0), row("another", "one", 1))
	path := filepath.Join(t.TempDir(), "f.parquet")
	for i := 0; i < len(data); i += 23 {
		broken := bytes.Clone(data)
		broken[i] ^= 0xff
		require.NoError(t, os.WriteFile(path, broken, 0o644))
		for _, err := range readParquet(path) { // an error or rows, never a panic
			if err != nil {
				require.ErrorContains(t, err, path)
			}
		}
	}
}

// The Hub's environment conventions hold for data sets as for models.
func TestHubEnvironment(t *testing.T) {
	_, _ = fakeHub(t, nil) // clears the machine's own environment
	var auth []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth = append(auth, r.URL.Path+" "+r.Header.Get("Authorization"))
		http.Error(w, "who are you", http.StatusUnauthorized)
	}))
	defer server.Close()
	t.Setenv("HF_ENDPOINT", server.URL+"/mirror/")
	t.Setenv("HF_TOKEN", "")
	t.Setenv("HUGGING_FACE_HUB_TOKEN", "secret")
	o := Options{Dir: t.TempDir(), Hub: HubOptions{CacheDir: t.TempDir()}}
	t.Setenv("HF_HUB_OFFLINE", "1")
	_, err := Load(background, "cb", o)
	require.ErrorContains(t, err, "HF_HUB_OFFLINE is set")
	require.Empty(t, auth)
	t.Setenv("HF_HUB_OFFLINE", "0")
	_, err = Load(background, "cb", o)
	require.ErrorContains(t, err, "log in with \"hf auth login\" or set HF_TOKEN")
	require.Len(t, auth, 1)
	require.Regexp(t, `^/mirror/api/datasets/.* Bearer secret$`, auth[0])
}
