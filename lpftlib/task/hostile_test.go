//go:build unix

package task

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// footed is a parquet file with this footer.
func footed(footer []byte) []byte {
	out := append([]byte("PAR1"), footer...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(footer)))
	return append(out, "PAR1"...)
}

// A footer that claims more than the file holds, or lies in itself without end, is refused before memory is taken.
func TestHostileFooters(t *testing.T) {
	for name, c := range map[string]struct {
		footer []byte
		want   string
	}{
		"a schema of a billion columns": {[]byte{0x15, 0x02, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x03, 0x00}, "the footer"},
		"a billion row groups":          {[]byte{0x15, 0x02, 0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x03, 0x00, 0x00}, "the footer"},
		"a text of a billion bytes":     {[]byte{0x68, 0xff, 0xff, 0xff, 0xff, 0x03, 'x'}, "the footer"},
		"lists in lists":                {append([]byte{0x19}, bytes.Repeat([]byte{0x19}, 1<<20)...), "too deep"},
		"structures in structures":      {bytes.Repeat([]byte{0x1c}, 1<<20), "too deep"},
		"a type there is not":           {[]byte{0x1e, 0x00}, "which the format has not"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "t.parquet")
			require.NoError(t, os.WriteFile(path, footed(c.footer), 0o644))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := eachParquetRow(path, func(record) bool { return true })
			runtime.ReadMemStats(&after)
			require.ErrorContains(t, err, c.want)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
		})
	}
}

// A task file, or a file of rows, that is a device or a pipe is refused at once.
func TestDevicesAndPipes(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.json")
	require.NoError(t, syscall.Mkfifo(pipe, 0o644))
	task := func(rows string) string {
		path := filepath.Join(dir, "task.json")
		text := `{"id": "x", "classes": ["a", "b"], "format": "FORMAT", "columns": {"a": "t", "label": "y"}, "files": {"train": "` + rows + `", "test": "` + rows + `"}}`
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	for _, path := range []string{"/dev/zero", pipe} {
		start := time.Now()
		_, err := LoadFile(context.Background(), path, Options{})
		require.ErrorContains(t, err, "expected a plain file")
		for _, format := range []string{"tsv", "csv", "jsonl", "parquet"} {
			file := task(path)
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(file, bytes.Replace(text, []byte("FORMAT"), []byte(format), 1), 0o644))
			_, err = LoadFile(context.Background(), file, Options{})
			require.ErrorContains(t, err, "expected a plain file", format)
		}
		require.Less(t, time.Since(start), 5*time.Second)
	}
}
