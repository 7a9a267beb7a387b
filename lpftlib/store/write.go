package store

import (
	"io"

	"lpft/lpftlib/atomicfile"
)

// WriteFileAtomic writes data to path so that a reader, or a power cut, sees the old file or the new one; see
// [atomicfile.Write].
func WriteFileAtomic(path string, data []byte) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
