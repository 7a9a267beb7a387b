package npy

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"lpft/internal/plainfile"
	"lpft/lpftlib/atomicfile"
)

// WriteNpz writes arrays as an uncompressed .npz file that numpy.load reads. The same arrays
// give the same bytes. The write is atomic.
func WriteNpz(path string, arrays []NamedArray) error {
	return named(path, atomicfile.Write(path, func(w io.Writer) error { return encodeNpz(w, arrays) }))
}

// ReadNpz reads the arrays of an .npz file, compressed or not, by name; see [ReadNpy] for the
// types.
func ReadNpz(path string) (map[string]*Array, error) {
	data, err := plainfile.Read(path, plainfile.Table)
	if err != nil {
		return nil, err
	}
	arrays, err := DecodeNpz(data)
	return arrays, named(path, err)
}

func encodeNpz(w io.Writer, arrays []NamedArray) error {
	z := zip.NewWriter(w)
	seen := map[string]bool{}
	for _, a := range arrays {
		if a.Name == "" || strings.ContainsAny(a.Name, `/\`) || seen[a.Name] {
			return fmt.Errorf("array name %q is empty, has a slash, or comes twice", a.Name)
		}
		seen[a.Name] = true
		entry, err := z.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		if err := encodeNpy(entry, a.Shape, a.Data); err != nil {
			return fmt.Errorf("array %s: %w", a.Name, err)
		}
	}
	return z.Close()
}

// DecodeNpz is [ReadNpz] from the bytes of a file.
func DecodeNpz(data []byte) (map[string]*Array, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("not an .npz file, or torn: %w", err)
	}
	arrays := map[string]*Array{}
	packed := uint64(0)
	for _, f := range z.File {
		if packed += f.CompressedSize64; packed > uint64(len(data)) {
			return nil, errors.New("not an .npz file, or torn: its entries are larger than the file")
		}
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok || arrays[name] != nil {
			return nil, fmt.Errorf(".npz entry %q is not an .npy file, or comes twice", f.Name)
		}
		body, err := unpack(f)
		if err != nil {
			return nil, fmt.Errorf(".npz entry %s: %w", f.Name, err)
		}
		if arrays[name], err = DecodeNpy(body); err != nil {
			return nil, fmt.Errorf(".npz entry %s: %w", f.Name, err)
		}
	}
	return arrays, nil
}

// deflateLimit is above the best ratio that deflate reaches (1032): what claims more lies.
const deflateLimit = 1040

// unpack returns an entry's bytes.
func unpack(f *zip.File) ([]byte, error) {
	if f.UncompressedSize64/deflateLimit > f.CompressedSize64 {
		return nil, errors.New("its size is impossible: torn or hostile")
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r) // ends with an error where size or checksum differ
}
