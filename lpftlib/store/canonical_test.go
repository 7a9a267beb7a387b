package store

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDigests(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	require.NoError(t, os.WriteFile(path, []byte("abc"), 0o644))
	got, err := DigestFile(path)
	require.NoError(t, err)
	require.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", got) // FIPS 180-2, B.1
	got, err = DigestJSON([]int{})
	require.NoError(t, err)
	require.Equal(t, "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945", got) // of "[]"
	_, err = DigestFile(path + "x")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Whatever a value's spelling, its canonical JSON is what encoding/json writes of it with sorted keys and one spelling of
// every number; integers keep every digit.
func TestCanonicalJSON(t *testing.T) {
	for _, c := range []struct{ from, want string }{
		{`{"b": 1.0, "a": [1, 1e0, 1.50, 12345678901234567890, -0, 1e-7, 1e21]}`, `{"a":[1,1,1.5,12345678901234567890,-0,1e-7,1e+21],"b":1}`},
		{`{"ü": "<a & b>\n\"quoted\" \\ \u2028", "<": null, "": true}`, `{"":true,"\u003c":null,"ü":"\u003ca \u0026 b\u003e\n\"quoted\" \\ \u2028"}`},
		{`[]`, `[]`}, {`{}`, `{}`}, {`"\u007f"`, "\"\x7f\""}, {`[[{"x": {}}]]`, `[[{"x":{}}]]`},
	} {
		got, err := canonicalJSON(json.RawMessage(c.from))
		require.NoError(t, err)
		require.Equal(t, c.want, string(got))
		again, err := canonicalJSON(json.RawMessage(got))
		require.NoError(t, err)
		require.Equal(t, c.want, string(again))
	}
	_, err := canonicalJSON(json.RawMessage(`1e999`))
	require.ErrorContains(t, err, "beyond float64")
}
