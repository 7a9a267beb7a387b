package tokenizer

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// readVocabAndMerges reads vocab.json and merges.txt of RoBERTa or GPT-2.
func readVocabAndMerges(f *folder) (*definition, error) {
	d := &definition{family: BPE, bare: true}
	b, err := f.file(vocabJSON)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &d.vocab); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path(vocabJSON), err)
	}
	if b, err = f.file(mergesTXT); err != nil {
		return nil, err
	}
	if d.merges, err = parseMerges(string(b)); err != nil {
		return nil, fmt.Errorf("%s:%w", f.path(mergesTXT), err)
	}
	d.single, d.pair = plainTemplates()
	return d, nil
}

// parseMerges reads one pair a line; a line that begins with #version is none.
func parseMerges(text string) ([][2]string, error) {
	var merges [][2]string
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "#version") {
			continue
		}
		pair, err := parseMerge(line)
		if err != nil {
			return nil, fmt.Errorf("%d: %w", n, err)
		}
		merges = append(merges, pair)
	}
	return merges, nil
}

func parseMerge(line string) ([2]string, error) {
	a, b, ok := strings.Cut(line, " ")
	if !ok || strings.Contains(b, " ") {
		return [2]string{}, fmt.Errorf("merge %q: want two tokens with one space between", line)
	}
	return [2]string{a, b}, nil
}

// readVocabTXT reads vocab.txt of BERT: one entry a line, its id the line number from 0.
func readVocabTXT(f *folder) (*definition, error) {
	b, err := f.file(vocabTXT)
	if err != nil {
		return nil, err
	}
	d := &definition{family: WordPiece, vocab: map[string]int32{}, prefix: "##", longest: 100, bare: true}
	id := int32(0)
	for line := range strings.Lines(string(b)) {
		d.vocab[strings.TrimRightFunc(line, unicode.IsSpace)] = id
		id++
	}
	return d, nil
}

// robertaTemplates returns <s> A </s> and <s> A </s> </s> B </s>, all of type 0.
func robertaTemplates(cls, sep int32) (single, pair template) {
	single = template{{text: -1, ids: []int32{cls}}, {text: 0}, {text: -1, ids: []int32{sep}}}
	pair = append(single[:3:3], template{
		{text: -1, ids: []int32{sep}}, {text: 1}, {text: -1, ids: []int32{sep}}}...)
	return single, pair
}

// bertTemplates returns [CLS] A [SEP] and [CLS] A [SEP] B [SEP], B and its [SEP] of type 1.
func bertTemplates(cls, sep int32) (single, pair template) {
	single = template{{text: -1, ids: []int32{cls}}, {text: 0}, {text: -1, ids: []int32{sep}}}
	pair = append(single[:3:3], template{
		{text: 1, typeID: 1}, {text: -1, ids: []int32{sep}, typeID: 1}}...)
	return single, pair
}

// plainTemplates returns A and A B without special tokens, B of type 1.
func plainTemplates() (single, pair template) {
	return template{{text: 0}}, template{{text: 0}, {text: 1, typeID: 1}}
}
