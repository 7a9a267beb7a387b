package tokenizer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// folderCase is a folder as people have it: the files of a fixture, some more, and what
// transformers' AutoTokenizer gives (testdata/make_folders.py).
type folderCase struct {
	Name    string
	Base    string            // fixture whose files come first
	Files   map[string]string // name → content
	MaxLen  int               `json:"max_len"`
	Refused string            // lpft's message holds this
	Answers []golden          // one for each text
}

// folderCases are cases with the texts that all of them are asked.
type folderCases struct {
	Texts []folderText
	Cases []folderCase
}

// folderText is "text" or ["text", "second text"].
type folderText Text

func (t *folderText) UnmarshalJSON(b []byte) error {
	var pair []string
	if json.Unmarshal(b, &pair) == nil {
		*t = folderText{A: pair[0], B: pair[1], Pair: true}
		return nil
	}
	return json.Unmarshal(b, &t.A)
}

func (c *folderCase) write(t testing.TB) string {
	dir := t.TempDir()
	if c.Base != "" {
		files, err := filepath.Glob(filepath.Join("testdata", c.Base, "*"))
		require.NoError(t, err)
		for _, file := range files {
			copyFile(t, file, dir)
		}
	}
	for name, text := range c.Files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

func (c *folderCase) requireAnswers(t *testing.T, tok *Tokenizer, texts []folderText) {
	require.Len(t, c.Answers, len(texts))
	for i, text := range texts {
		require.Equal(t, c.Answers[i], asGolden(tok.Encode(Text(text), c.MaxLen)), "%+q", text)
	}
}

func TestFolders(t *testing.T) {
	var all folderCases
	readJSON(t, "testdata/folders.json", &all)
	for _, c := range all.Cases {
		t.Run(c.Name, func(t *testing.T) {
			dir := c.write(t)
			if c.Refused != "" {
				requireLoadError(t, dir, c.Refused)
				return
			}
			tok, err := Load(dir)
			require.NoError(t, err)
			c.requireAnswers(t, tok, all.Texts)
		})
	}
}

// TestRandomFolders holds folders that testdata/check_folders.py made up against what it
// asked transformers and tokenizers: equal, or refused. The script runs this test.
func TestRandomFolders(t *testing.T) {
	path := os.Getenv("LPFT_CHECK_FOLDERS")
	if path == "" {
		t.Skip("run testdata/check_folders.py, which makes the folders")
	}
	var all folderCases
	readJSON(t, path, &all)
	refused := 0
	for _, c := range all.Cases {
		tok, err := Load(c.write(t))
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			t.Logf("%s refused: %s", c.Name, err.Error()[strings.LastIndex(err.Error(), "/")+1:])
			refused++
			continue
		}
		t.Run(c.Name, func(t *testing.T) { c.requireAnswers(t, tok, all.Texts) })
	}
	t.Logf("%d folders, %d refused", len(all.Cases), refused)
}

// FuzzFolder reads folders of any content: a tokenizer with ids of its vocabulary, or an
// error in one line, never a panic.
func FuzzFolder(f *testing.F) {
	names := []string{tokenizerJSON, configJSON, specialMapJSON, addedTokensJSON, modelJSON, vocabTXT}
	var all folderCases
	readJSON(f, "testdata/folders.json", &all)
	for _, c := range all.Cases {
		var files []string
		for _, name := range names {
			text := c.Files[name]
			if b, err := os.ReadFile(filepath.Join("testdata", c.Base, name)); text == "" && err == nil && len(b) < 20000 {
				text = string(b)
			}
			files = append(files, text)
		}
		f.Add(files[0], files[1], files[2], files[3], files[4], files[5])
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, tokenizer, config, special, added, model, vocab string) {
		for i, text := range []string{tokenizer, config, special, added, model, vocab} {
			path := filepath.Join(dir, names[i])
			if text == "" {
				os.Remove(path)
			} else if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		tok, err := Load(dir)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("not one line: %q", err)
			}
			return
		}
		for _, maxLen := range []int{0, 3, 64} {
			for _, id := range tok.Encode(Text{A: "A film [MASK] <mask> 中é", B: "[E1] it's", Pair: maxLen != 3}, maxLen).IDs {
				if id < 0 || int(id) >= tok.VocabSize() {
					t.Fatalf("id %d, vocabulary %d", id, tok.VocabSize())
				}
			}
		}
	})
}
