package tokenizer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// settings are what the JSON files beside a vocabulary say. Hugging Face reads a folder as a
// whole: these files change ids, token types and the cut even where tokenizer.json is there.
// They are put together as transformers 5 does (tokenization_utils_base.py, _from_pretrained).
type settings struct {
	declared bool   // some of the files is there; without, tokenizer.json speaks for itself
	class    string // tokenizer_class without "Fast", "" where nothing names one
	config   object // tokenizer_config.json

	named   map[string]*addedToken // "cls_token": its token, nil for null
	own     []addedToken           // special tokens under names of the model's own
	extra   []addedToken           // special tokens without a name
	listed  bool                   // some file lists them, be it none
	decoder map[int32]addedToken   // added_tokens_decoder, or added_tokens.json
	kept    bool                   // the decoder is added_tokens_decoder, which counts alone
}

// specialNames are the special tokens that transformers names, in its order.
var specialNames = []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}

func readSettings(f *folder) (*settings, error) {
	config, err := f.object(configJSON)
	if err != nil {
		return nil, err
	}
	s := &settings{config: config, declared: config.there, named: map[string]*addedToken{}, decoder: map[int32]addedToken{}}
	if err := s.readClass(f); err != nil {
		return nil, err
	}
	if err := s.refuse(); err != nil {
		return nil, err
	}
	if err := s.readConfigTokens(); err != nil {
		return nil, err
	}
	if s.kept {
		return s, nil
	}
	special, err := f.object(specialMapJSON)
	if err != nil {
		return nil, err
	}
	added, err := f.object(addedTokensJSON)
	if err != nil {
		return nil, err
	}
	s.declared = s.declared || special.there || added.there
	return s, s.readTokenFiles(special, added)
}

// readClass finds the tokenizer's class: tokenizer_config.json names it, or config.json, or
// it is the one of config.json's model type.
func (s *settings) readClass(f *folder) error {
	model, err := f.modelConfig()
	if err != nil {
		return err
	}
	var class, modelType string
	for _, source := range []object{s.config, model} {
		if class == "" && !isNull(source.members["tokenizer_class"]) {
			if _, err := source.read("tokenizer_class", &class); err != nil {
				return err
			}
		}
	}
	if _, err := model.read("model_type", &modelType); err != nil {
		return err
	}
	s.declared = s.declared || modelType != "" || class != ""
	if class == "" && modelType != "" {
		byType, ok := classOfModel[modelType]
		if !ok {
			return model.errorf("model_type", "%q has no tokenizer that lpft knows; name its class as tokenizer_class in %s: %s", modelType, configJSON, knownClasses())
		}
		class = byType
	}
	s.class = strings.TrimSuffix(class, "Fast")
	if s.class != "" && classes[s.class] == nil {
		return s.config.errorf("tokenizer_class", "%q is not supported: want %s", class, knownClasses())
	}
	return nil
}

func knownClasses() string {
	return strings.Join(slices.Sorted(maps.Keys(classes)), ", ")
}

// refuse names the keys that lead to other ids in ways that lpft does not follow.
func (s *settings) refuse() error {
	for key, reason := range map[string]string{
		"auto_map":             "the tokenizer is Python code of its own",
		"init_inputs":          "arguments without names",
		"fast_tokenizer_files": "several tokenizers, one for each version of transformers",
	} {
		if raw, ok := s.config.members[key]; ok && !slices.Contains([]string{"null", "[]", "{}", `["tokenizer.json"]`}, string(raw)) {
			return s.config.errorf(key, "%s, which lpft does not run", reason)
		}
	}
	for key, want := range map[string]bool{"split_special_tokens": false, "do_basic_tokenize": true} {
		got, err := s.config.boolean(key, want)
		if err != nil {
			return err
		}
		if got != want {
			return s.config.errorf(key, "%v is not supported: want %v", got, want)
		}
	}
	return nil
}

// readConfigTokens reads the tokens that tokenizer_config.json names.
func (s *settings) readConfigTokens() error {
	if err := s.readNamed(s.config, false); err != nil {
		return err
	}
	if err := s.readExtra(s.config, "extra_special_tokens"); err != nil {
		return err
	}
	if len(s.extra) == 0 { // the older name
		if err := s.readExtra(s.config, "additional_special_tokens"); err != nil {
			return err
		}
	}
	var decoder map[string]json.RawMessage
	var err error
	if s.kept, err = s.config.read("added_tokens_decoder", &decoder); err != nil {
		return err
	}
	for key, raw := range decoder {
		id, err := strconv.ParseInt(key, 10, 32)
		if err != nil || id < 0 {
			return s.config.errorf("added_tokens_decoder", "id %q: want a number", key)
		}
		if s.decoder[int32(id)], err = parseToken(raw, false); err != nil {
			return s.config.errorf("added_tokens_decoder", "id %q: %w", key, err)
		}
	}
	return nil
}

// readNamed reads every key that ends in _token. Objects are tokens with flags; in
// special_tokens_map.json they are special whatever they say.
func (s *settings) readNamed(o object, special bool) error {
	for _, key := range o.keys() {
		known := slices.Contains(specialNames, key)
		if !known && (!strings.HasSuffix(key, "_token") || o.members[key][0] != '"' && o.members[key][0] != '{') {
			continue
		}
		if isNull(o.members[key]) {
			s.named[key] = nil
			continue
		}
		t, err := parseToken(o.members[key], special)
		if err != nil {
			return o.errorf(key, "%w", err)
		}
		if known {
			s.named[key] = &t
		} else {
			s.own = append(s.own, t)
		}
	}
	return nil
}

// readExtra reads special tokens without a name: a list, or an object of names of the
// model's own.
func (s *settings) readExtra(o object, key string) error {
	raw, ok := o.members[key]
	if !ok {
		return nil
	}
	var byName map[string]json.RawMessage
	if !isNull(raw) && json.Unmarshal(raw, &byName) == nil {
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			t, err := parseToken(byName[name], false)
			if err != nil {
				return o.errorf(key, "%w", err)
			}
			s.own = append(s.own, t)
		}
		return nil
	}
	s.listed = true
	var list []json.RawMessage // null is none
	if err := json.Unmarshal(raw, &list); err != nil {
		return o.errorf(key, "want a list of tokens")
	}
	for _, raw := range list {
		t, err := parseToken(raw, true)
		if err != nil {
			return o.errorf(key, "%w", err)
		}
		s.extra = append(s.extra, t)
	}
	return nil
}

// readTokenFiles reads special_tokens_map.json, whose tokens go before those of
// tokenizer_config.json, and added_tokens.json. The map's additional_special_tokens come
// last, as in transformers 5: they do not make a string of added_tokens.json special.
func (s *settings) readTokenFiles(special, added object) error {
	if err := s.readNamed(special, true); err != nil {
		return err
	}
	if err := s.readExtra(special, "extra_special_tokens"); err != nil {
		return err
	}
	if err := s.readAddedTokens(added); err != nil {
		return err
	}
	if s.listed {
		return nil
	}
	return s.readExtra(special, "additional_special_tokens")
}

// readAddedTokens reads added_tokens.json: strings with their ids. Those that are special
// by another file are; the others are looked for after normalisation.
func (s *settings) readAddedTokens(o object) error {
	for _, content := range o.keys() {
		var id int32
		if _, err := o.read(content, &id); err != nil {
			return err
		}
		if id < 0 {
			return o.errorf(content, "id %d: want a number that is not negative", id)
		}
		if twin, ok := s.decoder[id]; ok {
			return o.errorf(content, "has the id %d of %q", id, twin.Content)
		}
		special := s.names(content)
		s.decoder[id] = addedToken{Content: content, Normalized: !special, Special: special}
	}
	return nil
}

// names says whether the files name content as a special token.
func (s *settings) names(content string) bool {
	for _, key := range specialNames {
		if t := s.named[key]; t != nil && t.Content == content {
			return true
		}
	}
	return slices.ContainsFunc(s.extra, func(t addedToken) bool { return t.Content == content })
}

// plainToken is a special token of which a file gives nothing but the string.
func plainToken(content string) addedToken {
	return addedToken{Content: content, Special: true, plain: true}
}

// parseToken reads a string, which is a special token, or an object with flags.
func parseToken(raw json.RawMessage, special bool) (addedToken, error) {
	var content string
	if json.Unmarshal(raw, &content) == nil && raw[0] == '"' {
		return plainToken(content), nil
	}
	var t struct {
		Content    *string `json:"content"`
		SingleWord bool    `json:"single_word"`
		LStrip     bool    `json:"lstrip"`
		RStrip     bool    `json:"rstrip"`
		Normalized *bool   `json:"normalized"`
		Special    bool    `json:"special"`
	}
	if err := json.Unmarshal(raw, &t); err != nil || t.Content == nil {
		return addedToken{}, fmt.Errorf("want a string or {\"content\": …, \"lstrip\": …, …}")
	}
	t.Special = t.Special || special
	return addedToken{
		Content: *t.Content, SingleWord: t.SingleWord, LStrip: t.LStrip, RStrip: t.RStrip,
		Normalized: value(t.Normalized, !t.Special), Special: t.Special,
	}, nil
}
