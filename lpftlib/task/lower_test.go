package task

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// The short way of ASCII gives what the long one gives, for every byte and for texts of several.
func TestLowerOfASCII(t *testing.T) {
	long := cases.Lower(language.Und, cases.HandleFinalSigma(true))
	rng := rand.New(rand.NewPCG(1, 2))
	for c := range byte(0x80) {
		text := []byte{c}
		require.Equal(t, long.String(string(text)), lower(string(text)), "%q", text)
		for range 20 {
			text = append(text, byte(rng.IntN(0x80)))
			require.Equal(t, long.String(string(text)), lower(string(text)), "%q", text)
		}
	}
	require.Equal(t, "i̇ας", lower("İΑΣ"))
}
