package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// DigestJSON is the SHA-256, in hex, of v's canonical JSON: object keys sorted, no white space,
// numbers in one spelling (1.0 and 1 are the same number, 64-bit integers keep every digit).
// Two values that encode to the same JSON have the same digest, whatever their Go types.
func DigestJSON(v any) (string, error) {
	data, err := canonicalJSON(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// DigestFile is the SHA-256, in hex, of a file's bytes.
func DigestFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// canonicalJSON encodes v, decodes it without loss, and encodes that in the one way.
func canonicalJSON(v any) ([]byte, error) {
	first, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	tree, err := decodeTree(first)
	if err != nil {
		return nil, err
	}
	return appendCanonical(nil, tree)
}

// decodeTree decodes JSON without loss: its numbers are [json.Number].
func decodeTree(data []byte) (tree any, err error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return tree, dec.Decode(&tree)
}

// digestTree is [DigestJSON] of a decoded tree.
func digestTree(tree any) (string, error) {
	data, err := appendCanonical(nil, tree)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// appendCanonical appends what encoding/json writes of a tree, each number in one spelling. A store of ten thousand
// artefacts is sealed by as many trees, so this does not go through encoding/json but for text with escapes.
func appendCanonical(to []byte, tree any) (_ []byte, err error) {
	switch v := tree.(type) {
	case map[string]any:
		to = append(to, '{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				to = append(to, ',')
			}
			if to, err = appendText(to, name); err != nil {
				return nil, err
			}
			to = append(to, ':')
			if to, err = appendCanonical(to, v[name]); err != nil {
				return nil, err
			}
		}
		return append(to, '}'), nil
	case []any:
		to = append(to, '[')
		for i, item := range v {
			if i > 0 {
				to = append(to, ',')
			}
			if to, err = appendCanonical(to, item); err != nil {
				return nil, err
			}
		}
		return append(to, ']'), nil
	case json.Number:
		return appendNumber(to, v)
	case string:
		return appendText(to, v)
	}
	return appendPlain(to, tree)
}

// appendText appends a string.
func appendText(to []byte, text string) ([]byte, error) {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return appendPlain(to, text)
		}
	}
	to = append(to, '"')
	to = append(to, text...)
	return append(to, '"'), nil
}

// appendNumber appends a number.
func appendNumber(to []byte, n json.Number) ([]byte, error) {
	if !strings.ContainsAny(n.String(), ".eE") {
		return append(to, n...), nil // an integer: JSON allows one spelling only
	}
	f, err := strconv.ParseFloat(n.String(), 64)
	if errors.Is(err, strconv.ErrRange) {
		return nil, fmt.Errorf("number %s is beyond float64", n)
	}
	return appendPlain(to, f)
}

// appendPlain appends what encoding/json writes.
func appendPlain(to []byte, v any) ([]byte, error) {
	data, err := json.Marshal(v)
	return append(to, data...), err
}
