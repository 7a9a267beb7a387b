package tokenizer

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// charsmap is SentencePiece's table of replacements (precompiled_charsmap): a trie over the
// bytes of what is replaced, whose values say where in texts the replacement stands.
//
// The trie is a double array of Darts-clone, one unit of 32 bits a node: bits 0 to 7 are the
// byte that leads here, bit 8 says that a key ends here (the value is then the unit at the
// node's own offset), bits 10 to 30 are the offset to the children, times 256 with bit 9.
type charsmap struct {
	units []uint32
	texts string // each replacement ends with a zero byte
}

type unit uint32

func (u unit) label() uint32  { return uint32(u) & (1<<31 | 0xff) }
func (u unit) hasValue() bool { return u>>8&1 == 1 }
func (u unit) offset() uint32 { return uint32(u>>10) << (u & (1 << 9) >> 6) }

// parseCharsmap reads the base64 of tokenizer.json: the length of the trie in bytes (32 bits,
// little-endian), the trie, the replacements.
func parseCharsmap(text string) (*charsmap, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, err
	}
	if len(b) < 4 {
		return nil, fmt.Errorf("%d bytes: want the length of a trie and the trie", len(b))
	}
	size := binary.LittleEndian.Uint32(b) / 4 * 4
	if b = b[4:]; uint64(size) > uint64(len(b)) {
		return nil, fmt.Errorf("the trie is said to have %d bytes, %d are there", size, len(b))
	}
	m := &charsmap{texts: string(b[size:])}
	for i := 0; i < int(size); i += 4 {
		m.units = append(m.units, binary.LittleEndian.Uint32(b[i:]))
	}
	if !utf8.ValidString(m.texts) {
		return nil, fmt.Errorf("the replacements are not valid UTF-8")
	}
	return m, m.check()
}

// check walks through the trie: every node's block of children and every value must lie
// inside, so that no look-up can leave the table.
func (m *charsmap) check() error {
	if len(m.units) == 0 {
		return fmt.Errorf("the trie is empty")
	}
	seen := make([]bool, len(m.units))
	todo := []uint32{unit(m.units[0]).offset()} // positions of children
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if int64(at|0xff) >= int64(len(m.units)) {
			return fmt.Errorf("a node's children at unit %d are outside the trie's %d units", at, len(m.units))
		}
		if seen[at] {
			continue
		}
		seen[at] = true
		for label := uint32(1); label < 256; label++ {
			u := unit(m.units[at^label])
			if u.label() != label {
				continue
			}
			below := at ^ label ^ u.offset()
			if u.hasValue() && int64(below) < int64(len(m.units)) {
				if err := m.checkValue(m.value(below)); err != nil {
					return err
				}
			}
			todo = append(todo, below)
		}
	}
	return nil
}

func (m *charsmap) checkValue(at int) error {
	if at > len(m.texts) || at < len(m.texts) && !utf8.RuneStart(m.texts[at]) {
		return fmt.Errorf("a replacement at byte %d is not one of the %d bytes of replacements", at, len(m.texts))
	}
	return nil
}

func (m *charsmap) value(at uint32) int { return int(m.units[at] &^ (1 << 31)) }

// lookUp returns the replacement of the shortest key that s begins with. It stands for the
// whole of s, as in tokenizers.
func (m *charsmap) lookUp(s string) (string, bool) {
	at := unit(m.units[0]).offset()
	for i := range len(s) {
		if s[i] == 0 {
			break
		}
		at ^= uint32(s[i])
		u := unit(m.units[at])
		if u.label() != uint32(s[i]) {
			break
		}
		at ^= u.offset()
		if u.hasValue() {
			text := m.texts[m.value(at):]
			if end := strings.IndexByte(text, 0); end >= 0 {
				text = text[:end]
			}
			return text, true
		}
	}
	return "", false
}

// longestWhole bounds the graphemes that are looked up whole: longer ones are taken character
// by character, and so are those that have no replacement.
const longestWhole = 5

func (m *charsmap) normalize(s string) string {
	var out strings.Builder
	for len(s) > 0 {
		n := graphemeLen(s)
		whole, ok := "", false
		if n <= longestWhole {
			whole, ok = m.lookUp(s[:n])
		}
		if ok {
			out.WriteString(whole)
		} else {
			m.appendChars(&out, s[:n])
		}
		s = s[n:]
	}
	return out.String()
}

func (m *charsmap) appendChars(out *strings.Builder, s string) {
	for i, r := range s {
		char := s[i : i+utf8.RuneLen(r)]
		if text, ok := m.lookUp(char); ok {
			char = text
		}
		out.WriteString(char)
	}
}
