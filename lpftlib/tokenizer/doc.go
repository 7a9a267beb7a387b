// Package tokenizer turns text into token ids exactly as Hugging Face tokenizers does.
//
// Three families are known, those of the paper's encoder, of the small stand-in, and of the
// relatives of RoBERTa in other languages:
//
//   - [BPE]: byte-level byte-pair encoding (RoBERTa, GPT-2). The text is cut into words by
//     GPT-2's expression ("it's" is "it" and "'s", " the" keeps its space), and the bytes of
//     a word are joined pair by pair, the earliest learned pair first.
//   - [WordPiece]: BERT, MiniLM. The text is cleaned, accents are stripped and letters
//     lower-cased where the vocabulary wants it, it is cut at white space and punctuation,
//     and a word is covered greedily by the longest entries of the vocabulary.
//   - [Unigram]: SentencePiece, as XLM-RoBERTa and CamemBERT have it. Characters are replaced
//     by a table of the model's own, "▁" stands for the space before a word, and a word is
//     covered by the pieces whose scores have the largest sum.
//
// A folder with the tokenizer's own files is all that is needed:
//
//	t, err := tokenizer.Load("models/roberta-base")
//	e := t.Encode(tokenizer.Text{A: "A premise.", B: "A hypothesis.", Pair: true}, 128)
//	// e.IDs: <s> A </s> </s> B </s>
//
// [Load] takes tokenizer.json, or else vocab.json with merges.txt (RoBERTa, GPT-2), or else
// vocab.txt (BERT), and what the other JSON files of the folder say beside it. A folder with
// sentencepiece.bpe.model alone needs a tokenizer.json first: transformers' save_pretrained
// writes one. Lengths of
// truncation and padding inside tokenizer.json are ignored: the maxLen of a call decides,
// and encodings are never padded ([Tokenizer.PadID] is there for who does).
//
// # A folder is more than tokenizer.json
//
// Hugging Face's AutoTokenizer reads a whole folder, and so does [Load]: the class that
// tokenizer_config.json, config.json or its model type names (BertTokenizer lower-cases as
// do_lower_case says, whatever tokenizer.json has), added tokens and special tokens of three
// files, the side of the cut, and whether the model is given token types. Where versions of
// transformers differ, the newer one (5.23) counts; keys that lead to what lpft does not do
// are errors that name the key. A folder with tokenizer.json alone is read as tokenizers does.
//
// # Pairs and truncation
//
// Special tokens count. Where A and B are together too long, both get half of what room
// there is if both exceed it, an odd token going to the longer text and on a tie to the
// second; else the shorter stays whole ("longest first", docs/protocol.md, Texts). With
// BERT and 128 tokens, texts of 80 and 80 tokens keep 62 and 63, 200 and 40 keep 85 and 40.
// If maxLen has not even room for the special tokens, the encoding is the first maxLen of
// these; zero or less gives an empty encoding.
//
// # Special strings, odd characters
//
// A special string inside a text becomes that token, as in the original: "<s>" is id 0 of
// RoBERTa, "[CLS]" id 101 of BERT, and RoBERTa's "<mask>" takes the white space before it.
//
// Text that is not valid UTF-8 has each invalid byte replaced by U+FFFD first. No input
// makes an encoding panic.
//
// The original carries several Unicode versions at once; testdata/make_unicode.py asks it
// about every code point and writes the answers into unicode_tables.go, so that results
// depend neither on Go's Unicode version nor on what a later Unicode calls a letter.
package tokenizer
