package tokenizer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLoadErrors checks that each message is one line that names the file and what is wrong.
func TestLoadErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"nothing there", nil, []string{"no tokenizer in", "tokenizer.json", "vocab.txt"}},
		{"SentencePiece's own file", map[string]string{"sentencepiece.bpe.model": "\n"}, []string{"no tokenizer in", "sentencepiece.bpe.model is there", "save_pretrained"}},
		{"merges missing", map[string]string{vocabJSON: `{}`}, []string{"no tokenizer in"}},
		{"not JSON", map[string]string{tokenizerJSON: `{"model": `}, []string{"tokenizer.json: unexpected end"}},
		{"no model", map[string]string{tokenizerJSON: `{}`}, []string{"tokenizer.json", `model type ""`}},
		{"merge in pieces", map[string]string{
			vocabJSON: `{"<s>": 0, "a": 1}`, mergesTXT: "#version: 0.2\na a a\n",
		}, []string{"merges.txt:2: ", `"a a a"`}},
		{"token of a merge missing", map[string]string{
			vocabJSON: `{"<|endoftext|>": 0, "a": 1}`, mergesTXT: "a a\n",
		}, []string{"vocab.json", "merge 1", `"aa" is not in the vocabulary`}},
		{"RoBERTa's special tokens missing", map[string]string{
			vocabJSON: `{"<s>": 0, "a": 1}`, mergesTXT: "",
		}, []string{"vocab.json", `"</s>" is missing`}},
		{"BERT's special tokens missing", map[string]string{vocabTXT: "[PAD]\n[UNK]\n[CLS]\n"}, []string{"vocab.txt", `"[SEP]" is missing`}},
		{"configuration broken", map[string]string{vocabTXT: "[PAD]\n", configJSON: `{"do_lower_case": "yes"}`}, []string{configJSON, "do_lower_case"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
			}
			requireLoadError(t, dir, c.want...)
		})
	}
}

// TestUnsupportedParts changes one part of a good tokenizer.json at a time.
func TestUnsupportedParts(t *testing.T) {
	for _, c := range []struct {
		base, part, json string
		want             []string
	}{
		{"bpe", "model", `{"type": "Unigram", "unk_id": 0, "vocab": [["a", -1.5]]}`, []string{`pre_tokenizer type "ByteLevel" with model Unigram`, "want WhitespaceSplit, Metaspace"}},
		{"unigram", "model", `{"type": "Unigram", "vocab": [["a", -1.5]]}`, []string{"unk_id: missing"}},
		{"unigram", "model", `{"type": "Unigram", "unk_id": 1, "vocab": [["a", -1.5]]}`, []string{"unk_id 1", "one of the 1 pieces"}},
		{"unigram", "model", `{"type": "Unigram", "unk_id": 0, "vocab": [["a", -1.5], ["b"]]}`, []string{"model vocab", "want a piece and its score"}},
		{"unigram", "model", `{"type": "Unigram", "unk_id": 0, "vocab": [["a", 1e999]]}`, []string{"the score 1e999 is"}},
		{"unigram", "model", `{"type": "Unigram", "unk_id": 0, "vocab": []}`, []string{"vocabulary is missing"}},
		{"unigram", "normalizer", `{"type": "NFKC"}`, []string{`normalizer type "NFKC" with model Unigram`, "want Precompiled"}},
		{"unigram", "normalizer", `{"type": "Sequence", "normalizers": [{"type": "Sequence", "normalizers": []}]}`, []string{`normalizer type "Sequence"`, "one Sequence"}},
		{"unigram", "normalizer", `{"type": "Replace", "pattern": {"Regex": "a+"}, "content": ""}`, []string{`"a+"`, `want " {2,}"`}},
		{"unigram", "normalizer", `{"type": "Replace", "pattern": {"String": ""}, "content": ""}`, []string{"not empty"}},
		{"unigram", "normalizer", `{"type": "Strip", "strip_left": true}`, []string{"strip_right is missing"}},
		{"unigram", "normalizer", `{"type": "Precompiled", "precompiled_charsmap": "!"}`, []string{"precompiled_charsmap: illegal base64"}},
		{"unigram", "normalizer", `{"type": "Precompiled", "precompiled_charsmap": "AA=="}`, []string{"1 bytes"}},
		{"unigram", "normalizer", `{"type": "Precompiled", "precompiled_charsmap": "/wAAAAAA"}`, []string{"252 bytes", "2 are there"}},
		{"unigram", "normalizer", `{"type": "Precompiled", "precompiled_charsmap": "AAAAAA=="}`, []string{"trie is empty"}},
		{"unigram", "normalizer", `{"type": "Precompiled", "precompiled_charsmap": "BAAAAAAAAAA="}`, []string{"outside the trie's 1 units"}},
		{"unigram", "pre_tokenizer", `{"type": "Whitespace"}`, []string{`pre_tokenizer type "Whitespace"`}},
		{"unigram", "pre_tokenizer", `{"type": "Metaspace", "replacement": "ab"}`, []string{`replacement "ab"`, "one character"}},
		{"unigram", "pre_tokenizer", `{"type": "Metaspace", "replacement": "a", "prepend_scheme": "last"}`, []string{`prepend_scheme "last"`}},
		{"unigram", "pre_tokenizer", `{"type": "Metaspace", "replacement": "a", "add_prefix_space": false}`, []string{"add_prefix_space false"}},
		{"unigram", "pre_tokenizer", `{"type": "Metaspace", "replacement": "a", "prepend_scheme": "first"}`, []string{`"first" is not supported after a normalizer`}},
		{"unigram", "pre_tokenizer", `{"type": "Sequence", "pretokenizers": [{"type": "Metaspace", "replacement": "a"}, {"type": "WhitespaceSplit"}]}`, []string{"after Metaspace"}},
		{"bpe", "model", `{"type": "WordLevel", "vocab": {"a": 0}}`, []string{`model type "WordLevel"`}},
		{"bpe", "model", `{"type": "BPE", "vocab": {}, "merges": [], "byte_fallback": true}`, []string{"byte_fallback"}},
		{"bpe", "model", `{"type": "BPE", "vocab": {}, "merges": [], "dropout": 0.1}`, []string{"dropout"}},
		{"bpe", "model", `{"type": "BPE", "vocab": {}}`, []string{"model merges: missing"}},
		{"bpe", "model", `{"type": "BPE", "vocab": {}, "merges": ["a b", "c"]}`, []string{"entry 2", `"c"`}},
		{"bpe", "model", `{"type": "BPE", "vocab": {"a": -1}, "merges": []}`, []string{`id -1 of "a"`}},
		{"bpe", "model", `{"type": "BPE", "merges": []}`, []string{"vocabulary is missing"}},
		{"bpe", "normalizer", `{"type": "NFC"}`, []string{`normalizer type "NFC"`}},
		{"wordpiece", "normalizer", `{"type": "Lowercase"}`, []string{`normalizer type "Lowercase"`}},
		{"bpe", "pre_tokenizer", `{"type": "Metaspace"}`, []string{`pre_tokenizer type "Metaspace"`, "want ByteLevel"}},
		{"bpe", "pre_tokenizer", `null`, []string{`pre_tokenizer type ""`}},
		{"bpe", "pre_tokenizer", `{"type": "ByteLevel", "use_regex": false}`, []string{"use_regex"}},
		{"wordpiece", "pre_tokenizer", `{"type": "Whitespace"}`, []string{`pre_tokenizer type "Whitespace"`, "want BertPreTokenizer"}},
		{"wordpiece", "normalizer", `{"type": "BertNormalizer", "clean_text": true, "lowercase": null, "handle_chinese_chars": true}`, []string{"normalizer: lowercase is missing"}},
		{"wordpiece", "model", `{"type": "WordPiece", "unk_token": "a", "vocab": {"a": 0}}`, []string{"model: continuing_subword_prefix is missing"}},
		{"wordpiece", "added_tokens", `[{"id": 2, "content": "[CLS]"}]`, []string{"entry 1: single_word is missing"}},
		{"bpe", "pre_tokenizer", `{"type": "ByteLevel", "trim_offsets": true}`, []string{"add_prefix_space is missing"}},
		{"bpe", "post_processor", `{"type": "RobertaProcessing", "cls": ["<s>", 0]}`, []string{"post_processor: sep is missing"}},
		{"bpe", "post_processor", `{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}], "pair": [], "special_tokens": {}}`, []string{"type_id is missing"}},
		{"wordpiece", "post_processor", `{"type": "Sequence"}`, []string{`post_processor type "Sequence"`}},
		{"wordpiece", "post_processor", `{"type": "BertProcessing", "sep": ["[SEP]", 9999], "cls": ["[CLS]", 2]}`, []string{"9999", "vocabulary size 435"}},
		{"wordpiece", "post_processor", `{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}], "pair": [], "special_tokens": {}}`, []string{"want [A B]"}},
		{"wordpiece", "post_processor", `{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[X]", "type_id": 0}}], "pair": [], "special_tokens": {}}`, []string{`"[X]" has no ids`}},
		{"wordpiece", "added_tokens", `[{"id": 7, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}]`, []string{`"[CLS]" has id 7`, "makes it 2"}},
		{"wordpiece", "added_tokens", `[{"id": 435, "content": "\u200b", "single_word": false, "lstrip": false, "rstrip": false, "normalized": true, "special": false}]`, []string{`added token "\u200b" is empty after normalisation`}},
		{"wordpiece", "model", `{"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": {"a": 3}}`, []string{`unknown token "[UNK]" is not`}},
	} {
		t.Run(c.part+" "+c.json[:min(40, len(c.json))], func(t *testing.T) {
			var spec map[string]json.RawMessage
			readJSON(t, filepath.Join("testdata", c.base, tokenizerJSON), &spec)
			spec[c.part] = json.RawMessage(c.json)
			if c.part == "model" {
				spec["added_tokens"] = json.RawMessage(`[]`)
				if c.base == "unigram" {
					spec["post_processor"] = json.RawMessage(`null`)
				}
			}
			b, err := json.Marshal(spec)
			require.NoError(t, err)
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, tokenizerJSON), b, 0o644))
			requireLoadError(t, dir, append(c.want, tokenizerJSON)...)
		})
	}
}

func requireLoadError(t *testing.T, dir string, want ...string) {
	t.Helper()
	tok, err := Load(dir)
	require.Error(t, err)
	require.Nil(t, tok)
	for _, w := range append(want, dir) {
		require.Contains(t, err.Error(), w)
	}
	require.False(t, strings.Contains(err.Error(), "\n"), "one line: %q", err)
}
