package encoder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// jsonObject splits a JSON object into its members. Unlike encoding/json, which takes the
// last, it refuses a key that occurs twice: such a header does not say what the file holds.
func jsonObject(raw []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("expected a JSON object")
	}
	members := map[string]json.RawMessage{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key := token.(string) // inside an object More is followed by a key or an error
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fmt.Errorf("key %q: %v", key, err)
		}
		if _, twice := members[key]; twice {
			return nil, fmt.Errorf("key %q occurs twice", key)
		}
		members[key] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object")
	}
	return members, nil
}

// parseEntry reads one tensor's header entry and checks it against the size of the data.
func parseEntry(raw []byte, dataSize int64) (entry, error) {
	var e entry
	if _, err := jsonObject(raw); err != nil {
		return e, fmt.Errorf("malformed header entry: %v", err)
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return e, fmt.Errorf("malformed header entry: %v", err)
	}
	if e.Shape == nil {
		return e, errors.New("malformed header entry: shape is missing")
	}
	return e, e.check(dataSize)
}
