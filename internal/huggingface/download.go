package huggingface

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lpft/internal/fetch"
	"lpft/lpftlib/atomicfile"
)

// Bounds of a file whose size the Hub does not state, in bytes: of weights and tables, and of all else.
const (
	maxLarge = 256 << 30
	maxSmall = 1 << 30
)

// Download brings files of a listing into the cache, one after the other, and returns the folder that holds them under
// their names. What is there already stays. progress is told the bytes that have come. Any number of processes may do so
// at once. The cache has Python's layout:
//
//	blobs/<digest>                   the content, named by git's digest or, of a large file, its SHA-256
//	snapshots/<commit>/<name>        a link to it
//	refs/<branch>                    the commit
func (r *Repo) Download(ctx context.Context, list *Listing, names []string, progress func(done int64)) (string, error) {
	folder := filepath.Join(r.CacheFolder(), "snapshots", list.Commit)
	removeLeftovers(r.blobs())
	done := int64(0)
	for _, name := range names {
		file := list.Find(name)
		if file == nil {
			return "", fmt.Errorf("the repository has no file %s", name)
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return "", fmt.Errorf("file %q would leave the cache", name)
		}
		to := filepath.Join(folder, filepath.FromSlash(name))
		if info, err := os.Stat(to); err == nil && info.Mode().IsRegular() && (file.Size == 0 || info.Size() == file.Size) {
			done += info.Size()
			continue
		}
		n, err := r.fetch(ctx, list.Commit, file, to, func(n int64) { progress(done + n) })
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, Reason(err))
		}
		done += n
	}
	return folder, r.refer(list.Commit)
}

func (r *Repo) blobs() string { return filepath.Join(r.CacheFolder(), "blobs") }

// leftover is how old an unfinished download must be to belong to a process that died.
const leftover = 24 * time.Hour

// removeLeftovers deletes what killed processes left, which may be as large as a model.
func removeLeftovers(blobs string) {
	paths, _ := filepath.Glob(filepath.Join(blobs, "lpft-*.part")) // the pattern is well-formed
	for _, path := range paths {
		if info, err := os.Lstat(path); err == nil && time.Since(info.ModTime()) > leftover {
			_ = os.Remove(path) // only room is lost
		}
	}
}

// fetch downloads a file, checks it, and gives it its place and its name.
func (r *Repo) fetch(ctx context.Context, commit string, file *File, to string, grown func(int64)) (int64, error) {
	if err := os.MkdirAll(r.blobs(), 0o755); err != nil {
		return 0, err
	}
	part, err := os.CreateTemp(r.blobs(), "lpft-*.part")
	if err != nil {
		return 0, err
	}
	defer os.Remove(part.Name()) // where it was not renamed
	defer part.Close()           // a second time does nothing
	if err := r.receive(ctx, commit, file, part, grown); err != nil {
		return 0, err
	}
	if err := errors.Join(part.Sync(), part.Chmod(0o644), part.Close()); err != nil {
		return 0, err
	}
	blob, size, err := checked(part.Name(), file)
	if err != nil {
		return 0, err
	}
	path := filepath.Join(r.blobs(), blob)
	if err := os.Rename(part.Name(), path); err != nil {
		return 0, err
	}
	return size, link(path, to)
}

// receive copies what the server sends; a body that is not as long as stated is an error.
func (r *Repo) receive(ctx context.Context, commit string, file *File, out io.Writer, grown func(int64)) error {
	body, size, err := r.get(ctx, prefix(r.kind)+escaped(r.id)+"/resolve/"+commit+"/"+escaped(file.Name))
	if err != nil {
		return err
	}
	defer body.Close()
	limits := fetch.Limits{Size: size, Max: maxSmall, Stall: r.stall}
	if file.LFS != nil || strings.HasSuffix(file.Name, ".safetensors") || strings.HasSuffix(file.Name, ".parquet") {
		limits.Max = maxLarge
	}
	if file.Size > 0 {
		if size >= 0 && size != file.Size {
			return fmt.Errorf("the server sends %d bytes, the list of files says %d", size, file.Size)
		}
		limits.Size = file.Size
	}
	return fetch.Copy(ctx, out, body, limits, grown)
}

// prefix is a kind's part of a file's address.
func prefix(kind string) string {
	if kind == Models {
		return ""
	}
	return kind + "/"
}

// checked compares a downloaded file with the digests that the list of files states, and returns the name that its content
// gives it.
func checked(path string, file *File) (blob string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", 0, err
	}
	var git hash.Hash = sha1.New() // what git names a blob by
	fmt.Fprintf(git, "blob %d\x00", info.Size())
	whole := sha256.New()
	if _, err := io.Copy(io.MultiWriter(git, whole), f); err != nil {
		return "", 0, err
	}
	sum, id := hex.EncodeToString(whole.Sum(nil)), hex.EncodeToString(git.Sum(nil))
	if want := file.digest(); want != "" {
		if sum != want {
			return "", 0, &fetch.DigestError{File: file.Name, Got: sum, Want: fmt.Sprintf("%.80s", want)}
		}
		return sum, info.Size(), nil
	}
	if file.BlobID != "" && file.LFS == nil && file.BlobID != id {
		return "", 0, fmt.Errorf("its git digest is %s, the list of files says %.60q", id, file.BlobID)
	}
	return id, info.Size(), nil
}

// link makes path the file that a blob has the content of: a relative link, as Python makes it.
func link(blob, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	target, err := filepath.Rel(filepath.Dir(path), blob)
	if err != nil {
		return err
	}
	if old, err := os.Readlink(path); err == nil && old == target {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, path); err == nil || errors.Is(err, fs.ErrExist) { // another process may have been faster
		return nil
	}
	return os.Link(blob, path) // where the system has no symbolic links
}

// refer notes which commit a branch stands for.
func (r *Repo) refer(commit string) error {
	name := filepath.FromSlash(r.revision)
	if IsCommit(r.revision) || !filepath.IsLocal(name) {
		return nil
	}
	path := filepath.Join(r.CacheFolder(), "refs", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := io.WriteString(w, commit)
		return err
	})
}
