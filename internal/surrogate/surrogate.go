// Package surrogate finds halves of surrogate pairs in JSON: no character is written so, and
// encoding/json silently puts U+FFFD there.
package surrogate

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Half tells that a JSON string, as it is written, has an escape \ud800 … \udfff that is not one of a pair.
// The decoder silently puts U+FFFD there.
func Half(raw string) bool {
	for {
		at := strings.IndexByte(raw, '\\')
		if at < 0 {
			return false
		}
		raw = raw[at:]
		first, ok := escaped(raw)
		if !ok {
			raw = raw[2:]
			continue
		}
		raw = raw[6:]
		if !utf16.IsSurrogate(first) {
			continue
		}
		second, ok := escaped(raw)
		if !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
			return true
		}
		raw = raw[6:]
	}
}

// escaped reads the escape \uXXXX at the start of raw, if there is one.
func escaped(raw string) (rune, bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	code, err := strconv.ParseUint(raw[2:6], 16, 16)
	return rune(code), err == nil
}
