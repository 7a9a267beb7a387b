package tokenizer

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// unigramGolden is a fixture of testdata/make_unigram.py, other parts of its tokenizer.json,
// and what tokenizers gives.
type unigramGolden struct {
	Name, Base string
	Parts      map[string]json.RawMessage
	Goldens    map[string][]golden
}

// load writes the variant of the fixture and loads it.
func (g *unigramGolden) load(t *testing.T) *Tokenizer {
	if len(g.Parts) == 0 {
		return load(t, g.Base)
	}
	var spec map[string]json.RawMessage
	readJSON(t, filepath.Join("testdata", g.Base, tokenizerJSON), &spec)
	maps.Copy(spec, g.Parts)
	b, err := json.Marshal(spec)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, tokenizerJSON), b, 0o644))
	tok, err := Load(dir)
	require.NoError(t, err)
	return tok
}

// variantTexts are the texts that variants are asked, at 24 tokens: all single ones and the
// short pairs.
func variantTexts(t *testing.T) []Text {
	all := hardTexts(t, 128)
	n := 0
	for !all[n].Pair {
		n++
	}
	return all[:n+11]
}

func TestUnigramGoldens(t *testing.T) {
	var all []unigramGolden
	readJSON(t, "testdata/unigram_goldens.json", &all)
	for _, g := range all {
		t.Run(g.Name, func(t *testing.T) {
			tok := g.load(t)
			require.Equal(t, Unigram, tok.Family())
			if len(g.Parts) == 0 {
				requireGoldens(t, tok, g.Goldens)
				return
			}
			texts := variantTexts(t)
			require.Len(t, g.Goldens["24"], len(texts))
			for i, e := range tok.EncodeAll(texts, 24) {
				require.Equal(t, g.Goldens["24"][i], asGolden(e), "%+q", texts[i])
			}
		})
	}
}

// TestCharsmap holds replacements against tokenizers on random texts of characters around
// which boundaries of graphemes are hard.
func TestCharsmap(t *testing.T) {
	var want struct {
		Charsmap string
		Texts    [][2]string
	}
	readJSON(t, "testdata/charsmap.json", &want)
	m, err := parseCharsmap(want.Charsmap)
	require.NoError(t, err)
	for _, row := range want.Texts {
		require.Equal(t, row[1], m.normalize(row[0]), "%+q", row[0])
	}
}
