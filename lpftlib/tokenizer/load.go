package tokenizer

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"lpft/internal/lfs"
	"lpft/internal/plainfile"
)

// The files that [Load] looks for.
const (
	tokenizerJSON = "tokenizer.json"
	vocabJSON     = "vocab.json"
	mergesTXT     = "merges.txt"
	vocabTXT      = "vocab.txt"
	configJSON    = "tokenizer_config.json"

	specialMapJSON  = "special_tokens_map.json"
	addedTokensJSON = "added_tokens.json"
	modelJSON       = "config.json"
)

// Load reads the tokenizer in dir as Hugging Face's AutoTokenizer does (transformers 5): the
// vocabulary from the first of these that is there: tokenizer.json; vocab.json and
// merges.txt (RoBERTa, GPT-2); vocab.txt (BERT); and what tokenizer_config.json,
// special_tokens_map.json, added_tokens.json and config.json say beside it. A folder with
// tokenizer.json alone is read as Hugging Face tokenizers does.
//
// What lpft does not know (other classes, models, normalizers or pre-tokenizers) is an error
// that names the file and the kind.
func Load(dir string) (*Tokenizer, error) {
	f := &folder{dir: dir}
	for _, form := range []struct {
		files []string
		read  func(*folder) (*definition, error)
		class *class
	}{
		{[]string{tokenizerJSON}, readTokenizerJSON, asItStands},
		{[]string{vocabJSON, mergesTXT}, readVocabAndMerges, asRoBERTa},
		{[]string{vocabTXT}, readVocabTXT, asBERT},
	} {
		if !f.has(form.files...) {
			continue
		}
		t, err := f.load(form.files[0], form.read, form.class)
		if err != nil {
			return nil, fmt.Errorf("tokenizer: %w", err)
		}
		return t, nil
	}
	hint := ""
	for _, name := range []string{"sentencepiece.bpe.model", "spiece.model", "tokenizer.model"} {
		if f.has(name) {
			hint = fmt.Sprintf("; %s is there: load it with transformers and save_pretrained, which writes %s", name, tokenizerJSON)
		}
	}
	return nil, fmt.Errorf("tokenizer: no tokenizer in %s: want %s, or %s with %s (RoBERTa), or %s (BERT)%s",
		dir, tokenizerJSON, vocabJSON, mergesTXT, vocabTXT, hint)
}

// load reads the vocabulary and then what the folder's settings make of it.
func (f *folder) load(name string, read func(*folder) (*definition, error), c *class) (*Tokenizer, error) {
	s, err := readSettings(f)
	if err != nil {
		return nil, err
	}
	d, err := read(f)
	if err != nil {
		return nil, err
	}
	if _, roberta := d.vocab["<s>"]; c == asRoBERTa && !roberta {
		c = asGPT2
	}
	d.path = f.path(name)
	if s.declared || d.bare {
		err = s.apply(d, c)
	} else {
		err = d.addOwn(newAdding(d))
	}
	if err != nil {
		return nil, err
	}
	t, err := d.build()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.path, err)
	}
	t.digest = f.digest()
	return t, nil
}

// folder reads files and keeps the digest of all it read.
type folder struct {
	dir  string
	read []byte // name, size and content of each file
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f *folder) has(names ...string) bool {
	for _, name := range names {
		if info, err := os.Stat(f.path(name)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

func (f *folder) file(name string) ([]byte, error) {
	b, err := plainfile.Read(f.path(name), plainfile.Text)
	if err != nil {
		return nil, err
	}
	if err := lfs.Check(f.path(name), b); err != nil {
		return nil, err
	}
	f.read = append(fmt.Appendf(f.read, "%s\n%d\n", name, len(b)), b...)
	return b, nil
}

// optional is file, but a file that is not there is nil.
func (f *folder) optional(name string) ([]byte, error) {
	b, err := f.file(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

func (f *folder) digest() string { return fmt.Sprintf("%x", sha256.Sum256(f.read)) }

// definition is what every form of files comes down to.
type definition struct {
	path   string // of the vocabulary, for errors
	family Family
	vocab  map[string]int32
	unk    string // "" for none

	merges  [][2]string // BPE
	fuseUnk bool        // BPE
	prefix  string      // WordPiece: before what goes on a word, "##"
	longest int         // WordPiece: characters of the longest word that is looked at

	pieces       []scoredPiece // Unigram: by id
	unkID        int32         // Unigram
	byteFallback bool          // Unigram
	exactScores  bool          // Unigram: Python has read the scores, not tokenizers
	words        *metaspace    // Unigram

	norm         normalizer // nil: the text is taken as it is
	prefixSpace  bool
	added        []addedToken
	single, pair template

	bare    bool // a vocabulary without a tokenizer.json
	cutLeft bool // what is too long loses its start
	noTypes bool // all token types are 0
}

// build makes the tokenizer and checks that all its parts fit together.
func (d *definition) build() (*Tokenizer, error) {
	t := &Tokenizer{
		family: d.family, cache: newWordCache(), norm: d.norm, prefixSpace: d.prefixSpace, meta: d.words,
		single: d.single, pair: d.pair, cutLeft: d.cutLeft, padID: -1,
	}
	if d.noTypes {
		t.single, t.pair = d.single.withoutTypes(), d.pair.withoutTypes()
	}
	if len(d.vocab) == 0 {
		return nil, errors.New("the vocabulary is missing or empty")
	}
	size, err := d.rows()
	if err != nil {
		return nil, err
	}
	t.vocabSize = size
	if err := d.checkSpecialTokens(size); err != nil {
		return nil, err
	}
	if t.words, err = d.model(); err != nil {
		return nil, err
	}
	if t.raw, t.normed, err = d.matchers(); err != nil {
		return nil, err
	}
	pad := "<pad>"
	if d.family == WordPiece {
		pad = "[PAD]"
	}
	if id, ok := d.vocab[pad]; ok {
		t.padID = id
	}
	return t, nil
}

func (d *definition) model() (wordModel, error) {
	switch d.family {
	case WordPiece:
		return newWordPiece(d.vocab, d.unk, d.prefix, d.longest)
	case Unigram:
		return newUnigram(d)
	}
	return newBPE(d.vocab, d.merges, d.unk, d.fuseUnk)
}

// addOwn adds the tokens of tokenizer.json itself, which must have the ids that their order gives.
func (d *definition) addOwn(a *adding) error {
	for _, t := range d.added {
		a.add(t)
		if got, _ := a.id(t.Content); t.Content != "" && got != t.ID {
			return fmt.Errorf("%s: added token %q has id %d, but the vocabulary makes it %d", d.path, t.Content, t.ID, got)
		}
	}
	d.added = a.list()
	return nil
}

// rows is the number of rows that all ids need.
func (d *definition) rows() (int, error) {
	largest := int32(-1)
	for token, id := range d.vocab {
		if id < 0 || id == math.MaxInt32 {
			return 0, fmt.Errorf("id %d of %q is out of range", id, token)
		}
		largest = max(largest, id)
	}
	for _, t := range d.added {
		largest = max(largest, t.ID)
	}
	return int(largest) + 1, nil
}

func (d *definition) checkSpecialTokens(size int) error {
	for _, t := range []template{d.single, d.pair} {
		for _, p := range t {
			for _, id := range p.ids {
				if id < 0 || int(id) >= size {
					return fmt.Errorf("special token id %d around the text is not below the vocabulary size %d", id, size)
				}
			}
		}
	}
	return nil
}

// matchers returns the finders of added tokens before and after normalisation. A token of
// which normalisation leaves nothing is refused: the original finds it between any two
// characters, and cuts the text there.
func (d *definition) matchers() (raw, normed matcher, err error) {
	var before, after []addedToken
	for _, special := range []bool{true, false} { // of two equal strings the special one counts
		for _, t := range d.added {
			switch {
			case t.Special != special:
			case t.Normalized:
				before := t.Content
				if d.norm != nil {
					t.Content = d.norm.normalize(t.Content)
				}
				if t.Content == "" && before != "" {
					return raw, normed, fmt.Errorf("added token %+q is empty after normalisation: want \"normalized\": false, or no such token", before)
				}
				after = append(after, t)
			default:
				before = append(before, t)
			}
		}
	}
	return newMatcher(before), newMatcher(after), nil
}
