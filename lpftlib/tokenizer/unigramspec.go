package tokenizer

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// scoredPiece is an entry of a Unigram vocabulary: ["▁the", -3.2].
type scoredPiece struct {
	text  string
	score score
}

func (p *scoredPiece) UnmarshalJSON(b []byte) error {
	parts := []any{&p.text, &p.score}
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	if len(parts) != 2 || parts[0] == nil || parts[1] == nil {
		return fmt.Errorf("%.40s: want a piece and its score", b)
	}
	return nil
}

func (d *definition) readUnigram(m modelSpec) error {
	d.family, d.vocab = Unigram, map[string]int32{}
	if err := decode(m.Vocab, "model vocab", &d.pieces); err != nil {
		return err
	}
	for id, p := range d.pieces {
		d.vocab[p.text] = int32(id) // of two equal pieces the second counts
	}
	if m.UnkID == nil {
		return fmt.Errorf("model unk_id: missing: want the id of the piece for unknown characters")
	}
	d.unkID, d.byteFallback = *m.UnkID, m.Fallback
	return nil
}

// unigramNormalizerSpec has the fields of all types that are known.
type unigramNormalizerSpec struct {
	Type        string            `json:"type"`
	Normalizers []json.RawMessage `json:"normalizers"`
	Charsmap    string            `json:"precompiled_charsmap"`
	Left        bool              `json:"strip_left"`
	Right       bool              `json:"strip_right"`
	Content     string            `json:"content"`
	Pattern     struct{ String, Regex *string }
}

// normalizerKeys are the keys that the original requires.
var normalizerKeys = map[string][]string{
	"Sequence": {"normalizers"}, "Precompiled": {"precompiled_charsmap"},
	"Strip": {"strip_left", "strip_right"}, "Replace": {"pattern", "content"},
}

func (d *definition) readUnigramNormalizer(raw json.RawMessage) (err error) {
	if raw != nil && !isNull(raw) {
		d.norm, err = parseNormalizer(raw, true)
	}
	return err
}

// parseNormalizer reads one of the types that SentencePiece's tokenizers have; a Sequence
// holds others, but no further Sequence.
func parseNormalizer(raw json.RawMessage, outer bool) (normalizer, error) {
	var spec unigramNormalizerSpec
	if err := decode(raw, "normalizer", &spec); err != nil {
		return nil, err
	}
	if err := present(raw, "normalizer "+spec.Type, normalizerKeys[spec.Type]...); err != nil {
		return nil, err
	}
	switch {
	case spec.Type == "Sequence" && outer:
		var all normalizers
		for _, part := range spec.Normalizers {
			n, err := parseNormalizer(part, false)
			if err != nil {
				return nil, err
			}
			all = append(all, n)
		}
		return all, nil
	case spec.Type == "Precompiled":
		m, err := parseCharsmap(spec.Charsmap)
		if err != nil {
			return nil, fmt.Errorf("normalizer precompiled_charsmap: %w", err)
		}
		return m, nil
	case spec.Type == "Strip":
		return stripping{spec.Left, spec.Right}, nil
	case spec.Type == "Replace":
		return spec.replacement()
	}
	return nil, fmt.Errorf("normalizer type %q with model Unigram is not supported: want Precompiled, Replace, Strip or one Sequence of these", spec.Type)
}

func (spec *unigramNormalizerSpec) replacement() (normalizer, error) {
	switch p := spec.Pattern; {
	case value(p.String, "") != "" && p.Regex == nil:
		return replacing{*p.String, spec.Content}, nil
	case value(p.Regex, "") == spaceRuns && p.String == nil:
		return squeezing{spec.Content}, nil
	case p.Regex != nil:
		return nil, fmt.Errorf("normalizer Replace with the pattern {\"Regex\": %q} is not supported: want %q, or a String", *p.Regex, spaceRuns)
	}
	return nil, fmt.Errorf("normalizer Replace: want a pattern {\"String\": …} that is not empty or {\"Regex\": %q}", spaceRuns)
}

// wordsSpec has the fields of the pre-tokenizers that are known.
type wordsSpec struct {
	Type        string            `json:"type"`
	Parts       []json.RawMessage `json:"pretokenizers"`
	Replacement *string           `json:"replacement"`
	PrefixSpace *bool             `json:"add_prefix_space"` // of old files
	Scheme      *prependScheme    `json:"prepend_scheme"`
	Split       *bool             `json:"split"`
}

func (d *definition) readUnigramWords(raw json.RawMessage) error {
	d.words = &metaspace{}
	if raw == nil || isNull(raw) {
		return nil
	}
	var spec wordsSpec
	if err := decode(raw, "pre_tokenizer", &spec); err != nil {
		return err
	}
	parts := []json.RawMessage{raw}
	if spec.Type == "Sequence" {
		if err := present(raw, "pre_tokenizer", "pretokenizers"); err != nil {
			return err
		}
		parts = spec.Parts
	}
	for _, part := range parts {
		var spec wordsSpec
		if err := decode(part, "pre_tokenizer", &spec); err != nil {
			return err
		}
		if err := d.words.add(spec); err != nil {
			return err
		}
	}
	if d.words.prepend == prependFirst && !keepsStart(d.norm, d.words.mark) {
		return fmt.Errorf("pre_tokenizer Metaspace with prepend_scheme \"first\" is not supported after a normalizer that may change a text's start: want \"always\" or \"never\"")
	}
	return nil
}

// add takes a further step: WhitespaceSplit, then Metaspace, which is the last.
func (m *metaspace) add(spec wordsSpec) error {
	after := ""
	if m.mark != "" {
		after = " after Metaspace"
	}
	switch {
	case spec.Type == "WhitespaceSplit" && m.mark == "":
		m.whitespace = true
		return nil
	case spec.Type == "Metaspace" && m.mark == "":
		return m.readMetaspace(spec)
	}
	return fmt.Errorf("pre_tokenizer type %q with model Unigram is not supported%s: want WhitespaceSplit, Metaspace or a Sequence of these two", spec.Type, after)
}

func (m *metaspace) readMetaspace(spec wordsSpec) error {
	m.mark, m.split, m.prepend = value(spec.Replacement, ""), value(spec.Split, true), value(spec.Scheme, prependAlways)
	if utf8.RuneCountInString(m.mark) != 1 {
		return fmt.Errorf("pre_tokenizer Metaspace: replacement %q: want one character", m.mark)
	}
	switch m.prepend {
	case prependAlways, prependFirst, prependNever:
	default:
		return fmt.Errorf("pre_tokenizer Metaspace: prepend_scheme %q: want always, first or never", m.prepend)
	}
	if !value(spec.PrefixSpace, true) && m.prepend != prependNever {
		return fmt.Errorf("pre_tokenizer Metaspace: add_prefix_space false does not go with prepend_scheme %q: want prepend_scheme \"never\"", m.prepend)
	}
	return nil
}
