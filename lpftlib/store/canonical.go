package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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

// canonicalJSON encodes v, decodes it without loss, and encodes it again: encoding/json sorts
// the keys of the maps that structs have become.
func canonicalJSON(v any) ([]byte, error) {
	first, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(first))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	if tree, err = canonicalNumbers(tree); err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}

// canonicalNumbers spells every number in one way, in place.
func canonicalNumbers(tree any) (_ any, err error) {
	switch v := tree.(type) {
	case json.Number:
		return canonicalNumber(v)
	case map[string]any:
		for name, item := range v {
			if v[name], err = canonicalNumbers(item); err != nil {
				return nil, err
			}
		}
	case []any:
		for i, item := range v {
			if v[i], err = canonicalNumbers(item); err != nil {
				return nil, err
			}
		}
	}
	return tree, nil
}

func canonicalNumber(n json.Number) (any, error) {
	if !strings.ContainsAny(n.String(), ".eE") {
		return n, nil // an integer: JSON allows one spelling only
	}
	f, err := strconv.ParseFloat(n.String(), 64)
	if errors.Is(err, strconv.ErrRange) {
		return nil, fmt.Errorf("number %s is beyond float64", n)
	}
	return f, err
}
