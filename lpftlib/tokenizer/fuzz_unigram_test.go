package tokenizer

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// fixtureCharsmap returns the character map of the fixture, in bytes.
func fixtureCharsmap(t testing.TB) []byte {
	var want struct{ Charsmap string }
	readJSON(t, "testdata/charsmap.json", &want)
	b, err := base64.StdEncoding.DecodeString(want.Charsmap)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzCharsmap reads character maps of any bytes: an error in one line, or one that turns
// every valid text into a valid text.
func FuzzCharsmap(f *testing.F) {
	b := fixtureCharsmap(f)
	f.Add(b, "e\u0301 ﬁ \u00a9\u200d❤ \u0600a\u0301")
	f.Add(b[:len(b)-1], "\u1112\u1161\u11ab")
	f.Fuzz(func(t *testing.T, b []byte, text string) {
		m, err := parseCharsmap(base64.StdEncoding.EncodeToString(b))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("not one line: %q", err)
			}
			return
		}
		if out := m.normalize(strings.ToValidUTF8(text, "")); !utf8.ValidString(out) {
			t.Fatalf("%q", out)
		}
	})
}

// FuzzUnigramParts reads tokenizer.json with any model, normalizer and pre-tokenizer.
func FuzzUnigramParts(f *testing.F) {
	var spec map[string]json.RawMessage
	readJSON(f, filepath.Join("testdata", "unigram", tokenizerJSON), &spec)
	f.Add(string(spec["model"]), string(spec["normalizer"]), string(spec["pre_tokenizer"]), "a film")
	var all []unigramGolden
	readJSON(f, "testdata/unigram_goldens.json", &all)
	for _, g := range all {
		f.Add(`{"type": "Unigram", "unk_id": 0, "byte_fallback": true, "vocab": [["<unk>", 0], ["▁", -2], ["▁a", -1.5], ["aa", -3], ["<0xC3>", -9]]}`,
			string(g.Parts["normalizer"]), string(g.Parts["pre_tokenizer"]), "  a aa\u0301 é")
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, model, normalizer, words, text string) {
		spec := `{"added_tokens": [], "model": ` + model + `, "normalizer": ` + normalizer + `, "pre_tokenizer": ` + words + `}`
		if err := os.WriteFile(filepath.Join(dir, tokenizerJSON), []byte(spec), 0o644); err != nil {
			t.Fatal(err)
		}
		tok, err := Load(dir)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("not one line: %q", err)
			}
			return
		}
		e := tok.Encode(Text{A: text}, 64)
		if slices.ContainsFunc(e.IDs, func(id int32) bool { return id < 0 || int(id) >= tok.VocabSize() }) {
			t.Fatalf("ids %v, vocabulary %d", e.IDs, tok.VocabSize())
		}
	})
}

// FuzzGrapheme checks that graphemes cover any text with whole characters.
func FuzzGrapheme(f *testing.F) {
	for _, x := range hardTexts(f, 128) {
		f.Add(x.A)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for rest := strings.ToValidUTF8(s, ""); rest != ""; {
			n := graphemeLen(rest)
			if n <= 0 || n > len(rest) || !utf8.ValidString(rest[:n]) {
				t.Fatalf("%d of %q", n, rest)
			}
			rest = rest[n:]
		}
	})
}
