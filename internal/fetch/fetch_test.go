package fetch

import (
	"archive/zip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// writeZip writes an archive whose entries are given as name, text, name, text, ...
func writeZip(t *testing.T, file string, entries ...string) {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	z := zip.NewWriter(f)
	for i := 0; i < len(entries); i += 2 {
		w, err := z.Create(entries[i])
		require.NoError(t, err)
		_, err = w.Write([]byte(entries[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
}

func TestWatchStopsWorkThatStandsStill(t *testing.T) {
	err := Watch(context.Background(), t.TempDir(), 100*time.Millisecond, func(int64) {},
		func(ctx context.Context) error { <-ctx.Done(); return errors.New("killed") })
	require.EqualError(t, err, "no byte came within 100ms")
}

func TestUnzipRefusesEntriesThatLeaveTheFolder(t *testing.T) {
	const inside = "tiny/model/"
	for _, name := range []string{"tiny/model/../../evil", "tiny/model//etc/evil", "tiny/model/a/../../evil"} {
		dir := t.TempDir()
		file := filepath.Join(dir, "bad.whl")
		writeZip(t, file, name, "x")
		require.ErrorContains(t, Unzip(file, inside, filepath.Join(dir, "out", "deep")), "would leave the folder", name)
	}
	empty := filepath.Join(t.TempDir(), "empty.whl")
	writeZip(t, empty, "other/file", "x")
	require.ErrorContains(t, Unzip(empty, inside, t.TempDir()), "holds no file below tiny/model/")
}
