package fetch

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Untar writes the files and links of a .tar.gz to dir. Entries that would leave dir are refused.
func Untar(file, dir string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	archive := tar.NewReader(unzipped)
	for {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := untarEntry(archive, entry, dir); err != nil {
			return fmt.Errorf("%s: entry %q: %w", file, entry.Name, err)
		}
	}
}

func untarEntry(archive io.Reader, entry *tar.Header, dir string) error {
	name := filepath.Clean(filepath.FromSlash(entry.Name))
	if !filepath.IsLocal(name) {
		return errors.New("would leave the folder")
	}
	to := filepath.Join(dir, name)
	switch entry.Typeflag {
	case tar.TypeDir:
		return os.MkdirAll(to, 0o755)
	case tar.TypeSymlink:
		if filepath.Base(entry.Linkname) != entry.Linkname { // to a file beside it and nowhere else
			return errors.New("would leave the folder")
		}
		return os.Symlink(entry.Linkname, to)
	case tar.TypeReg:
		return writeNew(archive, to, mode(entry.FileInfo().Mode()))
	}
	return errors.New("is neither a file nor a folder nor a link")
}
