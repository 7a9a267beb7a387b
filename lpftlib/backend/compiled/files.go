//go:build linux

package compiled

import (
	"cmp"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// files is a folder of compiled programs. A file is the SHA-256 of its content, then the content, so that a
// damaged one is known before a plugin sees it: what it holds is run as machine code.
type files struct {
	dir   string
	limit int64 // bytes that the folder may take; the programs longest unused go first
}

// read returns a program, or nothing where it is not there or damaged.
func (f files) read(name string) []byte {
	path := filepath.Join(f.dir, name)
	all, err := os.ReadFile(path)
	if err != nil || len(all) < sha256.Size {
		return nil
	}
	digest, content := all[:sha256.Size], all[sha256.Size:]
	if sha256.Sum256(content) != [sha256.Size]byte(digest) {
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now) // only decides what goes first when the folder is full
	return content
}

// write keeps a program. It is a convenience for later processes, so that a full disk is no error.
func (f files) write(name string, content []byte) {
	if os.MkdirAll(f.dir, 0o700) != nil {
		return
	}
	tmp, err := os.CreateTemp(f.dir, ".part-")
	if err != nil {
		return
	}
	defer os.Remove(tmp.Name())
	digest := sha256.Sum256(content)
	_, err = tmp.Write(digest[:])
	if err == nil {
		_, err = tmp.Write(content)
	}
	if closeErr := tmp.Close(); err != nil || closeErr != nil {
		return
	}
	if os.Rename(tmp.Name(), filepath.Join(f.dir, name)) == nil {
		f.prune()
	}
}

// prune removes the programs longest unused until the folder is within its limit, and what killed processes left.
func (f files) prune() {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return
	}
	var list []os.FileInfo
	total := int64(0)
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			continue // another process has just removed it
		}
		list = append(list, info)
		total += info.Size()
	}
	slices.SortFunc(list, func(a, b os.FileInfo) int { return cmp.Compare(a.ModTime().UnixNano(), b.ModTime().UnixNano()) })
	for _, info := range list {
		stale := info.Name()[0] == '.' && time.Since(info.ModTime()) > time.Hour
		if total > f.limit || stale {
			_ = os.Remove(filepath.Join(f.dir, info.Name()))
			total -= info.Size()
		}
	}
}
