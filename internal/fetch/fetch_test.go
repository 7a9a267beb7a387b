package fetch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
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
	require.EqualError(t, err, "stalled: 0 bytes came within 100ms")
}

// A fast network brings a wheel between two looks at the folder.
func TestWatchTellsOfAQuickDownload(t *testing.T) {
	dir := t.TempDir()
	var told []int64
	require.NoError(t, Watch(context.Background(), dir, time.Minute, func(n int64) { told = append(told, n) },
		func(context.Context) error {
			return os.WriteFile(filepath.Join(dir, "x.whl"), make([]byte, 1234), 0o644)
		}))
	require.Equal(t, []int64{1234}, told)
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

// writeTar writes a .tar.gz with one entry.
func writeTar(t *testing.T, file string, entry tar.Header) {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	zipped := gzip.NewWriter(f)
	archive := tar.NewWriter(zipped)
	require.NoError(t, archive.WriteHeader(&entry))
	_, err = archive.Write(make([]byte, entry.Size))
	require.NoError(t, err)
	require.NoError(t, archive.Close())
	require.NoError(t, zipped.Close())
	require.NoError(t, f.Close())
}

func TestUntar(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.tar.gz")
	for name, entry := range map[string]tar.Header{
		"above":             {Name: "../evil", Typeflag: tar.TypeReg, Size: 1},
		"absolute":          {Name: "/etc/evil", Typeflag: tar.TypeReg, Size: 1},
		"link to elsewhere": {Name: "link", Typeflag: tar.TypeSymlink, Linkname: "../evil"},
		"link above":        {Name: "link", Typeflag: tar.TypeSymlink, Linkname: ".."},
		"link to itself":    {Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/"},
	} {
		writeTar(t, file, entry)
		require.ErrorContains(t, Untar(file, filepath.Join(dir, "out")), "would leave the folder", name)
	}
	writeTar(t, file, tar.Header{Name: "pipe", Typeflag: tar.TypeFifo})
	require.ErrorContains(t, Untar(file, filepath.Join(dir, "out")), "neither a file")
	require.NoError(t, os.WriteFile(file, []byte("no archive"), 0o644))
	require.ErrorContains(t, Untar(file, dir), "a.tar.gz")
	writeTar(t, file, tar.Header{Name: "deep/program", Typeflag: tar.TypeReg, Size: 3, Mode: 0o700})
	require.NoError(t, Untar(file, filepath.Join(dir, "out")))
	info, err := os.Stat(filepath.Join(dir, "out", "deep", "program"))
	require.NoError(t, err)
	require.EqualValues(t, 3, info.Size())
	require.NotZero(t, info.Mode()&0o111)
}

// A link that is there already is no way out: what is written below it stays in the folder or is refused.
func TestNothingIsWrittenThroughALink(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	out := filepath.Join(dir, "out")
	require.NoError(t, os.Mkdir(out, 0o755))
	require.NoError(t, os.Symlink(outside, filepath.Join(out, "link")))
	tarred, zipped := filepath.Join(dir, "a.tar.gz"), filepath.Join(dir, "a.whl")
	writeTar(t, tarred, tar.Header{Name: "link/evil", Typeflag: tar.TypeReg, Size: 3})
	writeZip(t, zipped, "in/link/evil", "x")
	require.Error(t, Untar(tarred, out))
	require.Error(t, Unzip(zipped, "in/", out))
	entries, err := os.ReadDir(outside)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// Whatever an archive holds, nothing is written outside the folder.
func FuzzUntar(f *testing.F) {
	dir := f.TempDir()
	for _, entry := range []tar.Header{{Name: "a/b", Typeflag: tar.TypeReg, Size: 3}, {Name: "../x", Typeflag: tar.TypeReg}, {Name: "l", Typeflag: tar.TypeSymlink, Linkname: ".."}} {
		var raw bytes.Buffer
		archive := tar.NewWriter(&raw)
		_ = archive.WriteHeader(&entry)
		_, _ = archive.Write(make([]byte, entry.Size))
		_ = archive.Close()
		f.Add(raw.Bytes())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var packed bytes.Buffer
		zipped := gzip.NewWriter(&packed)
		_, _ = zipped.Write(raw)
		_ = zipped.Close()
		top := t.TempDir()
		file := filepath.Join(dir, "a.tar.gz")
		require.NoError(t, os.WriteFile(file, packed.Bytes(), 0o644))
		_ = Untar(file, filepath.Join(top, "out"))
		entries, err := os.ReadDir(top)
		require.NoError(t, err)
		for _, e := range entries {
			require.Equal(t, "out", e.Name())
		}
	})
}

// An address that answers, one with other content, one that refuses.
func TestGet(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/file" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("content"))
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "file")
	get := func(path, digest string) error {
		return Get(context.Background(), server.URL+path, digest, file, func(int64) {})
	}
	const digest = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
	require.NoError(t, get("/file", digest))
	var bad *DigestError
	require.ErrorAs(t, get("/file", strings.Repeat("0", 64)), &bad)
	require.Equal(t, digest, bad.Got)
	require.ErrorContains(t, get("/other", digest), "answers 404")
}
