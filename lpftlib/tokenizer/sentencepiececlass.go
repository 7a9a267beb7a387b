package tokenizer

import "slices"

// The classes of XLM-RoBERTa and CamemBERT take vocabulary and character map from
// tokenizer.json and make the rest anew: words are cut at white space and begin with "▁".
var (
	asXLMRoberta = &class{family: Unigram, shape: shapeXLMRoberta, defaults: asRoBERTa.defaults}
	asCamembert  = &class{family: Unigram, shape: shapeCamembert, defaults: asRoBERTa.defaults,
		maskStrips: true, extra: []string{"<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"}}
)

// shapeXLMRoberta is XLMRobertaTokenizer: the unknown piece is the fourth, whatever it is.
func shapeXLMRoberta(d *definition, s *settings, c *class, ids map[string]int32) error {
	d.unkID = 3
	return s.sentencePiece(d, c, ids)
}

// shapeCamembert is CamembertTokenizer: the unknown piece is the one with that name, else
// the first.
func shapeCamembert(d *definition, s *settings, c *class, ids map[string]int32) error {
	unk := s.content("unk_token", c)
	d.unkID = int32(max(0, slices.IndexFunc(d.pieces, func(p scoredPiece) bool { return p.text == unk })))
	return s.sentencePiece(d, c, ids)
}

// sentencePiece is what both share: <s> A </s></s> B </s>, with the tokens for the begin and
// the end of a sequence, not cls_token and sep_token.
func (s *settings) sentencePiece(d *definition, c *class, ids map[string]int32) error {
	prefix, err := s.config.boolean("add_prefix_space", true)
	if err != nil {
		return err
	}
	d.words = &metaspace{whitespace: true, mark: "▁", prepend: prependAlways, split: true}
	if !prefix {
		d.words.prepend = prependNever
	}
	d.norm, d.byteFallback, d.exactScores = onlyCharsmap(d.norm), false, true
	bos, eos, err := s.around(d, c, ids, "bos_token", "eos_token")
	d.single, d.pair = robertaTemplates(bos, eos)
	return err
}

// onlyCharsmap gives the first character map of a normalizer, which is all of it that these
// classes take.
func onlyCharsmap(n normalizer) normalizer {
	switch n := n.(type) {
	case *charsmap:
		return n
	case normalizers:
		for _, part := range n {
			if m, ok := part.(*charsmap); ok {
				return m
			}
		}
	}
	return nil
}
