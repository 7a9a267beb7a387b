package store

import (
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
