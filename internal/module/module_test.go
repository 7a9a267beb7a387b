package module

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The sources are found from a folder inside, and, where the program was built from them, from outside.
func TestRoot(t *testing.T) {
	dir, err := Root()
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, "notebooks", "index.ipynb"))

	root := t.TempDir()
	inside := filepath.Join(root, "a", "b")
	require.NoError(t, os.MkdirAll(inside, 0o755))
	t.Chdir(inside)
	here, err := Root()
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(here, "internal", "module", "module_test.go"), "nothing above is this module: where it was built")

	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module other\n"), 0o644))
	other, err := Root()
	require.NoError(t, err)
	require.Equal(t, here, other, "somebody else's module")

	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module lpft\n\ngo 1.26\n"), 0o644))
	copied, err := Root()
	require.NoError(t, err)
	require.Equal(t, root, copied)
}

func TestBuildEnv(t *testing.T) {
	require.Equal(t, runtime.GOARCH == "amd64", slices.Contains(BuildEnv(), "GOEXPERIMENT=simd"))
}
