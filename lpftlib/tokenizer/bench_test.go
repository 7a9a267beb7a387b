package tokenizer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchmarkTexts returns SST-2's training sentences and the folder of real vocabularies,
// or, without LPFT_DATA, the hard texts many times and no folder.
func benchmarkTexts(b *testing.B) (texts []Text, vocabularies string) {
	dir := os.Getenv("LPFT_DATA")
	if dir == "" {
		for range 50 {
			texts = append(texts, hardTexts(b, 128)...)
		}
		return texts, ""
	}
	tsv, err := os.ReadFile(filepath.Join(dir, "SST-2", "train.tsv"))
	require.NoError(b, err)
	for line := range strings.Lines(string(tsv)) {
		sentence, _, _ := strings.Cut(line, "\t")
		texts = append(texts, Text{A: sentence})
	}
	return texts[1:], filepath.Join(dir, "tokenizers") // [0] is the header
}

func benchmarkTokenizer(b *testing.B, real, fixture string, encode func(*Tokenizer, []Text)) {
	texts, vocabularies := benchmarkTexts(b)
	folder := filepath.Join("testdata", fixture)
	if vocabularies != "" {
		folder = filepath.Join(vocabularies, real)
	}
	tok, err := Load(folder)
	require.NoError(b, err)
	for b.Loop() {
		encode(tok, texts)
	}
	b.ReportMetric(float64(len(texts))*float64(b.N)/b.Elapsed().Seconds(), "texts/s")
}

func oneByOne(tok *Tokenizer, texts []Text) {
	for _, x := range texts {
		tok.Encode(x, 128)
	}
}

func allAtOnce(tok *Tokenizer, texts []Text) { tok.EncodeAll(texts, 128) }

func BenchmarkRoBERTa(b *testing.B)    { benchmarkTokenizer(b, "roberta-base", "bpe", oneByOne) }
func BenchmarkRoBERTaAll(b *testing.B) { benchmarkTokenizer(b, "roberta-base", "bpe", allAtOnce) }
func BenchmarkBERT(b *testing.B) {
	benchmarkTokenizer(b, "bert-base-uncased", "wordpiece", oneByOne)
}
func BenchmarkBERTAll(b *testing.B) {
	benchmarkTokenizer(b, "bert-base-uncased", "wordpiece", allAtOnce)
}

func BenchmarkLoadRoBERTa(b *testing.B) {
	folder := filepath.Join(os.Getenv("LPFT_DATA"), "tokenizers", "roberta-base")
	if os.Getenv("LPFT_DATA") == "" {
		folder = filepath.Join("testdata", "bpe")
	}
	for b.Loop() {
		_, err := Load(folder)
		require.NoError(b, err)
	}
}
