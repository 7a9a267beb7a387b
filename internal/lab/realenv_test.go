package lab

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func realEnv(t *testing.T) *Env {
	t.Helper()
	if os.Getenv("LPFT_TEST_LAB") == "" {
		t.Skip("makes a real Python environment: set LPFT_TEST_LAB=1 to run")
	}
	home := os.Getenv("LPFT_TEST_LAB_HOME")
	if home == "" {
		home = t.TempDir()
	}
	e, err := Setup(t.Context(), Options{Home: home, ModuleRoot: moduleRoot(t), Progress: func(line string) { t.Log(line) }})
	require.NoError(t, err)
	return e
}
