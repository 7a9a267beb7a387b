package tokenizer

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// tokenizerSpec is tokenizer.json; what has no field here does not change the ids, but for
// the length of truncation and padding, which are left to the caller.
type tokenizerSpec struct {
	Truncation *struct {
		Direction string `json:"direction"`
	} `json:"truncation"`
	AddedTokens   []json.RawMessage `json:"added_tokens"`
	Normalizer    json.RawMessage   `json:"normalizer"`
	PreTokenizer  json.RawMessage   `json:"pre_tokenizer"`
	PostProcessor json.RawMessage   `json:"post_processor"`
	Model         json.RawMessage   `json:"model"`
}

func readTokenizerJSON(f *folder) (*definition, error) {
	b, err := f.file(tokenizerJSON)
	if err != nil {
		return nil, err
	}
	var spec tokenizerSpec
	err = json.Unmarshal(b, &spec)
	d := &definition{cutLeft: spec.Truncation != nil && spec.Truncation.Direction == "Left"}
	for i := 0; err == nil && i < len(spec.AddedTokens); i++ {
		err = d.readAddedToken(i, spec.AddedTokens[i])
	}
	for _, part := range []struct {
		raw  json.RawMessage
		read func(json.RawMessage) error
	}{
		{spec.Model, d.readModel},
		{spec.Normalizer, d.readNormalizer},
		{spec.PreTokenizer, d.readPreTokenizer},
		{spec.PostProcessor, d.readPostProcessor},
	} {
		if err == nil {
			err = part.read(part.raw)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path(tokenizerJSON), err)
	}
	return d, nil
}

// decode reads a part of the file, which may be absent or null.
func decode(raw json.RawMessage, what string, into any) error {
	if raw == nil {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// present refuses a part without a key that the original requires: absent is not false or 0.
func present(raw json.RawMessage, what string, keys ...string) error {
	var members map[string]json.RawMessage
	if err := decode(raw, what, &members); err != nil {
		return err
	}
	for _, key := range keys {
		if members[key] == nil || isNull(members[key]) {
			return fmt.Errorf("%s: %s is missing", what, key)
		}
	}
	return nil
}

func (d *definition) readAddedToken(i int, raw json.RawMessage) error {
	what := fmt.Sprintf("added_tokens, entry %d", i+1)
	if err := present(raw, what, "id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"); err != nil {
		return err
	}
	var t addedToken
	err := decode(raw, what, &t)
	if err == nil && (t.ID < 0 || t.ID == math.MaxInt32) {
		err = fmt.Errorf("%s: id %d of %q is out of range", what, t.ID, t.Content)
	}
	d.added = append(d.added, t)
	return err
}

// modelSpec has the fields of both models. Old files do not name the type.
type modelSpec struct {
	Type     string           `json:"type"`
	Vocab    json.RawMessage  `json:"vocab"` // another type in other models
	UnkToken *string          `json:"unk_token"`
	Prefix   *string          `json:"continuing_subword_prefix"`
	MaxChars *int             `json:"max_input_chars_per_word"`
	Merges   *json.RawMessage `json:"merges"`
	Dropout  *float64         `json:"dropout"`
	Suffix   *string          `json:"end_of_word_suffix"`
	FuseUnk  bool             `json:"fuse_unk"`
	Fallback bool             `json:"byte_fallback"`
	Ignore   bool             `json:"ignore_merges"`
	UnkID    *int32           `json:"unk_id"`
}

func (d *definition) readModel(raw json.RawMessage) error {
	var m modelSpec
	if err := decode(raw, "model", &m); err != nil {
		return err
	}
	switch {
	case m.Type == "BPE", m.Type == "" && m.Merges != nil:
		d.family = BPE
	case m.Type == "WordPiece", m.Type == "" && m.MaxChars != nil:
		d.family = WordPiece
	case m.Type == "Unigram":
		return d.readUnigram(m)
	default:
		return fmt.Errorf("model type %q is not supported: want BPE (RoBERTa, GPT-2), WordPiece (BERT) or Unigram (XLM-RoBERTa, CamemBERT)", m.Type)
	}
	if err := decode(m.Vocab, "model vocab", &d.vocab); err != nil {
		return err
	}
	d.unk = value(m.UnkToken, "")
	if d.family == BPE {
		return d.readBPE(m)
	}
	d.prefix, d.longest = value(m.Prefix, ""), value(m.MaxChars, 0)
	return present(raw, "model", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word")
}

// readBPE refuses what byte-level vocabularies do not use, rather than ignore it.
func (d *definition) readBPE(m modelSpec) error {
	for _, odd := range []struct {
		option string
		set    bool
	}{
		{"dropout", value(m.Dropout, 0) != 0},
		{"continuing_subword_prefix", value(m.Prefix, "") != ""},
		{"end_of_word_suffix", value(m.Suffix, "") != ""},
		{"byte_fallback", m.Fallback},
		{"ignore_merges", m.Ignore},
	} {
		if odd.set {
			return fmt.Errorf("model option %s is not supported: want byte-level BPE without it", odd.option)
		}
	}
	d.fuseUnk = m.FuseUnk
	if m.Merges == nil {
		return fmt.Errorf("model merges: missing")
	}
	return d.readMerges(*m.Merges)
}

// readMerges takes both spellings: "a b" and ["a", "b"].
func (d *definition) readMerges(raw json.RawMessage) error {
	if json.Unmarshal(raw, &d.merges) == nil {
		return nil
	}
	var lines []string
	if err := decode(raw, "model merges", &lines); err != nil {
		return err
	}
	d.merges = make([][2]string, len(lines))
	for i, line := range lines {
		pair, err := parseMerge(line)
		if err != nil {
			return fmt.Errorf("model merges, entry %d: %w", i+1, err)
		}
		d.merges[i] = pair
	}
	return nil
}

func (d *definition) readNormalizer(raw json.RawMessage) error {
	if d.family == Unigram {
		return d.readUnigramNormalizer(raw)
	}
	var n *struct {
		Type         string `json:"type"`
		CleanText    bool   `json:"clean_text"`
		Chinese      bool   `json:"handle_chinese_chars"`
		StripAccents *bool  `json:"strip_accents"` // null: as lowercase
		Lowercase    bool   `json:"lowercase"`
	}
	if err := decode(raw, "normalizer", &n); err != nil || n == nil {
		return err
	}
	if n.Type != "BertNormalizer" || d.family != WordPiece {
		return fmt.Errorf("normalizer type %q with model %s is not supported: want BertNormalizer with WordPiece, or none", n.Type, d.family)
	}
	if err := present(raw, "normalizer", "clean_text", "handle_chinese_chars", "lowercase"); err != nil {
		return err
	}
	d.norm = &bertNormalizer{
		clean: n.CleanText, han: n.Chinese, lowercase: n.Lowercase,
		stripAccents: value(n.StripAccents, n.Lowercase),
	}
	return nil
}

func (d *definition) readPreTokenizer(raw json.RawMessage) error {
	if d.family == Unigram {
		return d.readUnigramWords(raw)
	}
	var p struct {
		Type        string `json:"type"`
		PrefixSpace bool   `json:"add_prefix_space"`
		UseRegex    *bool  `json:"use_regex"`
	}
	if err := decode(raw, "pre_tokenizer", &p); err != nil {
		return err
	}
	want := "ByteLevel"
	if d.family == WordPiece {
		want = "BertPreTokenizer"
	}
	if p.Type != want {
		return fmt.Errorf("pre_tokenizer type %q with model %s is not supported: want %s", p.Type, d.family, want)
	}
	if !value(p.UseRegex, true) {
		return fmt.Errorf("pre_tokenizer option use_regex false is not supported: want GPT-2's expression")
	}
	d.prefixSpace = p.PrefixSpace
	if d.family == WordPiece {
		return nil
	}
	return present(raw, "pre_tokenizer", "add_prefix_space", "trim_offsets")
}

// postProcessorSpec has the fields of all types that are known.
type postProcessorSpec struct {
	Type    string         `json:"type"`
	Sep     namedID        `json:"sep"`
	Cls     namedID        `json:"cls"`
	Single  []templateSpec `json:"single"`
	Pair    []templateSpec `json:"pair"`
	Special map[string]struct {
		IDs []int32 `json:"ids"`
	} `json:"special_tokens"`
}

// namedID is a token and its id: ["</s>", 2].
type namedID struct{ id int32 }

func (n *namedID) UnmarshalJSON(b []byte) error {
	var name string
	return json.Unmarshal(b, &[]any{&name, &n.id})
}

// templateSpec is one of both; the type must be given.
type templateSpec struct {
	Sequence, SpecialToken *struct {
		ID     string `json:"id"`
		TypeID *int32 `json:"type_id"`
	}
}

func (d *definition) readPostProcessor(raw json.RawMessage) error {
	var p *postProcessorSpec
	if err := decode(raw, "post_processor", &p); err != nil {
		return err
	}
	if p == nil {
		d.single, d.pair = plainTemplates()
		return nil
	}
	required := map[string][]string{"RobertaProcessing": {"sep", "cls"}, "BertProcessing": {"sep", "cls"},
		"TemplateProcessing": {"single", "pair", "special_tokens"}}
	err := present(raw, "post_processor", required[p.Type]...)
	if err != nil {
		return err
	}
	switch p.Type {
	case "ByteLevel":
		d.single, d.pair = plainTemplates()
	case "RobertaProcessing":
		d.single, d.pair = robertaTemplates(p.Cls.id, p.Sep.id)
	case "BertProcessing":
		d.single, d.pair = bertTemplates(p.Cls.id, p.Sep.id)
	case "TemplateProcessing":
		if d.single, err = p.template(p.Single, "A"); err == nil {
			d.pair, err = p.template(p.Pair, "A", "B")
		}
	default:
		err = fmt.Errorf("post_processor type %q is not supported: want RobertaProcessing, BertProcessing, TemplateProcessing or ByteLevel", p.Type)
	}
	return err
}

// template turns a template's parts, which must hold each of the texts once.
func (p *postProcessorSpec) template(parts []templateSpec, texts ...string) (template, error) {
	var t template
	var held []string
	for _, part := range parts {
		switch {
		case part.Sequence != nil && part.Sequence.TypeID == nil, part.SpecialToken != nil && part.SpecialToken.TypeID == nil:
			return nil, fmt.Errorf("post_processor: type_id is missing in a template")
		case part.Sequence != nil:
			held = append(held, part.Sequence.ID)
			t = append(t, templatePart{text: slices.Index(texts, part.Sequence.ID), typeID: *part.Sequence.TypeID})
		case part.SpecialToken != nil:
			special, ok := p.Special[part.SpecialToken.ID]
			if !ok {
				return nil, fmt.Errorf("post_processor: special token %q has no ids", part.SpecialToken.ID)
			}
			t = append(t, templatePart{text: -1, ids: special.IDs, typeID: *part.SpecialToken.TypeID})
		}
	}
	slices.Sort(held)
	if !slices.Equal(held, texts) {
		return nil, fmt.Errorf("post_processor: the template holds the texts %v, want %v", held, texts)
	}
	return t, nil
}

// value returns what p points to, or the default.
func value[T any](p *T, byDefault T) T {
	if p == nil {
		return byDefault
	}
	return *p
}
