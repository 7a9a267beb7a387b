package tokenizer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// class is a tokenizer class of transformers: how it reads a folder. Classes of a model
// (BertTokenizer, …) take vocabulary, merges and added tokens and make everything else
// anew from tokenizer_config.json; the class without a model takes tokenizer.json as it is.
type class struct {
	family   Family
	generic  bool              // tokenizer.json as it is
	types    bool              // the model is given token types
	defaults map[string]string // special tokens where the files name none
	extra    []string          // special tokens without a name where the files list none

	maskStrips bool // a mask token without flags takes the white space before it

	shape func(*definition, *settings, *class, map[string]int32) error
}

var (
	bertDefaults = map[string]string{"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
	asBERT       = &class{family: WordPiece, types: true, defaults: bertDefaults, shape: shapeBERT}
	asRoBERTa    = &class{family: BPE, shape: shapeRoBERTa, defaults: map[string]string{"bos_token": "<s>", "eos_token": "</s>",
		"sep_token": "</s>", "cls_token": "<s>", "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}}
	asItStands = &class{generic: true}
	asGPT2     = &class{family: BPE, shape: shapeGPT2,
		defaults: map[string]string{"unk_token": "<|endoftext|>", "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}}
)

// classes are the tokenizer classes that lpft knows, without "Fast".
var classes = map[string]*class{
	"BertTokenizer":       asBERT,
	"ElectraTokenizer":    asBERT,
	"DistilBertTokenizer": {family: WordPiece, defaults: bertDefaults, shape: shapeBERT},
	"RobertaTokenizer":    asRoBERTa,
	"GPT2Tokenizer":       asGPT2,
	"XLMRobertaTokenizer": asXLMRoberta,
	"CamembertTokenizer":  asCamembert,
	"PreTrainedTokenizer": asItStands,
	"TokenizersBackend":   asItStands,
}

// classOfModel gives the class of a folder that names none.
var classOfModel = map[string]string{
	"bert": "BertTokenizer", "electra": "BertTokenizer", "distilbert": "BertTokenizer",
	"roberta": "RobertaTokenizer", "gpt2": "GPT2Tokenizer",
	"xlm-roberta": "XLMRobertaTokenizer", "camembert": "CamembertTokenizer",
}

// apply makes d what the folder's settings ask for; c is the class of the vocabulary's form
// where the settings name none.
func (s *settings) apply(d *definition, c *class) error {
	if s.class != "" {
		c = classes[s.class]
	}
	if err := s.applyCut(d); err != nil {
		return err
	}
	if c.generic && d.bare {
		return s.config.errorf("tokenizer_class", "%q needs a %s", s.class, tokenizerJSON)
	}
	if !c.generic && c.family != d.family {
		return s.config.errorf("tokenizer_class", "%s needs a model of type %s, the vocabulary's is %s", s.class, c.family, d.family)
	}
	ids, err := s.addTokens(d, c)
	if err != nil {
		return err
	}
	if !c.generic {
		if err := c.shape(d, s, c, ids); err != nil {
			return err
		}
	}
	return s.applyTypes(d, c)
}

// applyCut reads which end of a text is cut off; tokenizer.json's own side comes second.
func (s *settings) applyCut(d *definition) error {
	var side string
	named, err := s.config.read("truncation_side", &side)
	switch {
	case err != nil:
		return err
	case !named:
		return nil
	case side != "left" && side != "right":
		return s.config.errorf("truncation_side", "%q: want left or right", side)
	}
	d.cutLeft = side == "left"
	return nil
}

// applyTypes reads whether the model is given token types; without, all are 0.
func (s *settings) applyTypes(d *definition, c *class) error {
	d.noTypes = !c.types
	var inputs []string
	if named, err := s.config.read("model_input_names", &inputs); err != nil || !named {
		return err
	}
	if len(inputs) == 0 || inputs[0] != "input_ids" {
		return s.config.errorf("model_input_names", "%q: want input_ids first", inputs)
	}
	d.noTypes = !slices.Contains(inputs, "token_type_ids")
	return nil
}

// addTokens adds the folder's tokens in transformers' order and returns the ids of all
// special tokens that have a name.
func (s *settings) addTokens(d *definition, c *class) (map[string]int32, error) {
	a := newAdding(d)
	decoder := maps.Clone(s.decoder)
	if !s.kept {
		for _, t := range d.added {
			decoder[t.ID] = t
		}
	}
	if c.generic {
		if err := d.addOwn(a); err != nil {
			return nil, err
		}
	}
	s.takeFlags(decoder)
	named := s.namedTokens(c)
	for _, id := range slices.Sorted(maps.Keys(decoder)) {
		t := decoder[id]
		for _, n := range named {
			t.Special = t.Special || n.Content == t.Content
		}
		a.add(t)
	}
	for _, t := range append(named, s.extraTokens(c)...) {
		if !a.has(t.Content) {
			a.add(t)
		}
	}
	d.added = a.list()
	ids := map[string]int32{}
	for _, key := range specialNames {
		if id, ok := a.id(s.content(key, c)); ok {
			ids[key] = id
		}
	}
	return ids, nil
}

// takeFlags gives named tokens the flags that the list of added tokens has for them.
func (s *settings) takeFlags(decoder map[int32]addedToken) {
	for _, t := range s.named {
		for _, id := range slices.Sorted(maps.Keys(decoder)) {
			if t != nil && decoder[id].Content == t.Content {
				*t = decoder[id]
			}
		}
	}
}

// namedTokens lists the special tokens with a name: the files', else the class's.
func (s *settings) namedTokens(c *class) []addedToken {
	var out []addedToken
	for _, key := range specialNames {
		t, given := s.named[key]
		switch {
		case t != nil:
			out = append(out, *t)
		case !given && c.defaults[key] != "":
			out = append(out, plainToken(c.defaults[key]))
		default:
			continue
		}
		if last := &out[len(out)-1]; key == "mask_token" && c.maskStrips && last.plain {
			last.LStrip = true
		}
	}
	return append(out, s.own...)
}

// extraTokens lists the special tokens without a name: the files', else the class's.
func (s *settings) extraTokens(c *class) []addedToken {
	if s.listed {
		return s.extra
	}
	var out []addedToken
	for _, content := range c.extra {
		out = append(out, plainToken(content))
	}
	return out
}

// content is the string of a special token, "" where there is none.
func (s *settings) content(key string, c *class) string {
	if t, given := s.named[key]; !given {
		return c.defaults[key]
	} else if t != nil {
		return t.Content
	}
	return ""
}

// around returns the ids of the tokens before and after a text, which the vocabulary must have.
func (s *settings) around(d *definition, c *class, ids map[string]int32, before, after string) (cls, sep int32, err error) {
	for _, key := range []string{before, after} {
		content := s.content(key, c)
		if _, ok := d.vocab[content]; !ok && !s.inDecoder(content) {
			return 0, 0, fmt.Errorf("%s: special token %q is missing: it is the %s and stands around every text", d.path, content, key)
		}
	}
	return ids[before], ids[after], nil
}

func (s *settings) inDecoder(content string) bool {
	for _, t := range s.decoder {
		if t.Content == content {
			return true
		}
	}
	return false
}

// shapeBERT is BertTokenizer: normalizer and unknown token as tokenizer_config.json says,
// [CLS] A [SEP] B [SEP].
func shapeBERT(d *definition, s *settings, c *class, ids map[string]int32) error {
	if d.prefix != "##" || d.longest != 100 {
		return fmt.Errorf("%s: WordPiece with continuing_subword_prefix %q and max_input_chars_per_word %d: BertTokenizer wants \"##\" and 100", d.path, d.prefix, d.longest)
	}
	n := &bertNormalizer{clean: true}
	var err error
	if n.lowercase, err = s.config.boolean("do_lower_case", true); err != nil {
		return err
	}
	if n.han, err = s.config.boolean("tokenize_chinese_chars", true); err != nil {
		return err
	}
	n.stripAccents = n.lowercase
	if raw := s.config.members["strip_accents"]; !isNull(raw) {
		if n.stripAccents, err = s.config.boolean("strip_accents", n.lowercase); err != nil {
			return err
		}
	}
	d.norm, d.unk = n, s.content("unk_token", c)
	cls, sep, err := s.around(d, c, ids, "cls_token", "sep_token")
	d.single, d.pair = bertTemplates(cls, sep)
	return err
}

// shapeRoBERTa is RobertaTokenizer: <s> A </s></s> B </s>.
func shapeRoBERTa(d *definition, s *settings, c *class, ids map[string]int32) error {
	if err := s.byteLevel(d); err != nil {
		return err
	}
	cls, sep, err := s.around(d, c, ids, "cls_token", "sep_token")
	d.single, d.pair = robertaTemplates(cls, sep)
	return err
}

// shapeGPT2 is GPT2Tokenizer: nothing around the texts, unless tokenizer.json says so.
func shapeGPT2(d *definition, s *settings, _ *class, _ map[string]int32) error {
	if d.bare {
		for _, key := range []string{"add_bos_token", "add_eos_token"} {
			if on, err := s.config.boolean(key, false); err != nil || on {
				return cmp.Or(err, s.config.errorf(key, "true is not supported: write a %s that has the token in its post_processor", tokenizerJSON))
			}
		}
	}
	return s.byteLevel(d)
}

// byteLevel is what RoBERTa and GPT-2 share. Their classes make the model without an
// unknown token, so that a byte without one of its own is left out.
func (s *settings) byteLevel(d *definition) (err error) {
	d.unk, d.fuseUnk = "", false
	d.prefixSpace, err = s.config.boolean("add_prefix_space", false)
	return err
}

// modelConfig reads of config.json the two keys that name a tokenizer. Only these are part
// of the digest: the rest of the file is the encoder's.
func (f *folder) modelConfig() (object, error) {
	before := f.read
	o, err := f.object(modelJSON)
	f.read = before
	for _, key := range []string{"model_type", "tokenizer_class"} {
		raw, ok := o.members[key]
		if !ok || isNull(raw) {
			delete(o.members, key)
			continue
		}
		f.read = fmt.Appendf(f.read, "%s\n%s\n%s\n", modelJSON, key, json.RawMessage(raw))
	}
	return o, err
}
