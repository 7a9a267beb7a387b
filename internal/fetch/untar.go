package fetch

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// maxUnpacked is the most that an archive may unpack to, in bytes: well above any plugin's.
const maxUnpacked = 16 << 30

// Untar writes the files and links of a .tar.gz to dir, which is made. An entry that would leave dir is refused, and none
// can reach out of it through a link that came before.
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
	root, err := openRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	archive := tar.NewReader(unzipped)
	left := int64(maxUnpacked)
	for {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if left -= entry.Size; left < 0 {
			return fmt.Errorf("%s: unpacks to more than %d bytes", file, int64(maxUnpacked))
		}
		if err := untarEntry(archive, entry, root); err != nil {
			return fmt.Errorf("%s: entry %q: %w", file, entry.Name, err)
		}
	}
}

// openRoot makes dir and opens it as the only place that can be written to.
func openRoot(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

var errLeaves = errors.New("would leave the folder")

func untarEntry(archive io.Reader, entry *tar.Header, root *os.Root) error {
	name := filepath.Clean(filepath.FromSlash(entry.Name))
	if !filepath.IsLocal(name) {
		return errLeaves
	}
	switch entry.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeSymlink:
		if path.Base(entry.Linkname) != entry.Linkname || !filepath.IsLocal(entry.Linkname) { // to a file beside it and nowhere else
			return errLeaves
		}
		return root.Symlink(entry.Linkname, name)
	case tar.TypeReg:
		return writeNew(archive, root, name, mode(entry.FileInfo().Mode()))
	}
	return errors.New("is neither a file nor a folder nor a link")
}
