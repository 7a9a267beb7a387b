package module

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// notSources are folders of the project that no program is built from.
var notSources = []string{"testdata", "notebooks", "docs", "bench", "docker"}

const largestSource = 16 << 20 // bytes; what is larger was put beside the sources by somebody

// digestOf tells one state of a module's sources from another, by the content of every file that may be compiled or embedded.
// The go command would know as well, but only from a build cache that holds all that the program was built from, which an
// image does without. A folder of lpft's own, home, may lie inside.
func digestOf(root, home string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if path != root && (path == home || strings.HasPrefix(d.Name(), ".") || slices.Contains(notSources, d.Name())) {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular() || strings.HasSuffix(d.Name(), "_test.go"):
			return nil
		}
		return addFile(h, root, path)
	})
	if err != nil {
		return "", fmt.Errorf("sources of lpft: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func addFile(h io.Writer, root, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() > largestSource {
		return err
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	fmt.Fprintf(h, "%s\n%d\n", filepath.ToSlash(name), info.Size())
	_, err = io.Copy(h, f)
	return err
}
