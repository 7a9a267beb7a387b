package store

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHome(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	require.NoError(t, err)
	t.Setenv("LPFT_HOME", "mine")
	home, err := Home()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(here, "mine"), home)

	t.Setenv("LPFT_HOME", "")
	home, err = Home()
	require.NoError(t, err)
	require.Equal(t, "lpft", filepath.Base(home))
}
