// Package npy reads and writes NumPy's .npy and .npz files, so that Python reads what Go wrote and Go what Python wrote.
package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"lpft/internal/plainfile"
	"lpft/lpftlib/atomicfile"
)

// NumPy's .npy format (numpy.lib.format, versions 1.0 to 3.0), as far as this project writes
// it: little-endian float32, float64, int64, int32 and fixed-width unicode strings, any rank,
// C order; integers of the other widths are read too. Hand-written because npyio writes neither flat data of rank above 2 nor unicode
// arrays, and panics on malformed headers.

// Array is an array of any rank in C order (the last index runs fastest). The one field that
// fits its element type is set.
type Array struct {
	Shape   []int // empty for a scalar
	Float32 []float32
	Float64 []float64
	Int64   []int64
	Int32   []int32
	Strings []string
}

// NamedArray is an array of an .npz file.
type NamedArray struct {
	Name  string
	Shape []int
	Data  any // []float32, []float64, []int64, []int32 or []string
}

// WriteNpy writes data, a []float32, []float64, []int64, []int32 or []string in C order, as an
// array of the given shape. The write is atomic.
func WriteNpy(path string, shape []int, data any) error {
	return named(path, atomicfile.Write(path, func(w io.Writer) error { return encodeNpy(w, shape, data) }))
}

// ReadNpy reads an array in C order of one of the types that [WriteNpy] writes, or of integers of
// another width or without sign, which come as Int64. Anything else is an error that says what was
// found. Memory is allocated only after the header is known to fit
// the file's size.
func ReadNpy(path string) (*Array, error) {
	data, err := plainfile.Read(path, plainfile.Table)
	if err != nil {
		return nil, err
	}
	a, err := DecodeNpy(data)
	return a, named(path, err)
}

func named(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", path, err)
}

const (
	npyMagic  = "\x93NUMPY"
	npyAlign  = 64      // the data start at a multiple of it
	npyGrowth = 21      // digits that numpy leaves room for in the first dimension
	maxRank   = 32      // numpy's own limit before version 2
	maxDim    = 1 << 40 // beyond any array on one disk
)

// encodeNpy writes header and data.
func encodeNpy(w io.Writer, shape []int, data any) error {
	count, err := elements(shape)
	if err != nil {
		return err
	}
	length, descr, err := describe(data)
	if err != nil {
		return err
	}
	if length != count {
		return fmt.Errorf("shape %v needs %d elements, got %d", shape, count, length)
	}
	if _, err := w.Write(npyHeader(descr, shape)); err != nil {
		return err
	}
	switch data := data.(type) {
	case []float32:
		return writeChunks(w, data)
	case []float64:
		return writeChunks(w, data)
	case []int64:
		return writeChunks(w, data)
	case []int32:
		return writeChunks(w, data)
	default:
		return writeStrings(w, data.([]string))
	}
}

// describe returns the number of elements and numpy's name of their type.
func describe(data any) (int, string, error) {
	switch data := data.(type) {
	case []float32:
		return len(data), "<f4", nil
	case []float64:
		return len(data), "<f8", nil
	case []int64:
		return len(data), "<i8", nil
	case []int32:
		return len(data), "<i4", nil
	case []string:
		width, err := stringWidth(data)
		return len(data), fmt.Sprintf("<U%d", width), err
	}
	return 0, "", fmt.Errorf("%T cannot be written: expected []float32, []float64, []int64, []int32 or []string", data)
}

// npyHeader is what numpy.save writes before the data, byte for byte.
func npyHeader(descr string, shape []int) []byte {
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = strconv.Itoa(d)
	}
	tuple := strings.Join(dims, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, tuple)
	if len(shape) > 0 {
		dict += strings.Repeat(" ", npyGrowth-len(dims[0]))
	}
	const before = len(npyMagic) + 4 // magic, version, length
	pad := npyAlign - (before+len(dict)+1)%npyAlign
	dict += strings.Repeat(" ", pad) + "\n"
	header := append([]byte(npyMagic), 1, 0)
	header = binary.LittleEndian.AppendUint16(header, uint16(len(dict)))
	return append(header, dict...)
}

// writeChunks writes numbers through a small buffer.
func writeChunks[T float32 | float64 | int64 | int32](w io.Writer, data []T) error {
	var buf []byte
	for chunk := range slices.Chunk(data, 8192) {
		var err error
		if buf, err = binary.Append(buf[:0], binary.LittleEndian, chunk); err != nil {
			return err
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// stringWidth is the length of the longest string in code points, at least 1.
func stringWidth(data []string) (int, error) {
	width := 1
	for i, s := range data {
		if !utf8.ValidString(s) || strings.HasSuffix(s, "\x00") { // zeros at the end are padding
			return 0, fmt.Errorf("string %d, %q, is not UTF-8 or ends in a zero byte", i, s)
		}
		width = max(width, utf8.RuneCountInString(s))
	}
	return width, nil
}

// writeStrings writes each string as code points of 4 bytes, padded with zeros.
func writeStrings(w io.Writer, data []string) error {
	width, err := stringWidth(data)
	if err != nil {
		return err
	}
	for _, s := range data {
		item := make([]byte, 0, 4*width)
		for _, r := range s {
			item = binary.LittleEndian.AppendUint32(item, uint32(r))
		}
		if _, err := w.Write(item[:4*width]); err != nil { // the rest of a fresh slice is zero
			return err
		}
	}
	return nil
}

// elements is the product of the dimensions.
func elements(shape []int) (int, error) {
	if len(shape) > maxRank {
		return 0, fmt.Errorf("rank %d is above %d", len(shape), maxRank)
	}
	count := 1
	for _, d := range shape {
		if d < 0 || d > maxDim {
			return 0, fmt.Errorf("shape %v: dimension %d is out of range", shape, d)
		}
		if d > 0 && count > math.MaxInt/d {
			return 0, fmt.Errorf("shape %v has too many elements", shape)
		}
		count *= d
	}
	return count, nil
}

// DecodeNpy is [ReadNpy] from the bytes of an .npy file.
func DecodeNpy(data []byte) (*Array, error) {
	header, body, err := splitNpy(data)
	if err != nil {
		return nil, err
	}
	descr, shape, err := parseNpyHeader(header)
	if err != nil {
		return nil, err
	}
	count, err := elements(shape)
	if err != nil {
		return nil, err
	}
	size, err := itemSize(descr)
	if err != nil {
		return nil, err
	}
	if len(body)%size != 0 || len(body)/size != count {
		return nil, fmt.Errorf("torn .npy: shape %v of %s needs %d elements of %d bytes, the file has %d bytes of data", shape, descr, count, size, len(body))
	}
	a := &Array{Shape: shape}
	switch descr {
	case "<f4":
		a.Float32, err = numbers[float32](body, count)
	case "<f8":
		a.Float64, err = numbers[float64](body, count)
	case "<i8":
		a.Int64, err = numbers[int64](body, count)
	case "<i4":
		a.Int32, err = numbers[int32](body, count)
	case "|i1", "|u1", "<i2", "<u2", "<u4", "<u8":
		a.Int64, err = widened(descr, body, count)
	default:
		a.Strings, err = readStrings(body, count, size)
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// splitNpy cuts a file into the text of its header and its data.
func splitNpy(data []byte) (header string, body []byte, err error) {
	if len(data) < len(npyMagic)+4 || !bytes.HasPrefix(data, []byte(npyMagic)) {
		return "", nil, fmt.Errorf("not an .npy file: it does not start with \\x93NUMPY and a header")
	}
	major, rest := data[len(npyMagic)], data[len(npyMagic)+2:]
	var length uint64
	switch {
	case major == 1:
		length, rest = uint64(binary.LittleEndian.Uint16(rest)), rest[2:]
	case (major == 2 || major == 3) && len(rest) >= 4:
		length, rest = uint64(binary.LittleEndian.Uint32(rest)), rest[4:]
	default:
		return "", nil, fmt.Errorf(".npy version %d is not supported, or its header is torn", major)
	}
	if uint64(len(rest)) < length {
		return "", nil, fmt.Errorf("torn .npy: the header has %d bytes, %d are there", length, len(rest))
	}
	return string(rest[:length]), rest[length:], nil
}

// itemSize is the size in bytes of one element.
func itemSize(descr string) (int, error) {
	switch descr {
	case "|i1", "|u1":
		return 1, nil
	case "<i2", "<u2":
		return 2, nil
	case "<f4", "<i4", "<u4":
		return 4, nil
	case "<f8", "<i8", "<u8":
		return 8, nil
	case "|O":
		return 0, fmt.Errorf(".npy array of Python objects (pickled): save numbers, for example array.astype('int64')")
	}
	if text, ok := strings.CutPrefix(descr, "<U"); ok {
		width, err := strconv.ParseUint(text, 10, 20)
		if err == nil && width > 0 {
			return 4 * int(width), nil
		}
	}
	return 0, fmt.Errorf(".npy element type %q is not supported: save %s", descr, conversion(descr))
}

// widened decodes integers of the types that have no field of their own.
func widened(descr string, body []byte, count int) ([]int64, error) {
	switch descr {
	case "|i1":
		return toInt64[int8](body, count)
	case "|u1":
		return toInt64[uint8](body, count)
	case "<i2":
		return toInt64[int16](body, count)
	case "<u2":
		return toInt64[uint16](body, count)
	case "<u4":
		return toInt64[uint32](body, count)
	}
	out, err := toInt64[uint64](body, count)
	if i := slices.IndexFunc(out, func(v int64) bool { return v < 0 }); i >= 0 {
		return nil, fmt.Errorf(".npy element %d is %d: above the largest int64", i, uint64(out[i]))
	}
	return out, err
}

func toInt64[T int8 | uint8 | int16 | uint16 | uint32 | uint64](body []byte, count int) ([]int64, error) {
	narrow, err := numbers[T](body, count)
	out := make([]int64, count)
	for i, v := range narrow {
		out[i] = int64(v)
	}
	return out, err
}

// numbers decodes count numbers; body has exactly their bytes.
func numbers[T float32 | float64 | int64 | int32 | int8 | uint8 | int16 | uint16 | uint32 | uint64](body []byte, count int) ([]T, error) {
	out := make([]T, count)
	_, err := binary.Decode(body, binary.LittleEndian, out)
	return out, err
}

// readStrings decodes fixed-width strings without the zeros that pad them.
func readStrings(body []byte, count, size int) ([]string, error) {
	out := make([]string, count)
	for i := range out {
		var text []rune
		item := body[i*size : (i+1)*size]
		for at := 0; at < size; at += 4 {
			code := binary.LittleEndian.Uint32(item[at:])
			if code > utf8.MaxRune || !utf8.ValidRune(rune(code)) {
				return nil, fmt.Errorf(".npy string %d: %#x is not a code point", i, code)
			}
			text = append(text, rune(code))
		}
		out[i] = strings.TrimRight(string(text), "\x00")
	}
	return out, nil
}
