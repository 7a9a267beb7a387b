package tokenizer

import (
	"encoding/json"
	"fmt"
	"slices"
)

// object is a JSON file of settings. Python tells an absent key from null and a key from
// the same key in other letters, so this does too (encoding/json's structs do neither).
type object struct {
	path    string // errors name it
	there   bool   // the file exists
	members map[string]json.RawMessage
}

// object reads a JSON file; one that is not there has no members.
func (f *folder) object(name string) (object, error) {
	o := object{path: f.path(name)}
	b, err := f.optional(name)
	if err != nil || b == nil {
		return o, err
	}
	o.there = true
	if err := json.Unmarshal(b, &o.members); err != nil {
		return o, fmt.Errorf("%s: want a JSON object: %w", o.path, err)
	}
	return o, nil
}

// read decodes a key and says whether it is there; null is an error.
func (o object) read(key string, into any) (bool, error) {
	raw, ok := o.members[key]
	if !ok {
		return false, nil
	}
	if isNull(raw) {
		return false, o.errorf(key, "is null: give it a value or take it out")
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return false, o.errorf(key, "%v", err)
	}
	return true, nil
}

// boolean reads true or false, and the default where the key is absent.
func (o object) boolean(key string, byDefault bool) (bool, error) {
	value := byDefault
	_, err := o.read(key, &value)
	return value, err
}

func (o object) errorf(key, format string, args ...any) error {
	return fmt.Errorf("%s: %s: %w", o.path, key, fmt.Errorf(format, args...))
}

// keys lists the members in a fixed order.
func (o object) keys() []string {
	keys := make([]string, 0, len(o.members))
	for key := range o.members {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }
