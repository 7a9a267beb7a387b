package tokenizer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// golden is what Hugging Face tokenizers gives for a text (testdata/make_goldens.py).
type golden struct {
	IDs   []int32 `json:"ids"`
	Types string  `json:"types"` // a digit a token
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, into))
}

// hardTexts returns the texts of the goldens for a length, in their order.
func hardTexts(t testing.TB, maxLen int) []Text {
	var texts struct {
		Singles []string
		Pairs   [][2]string
	}
	readJSON(t, "testdata/texts.json", &texts)
	var out []Text
	for i, a := range texts.Singles {
		if maxLen == 128 || i%10 == 0 {
			out = append(out, Text{A: a})
		}
	}
	for _, p := range texts.Pairs {
		out = append(out, Text{A: p[0], B: p[1], Pair: true})
	}
	return out
}

// requireGoldens checks every text twice: the second time its words come from the cache.
func requireGoldens(t *testing.T, tok *Tokenizer, want map[string][]golden) {
	t.Helper()
	require.Len(t, want, 3)
	for range 2 {
		for length, rows := range want {
			maxLen, err := strconv.Atoi(length)
			require.NoError(t, err)
			texts := hardTexts(t, maxLen)
			require.Len(t, rows, len(texts))
			for i, e := range tok.EncodeAll(texts, maxLen) {
				require.Equal(t, rows[i], asGolden(e), "max length %d, %+q", maxLen, texts[i])
			}
		}
	}
}

func asGolden(e Encoding) golden {
	var types strings.Builder
	for _, x := range e.TypeIDs {
		fmt.Fprint(&types, x)
	}
	return golden{append([]int32{}, e.IDs...), types.String()}
}

func TestGoldens(t *testing.T) {
	var want map[string]map[string][]golden
	readJSON(t, "testdata/goldens.json", &want)
	for folder, name := range map[string]string{
		"bpe": "bpe", "bpe-files": "bpe", "bpe-flags": "bpe-flags",
		"wordpiece": "wordpiece", "wordpiece-files": "wordpiece", "wordpiece-flags": "wordpiece-flags",
		"wordpiece-cased": "wordpiece-cased", "wordpiece-cased-files": "wordpiece-cased",
	} {
		t.Run(folder, func(t *testing.T) {
			tok, err := Load(filepath.Join("testdata", folder))
			require.NoError(t, err)
			requireGoldens(t, tok, want[name])
		})
	}
}

// dataFolder returns the folder with the data sets and tokenizers/, or skips.
func dataFolder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("LPFT_DATA")
	if dir == "" {
		t.Skip("LPFT_DATA is not set: no real vocabularies and data sets to check against")
	}
	return dir
}

// TestRealGoldens checks the published vocabularies, in every form that is there. RoBERTa's
// <mask> takes the space before it because special_tokens_map.json says so.
func TestRealGoldens(t *testing.T) {
	dir := dataFolder(t)
	var want map[string]map[string][]golden
	readJSON(t, "testdata/real_goldens.json", &want)
	for name, files := range map[string][]string{
		"roberta-base": {vocabJSON, mergesTXT, specialMapJSON}, "bert-base-uncased": {vocabTXT},
	} {
		folder := filepath.Join(dir, "tokenizers", name)
		t.Run(name, func(t *testing.T) {
			tok, err := Load(folder)
			require.NoError(t, err)
			requireGoldens(t, tok, want[name])
		})
		t.Run(name+" from its other files", func(t *testing.T) {
			other := t.TempDir()
			for _, file := range files {
				b, err := os.ReadFile(filepath.Join(folder, file))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(other, file), b, 0o644))
			}
			tok, err := Load(other)
			require.NoError(t, err)
			requireGoldens(t, tok, want[name])
		})
	}
}

// TestBareRoBERTa: without the map <mask> takes no space, in transformers 5 (5.23.0 gave these
// ids; 4.57.3 stripped it all the same).
func TestBareRoBERTa(t *testing.T) {
	folder, bare := filepath.Join(dataFolder(t), "tokenizers", "roberta-base"), t.TempDir()
	for _, file := range []string{vocabJSON, mergesTXT} {
		b, err := os.ReadFile(filepath.Join(folder, file))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(bare, file), b, 0o644))
	}
	tok, err := Load(bare)
	require.NoError(t, err)
	require.Equal(t, []int32{0, 29238, 5, 1437, 50264, 259, 2}, tok.Encode(Text{A: "fill the <mask> here"}, 128).IDs)
}

// TestDataDigests encodes every line of every data file, alone and with the next one, and
// compares the digest of all ids and token types.
func TestDataDigests(t *testing.T) {
	dir := dataFolder(t)
	var want map[string]map[string]string
	readJSON(t, "testdata/data_digests.json", &want)
	for name, files := range want {
		tok, err := Load(filepath.Join(dir, "tokenizers", name))
		require.NoError(t, err)
		checked := 0
		for file, digest := range files {
			b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
			if os.IsNotExist(err) {
				t.Logf("%s is not there", file)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, digest, linesDigest(tok, string(b)), "%s with %s", file, name)
			checked++
		}
		require.Positive(t, checked, "none of the data files is in %s", dir)
	}
}

func linesDigest(tok *Tokenizer, text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	var texts []Text
	for i, line := range lines {
		texts = append(texts, Text{A: line})
		if i+1 < len(lines) {
			texts = append(texts, Text{A: line, B: lines[i+1], Pair: true})
		}
	}
	h := sha256.New()
	var buf []byte
	for _, e := range tok.EncodeAll(texts, 128) {
		buf = binary.LittleEndian.AppendUint32(buf[:0], uint32(len(e.IDs)))
		for _, x := range append(append([]int32{}, e.IDs...), e.TypeIDs...) {
			buf = binary.LittleEndian.AppendUint32(buf, uint32(x))
		}
		h.Write(buf)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
