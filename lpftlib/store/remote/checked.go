package remote

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"lpft/lpftlib/store"
)

// checked reads a file and refuses its end where its digest is not the promised one.
type checked struct {
	from *Remote
	in   io.ReadCloser
	file store.FileDigest
	sum  hash.Hash
}

func newChecked(r *Remote, in io.ReadCloser, f store.FileDigest) *checked {
	return &checked{from: r, in: in, file: f, sum: sha256.New()}
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.sum.Write(p[:n])
	name := fileName(c.file)
	if errors.Is(err, io.EOF) {
		if got := hex.EncodeToString(c.sum.Sum(nil)); got != c.file.SHA256 {
			c.from.mark(c.file)
			return n, c.from.refuse(name, "is torn or altered: its SHA-256 is %.12s, expected %.12s", got, c.file.SHA256)
		}
		return n, io.EOF
	}
	if err != nil {
		err = c.from.wrap(name, err)
	}
	return n, err
}

func (c *checked) Close() error { return c.in.Close() }
