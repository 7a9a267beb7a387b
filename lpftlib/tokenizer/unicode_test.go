package tokenizer

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryCodePoint compares digests over all code points with the original's
// (testdata/make_unicode.py). A failure after an update of Go or x/text means that one of
// their Unicode properties that is used here has changed.
func TestEveryCodePoint(t *testing.T) {
	var want map[string]string
	readJSON(t, "testdata/unicode_digests.json", &want)
	clean, han := bertNormalizer{clean: true}, bertNormalizer{han: true}
	strip, low := bertNormalizer{stripAccents: true}, bertNormalizer{lowercase: true}
	uncased := bertNormalizer{clean: true, han: true, stripAccents: true, lowercase: true}
	answers := map[string]func(string) string{
		"clean":     func(s string) string { return clean.normalize("a" + s + "b") },
		"han":       han.normalize,
		"strip":     strip.normalize,
		"lower":     low.normalize,
		"uncased":   func(s string) string { return uncased.normalize("A" + s + "b") },
		"bertsplit": func(s string) string { return bertSplit("a" + s + "b") },
		"gpt2class": gpt2ClassName,
		"wordchar":  func(s string) string { return strconv.FormatBool(endsWithWord(s)) },
	}
	require.Len(t, answers, len(want))
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := sha256.New()
			for r := rune(0); r <= 0x10ffff; r++ {
				if r < 0xd800 || r > 0xdfff {
					fmt.Fprintf(h, "%X:%s\n", r, answer(string(r)))
				}
			}
			require.Equal(t, want[name], fmt.Sprintf("%x", h.Sum(nil)))
		})
	}
}

func bertSplit(s string) string {
	var words []string
	for m := (&wordPiece{}); s != ""; {
		n, word := m.next(s)
		if word {
			words = append(words, s[:n])
		}
		s = s[n:]
	}
	return strings.Join(words, "|")
}

// gpt2ClassName finds the class as the generator does: whose run takes s in.
func gpt2ClassName(s string) string {
	for _, try := range [][2]string{{"letter", "a"}, {"number", "1"}, {"other", "!"}} {
		if friend := try[1] + s; gpt2Next(friend) == len(friend) {
			return try[0]
		}
	}
	return "space"
}
