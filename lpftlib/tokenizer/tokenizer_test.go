package tokenizer

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func load(t testing.TB, name string) *Tokenizer {
	t.Helper()
	tok, err := Load(filepath.Join("testdata", name))
	require.NoError(t, err)
	return tok
}

func TestProperties(t *testing.T) {
	bpe, wp := load(t, "bpe"), load(t, "wordpiece")
	require.Equal(t, BPE, bpe.Family())
	require.Equal(t, WordPiece, wp.Family())
	require.Equal(t, "BPE WordPiece", bpe.Family().String()+" "+wp.Family().String())
	require.EqualValues(t, 1, bpe.PadID())
	require.EqualValues(t, 0, wp.PadID())
	require.Equal(t, 794, bpe.VocabSize()) // 4 special, 256 bytes, 533 merges, <mask>
	require.Equal(t, 435, wp.VocabSize())
	require.Equal(t, 439, load(t, "wordpiece-flags").VocabSize(), "four tokens added")
}

func TestDigestIsThatOfTheFiles(t *testing.T) {
	require.Equal(t, load(t, "bpe").Digest(), load(t, "bpe").Digest())
	seen := map[string]bool{}
	for _, name := range []string{"bpe", "bpe-files", "wordpiece", "wordpiece-files", "wordpiece-cased"} {
		digest := load(t, name).Digest()
		require.Len(t, digest, 64)
		require.False(t, seen[digest], name)
		seen[digest] = true
	}
	dir := t.TempDir()
	copyFile(t, "testdata/wordpiece-files/vocab.txt", dir)
	plain, err := Load(dir)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, configJSON), []byte(`{"do_lower_case": false}`), 0o644))
	cased, err := Load(dir)
	require.NoError(t, err)
	require.NotEqual(t, plain.Digest(), cased.Digest(), "tokenizer_config.json decides ids too")
	require.NotEqual(t, plain.Encode(Text{A: "Film"}, 8), cased.Encode(Text{A: "Film"}, 8))
}

func copyFile(t testing.TB, path, dir string) {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(path)), b, 0o644))
}

func TestTruncate(t *testing.T) {
	for _, c := range []struct{ a, b, budget, wantA, wantB int }{
		{80, 80, 125, 62, 63}, {100, 90, 125, 63, 62}, {90, 100, 125, 62, 63}, {200, 40, 125, 85, 40}, // as docs/protocol.md, Texts
		{40, 200, 125, 40, 85}, {62, 62, 125, 62, 62}, {62, 63, 125, 62, 63}, {63, 63, 125, 62, 63},
		{80, 80, 124, 62, 62}, {62, 70, 124, 62, 62}, {63, 61, 124, 63, 61}, {61, 90, 124, 61, 63},
		{0, 200, 124, 0, 124}, {200, 0, 124, 124, 0}, {5, 5, 0, 0, 0}, {5, 5, 1, 0, 1}, {6, 5, 1, 1, 0}, {0, 0, 0, 0, 0},
	} {
		a, b := truncate(c.a, c.b, c.budget)
		require.Equal(t, [2]int{c.wantA, c.wantB}, [2]int{a, b}, "%+v", c)
	}
}

// TestTruncateProperties checks the rule against its wording for every small case: tokens
// go one by one from whichever text is longer.
func TestTruncateProperties(t *testing.T) {
	for a := range 20 {
		for b := range 20 {
			for budget := range 40 {
				x, y := truncate(a, b, budget)
				wantX, wantY := a, b
				for wantX+wantY > budget {
					if wantX > wantY || wantX == wantY && a <= b {
						wantX--
					} else {
						wantY--
					}
				}
				require.Equal(t, [2]int{wantX, wantY}, [2]int{x, y}, "%d %d into %d", a, b, budget)
			}
		}
	}
}

func TestShortMaxLen(t *testing.T) {
	x := Text{A: "a film", B: "a talk", Pair: true}
	for _, c := range []struct {
		name string
		want []int32 // <s> </s> </s> </s>, [CLS] [SEP] [SEP]
	}{{"bpe", []int32{0, 2, 2, 2}}, {"wordpiece", []int32{2, 3, 3}}} {
		tok := load(t, c.name)
		for maxLen := -1; maxLen <= len(c.want); maxLen++ {
			e := tok.Encode(x, maxLen)
			require.True(t, slices.Equal(c.want[:max(0, maxLen)], e.IDs), "%s %d: %v", c.name, maxLen, e.IDs)
			require.Len(t, e.TypeIDs, len(e.IDs))
		}
	}
}

func TestInvalidUTF8IsReplaced(t *testing.T) {
	for _, name := range []string{"bpe", "wordpiece"} {
		tok := load(t, name)
		require.Equal(t, tok.Encode(Text{A: "a\ufffd\ufffdb \ufffd"}, 64), tok.Encode(Text{A: "a\xff\xc3b \xe2"}, 64), name)
	}
}

func TestEncodeAllIsEncode(t *testing.T) {
	texts := hardTexts(t, 128)
	for range 3 {
		texts = append(texts, texts...)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	for _, name := range []string{"bpe", "wordpiece"} {
		want := make([]Encoding, len(texts))
		for i, tok := 0, load(t, name); i < len(texts); i++ {
			want[i] = tok.Encode(texts[i], 128)
		}
		for _, processors := range []int{1, 8} {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
			require.Equal(t, want, load(t, name).EncodeAll(texts, 128), name)
		}
		require.Empty(t, load(t, name).EncodeAll(nil, 128))
	}
}

// TestMergesOfLongWords compares the queue with the plain rule: over and over, the earliest
// learned pair that is there, leftmost first.
func TestMergesOfLongWords(t *testing.T) {
	m := load(t, "bpe").words.(*bpe)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		word := make([]byte, rng.IntN(200))
		for i := range word {
			word[i] = "etaoinshrdlu"[rng.IntN(12)]
		}
		var ids []int32
		for _, c := range word {
			ids = append(ids, m.byteIDs[c])
		}
		for {
			best, at := mergeRule{}, -1
			for i := 0; i+1 < len(ids); i++ {
				rule, ok := m.merges[[2]int32{ids[i], ids[i+1]}]
				if ok && (at < 0 || rule.rank < best.rank) {
					best, at = rule, i
				}
			}
			if at < 0 {
				break
			}
			ids = slices.Replace(ids, at, at+2, best.id)
		}
		require.Equal(t, ids, m.appendIDs(nil, string(word)), "%s", word)
	}
}

func TestGPT2Next(t *testing.T) {
	for text, want := range map[string]string{
		"it's a  test\t\n x": "it|'s| a| | test|\t\n| x",
		"it 's n't":          "it| '|s| n|'t",
		"a\u00a0b \u3000 c":  "a|\u00a0|b| \u3000| c",
		"12abc!?'re 3 ":      "12|abc|!?'|re| 3| ",
		"'llama 've":         "'ll|ama| '|ve",
		"end \n":             "end| \n",
	} {
		var words []string
		for rest := text; rest != ""; {
			n := gpt2Next(rest)
			words = append(words, rest[:n])
			rest = rest[n:]
		}
		require.Equal(t, want, strings.Join(words, "|"))
	}
}
