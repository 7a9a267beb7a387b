package npy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"lpft/internal/plainfile"
)

// sealName is the array that holds a sealed file's digest.
const sealName = "sha256"

// WriteSealed is [WriteNpz] with one array more, "sha256", the digest of all the others: names, types, shapes and numbers.
// A file that continues work another day carries it, since an .npz itself has checksums of 32 bits only.
func WriteSealed(path string, arrays []NamedArray) error {
	seal, err := sealOf(arrays)
	if err != nil {
		return named(path, err)
	}
	return WriteNpz(path, append(slices.Clone(arrays), NamedArray{Name: sealName, Shape: []int{1}, Data: []string{seal}}))
}

// ReadSealed reads what [WriteSealed] wrote, without the digest. A file that is damaged is an error; one that never had a
// digest, of [WriteNpz], is read with what an .npz checks itself.
func ReadSealed(path string) (map[string]*Array, error) {
	data, err := plainfile.Read(path, plainfile.Table)
	if err != nil {
		return nil, err
	}
	arrays, err := DecodeNpz(data)
	if err != nil {
		return nil, named(path, err)
	}
	seal := arrays[sealName]
	if seal == nil {
		return arrays, nil
	}
	delete(arrays, sealName)
	var list []NamedArray
	for name, a := range arrays {
		list = append(list, NamedArray{Name: name, Shape: a.Shape, Data: a.data()})
	}
	want, err := sealOf(list)
	if err == nil && !slices.Equal(seal.Strings, []string{want}) {
		err = fmt.Errorf("torn or altered: the SHA-256 of its arrays is %.12s, it says %.14q", want, seal.Strings)
	}
	return arrays, named(path, err)
}

// data is the one field that is set.
func (a *Array) data() any {
	switch {
	case a.Float32 != nil:
		return a.Float32
	case a.Float64 != nil:
		return a.Float64
	case a.Int64 != nil:
		return a.Int64
	case a.Int32 != nil:
		return a.Int32
	}
	return a.Strings
}

// sealOf is a digest of arrays, in the order of their names.
func sealOf(arrays []NamedArray) (string, error) {
	sums := map[string][sha256.Size]byte{}
	names := []string{}
	for _, a := range arrays {
		h := sha256.New()
		if err := encodeNpy(h, a.Shape, a.Data); err != nil {
			return "", fmt.Errorf("array %s: %w", a.Name, err)
		}
		sums[a.Name] = [sha256.Size]byte(h.Sum(nil))
		names = append(names, a.Name)
	}
	slices.Sort(names)
	var all bytes.Buffer
	for _, name := range names {
		sum := sums[name]
		fmt.Fprintf(&all, "%d:%s", len(name), name)
		all.Write(sum[:])
	}
	sum := sha256.Sum256(all.Bytes())
	return hex.EncodeToString(sum[:]), nil
}
