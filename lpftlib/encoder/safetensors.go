package encoder

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"lpft/internal/lfs"
	"lpft/lpftlib/atomicfile"
)

// The safetensors format: an 8-byte little-endian header length, a JSON header
// {"name": {"dtype", "shape", "data_offsets": [from, to]}, "__metadata__": {...}}, then the
// tensors' bytes. The reader below trusts nothing in it: lengths, shapes, offsets and
// overlaps are checked against the file's size before anything is allocated.

// entry is one tensor of a safetensors header.
type entry struct {
	DType   string  `json:"dtype"`
	Shape   []int   `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

// maxHeader bounds the JSON header, as the reference implementation does (100 MB).
const maxHeader = 100 << 20

var dtypeSize = map[string]int64{"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}

// stFile is an opened, checked safetensors file.
type stFile struct {
	path    string
	file    *os.File
	base    int64 // where the data begins
	entries map[string]entry
}

func openSafetensors(path string) (*stFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %v", path, err)
	}
	st := &stFile{path: path, file: f}
	if err := st.readHeader(); err != nil {
		f.Close()
		return nil, err
	}
	return st, nil
}

func (st *stFile) Close() error { return st.file.Close() }

func (st *stFile) readHeader() error {
	info, err := st.file.Stat()
	if err != nil {
		return fmt.Errorf("%s: %v", st.path, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", st.path)
	}
	if err := lfs.CheckFile(st.path); err != nil {
		return err
	}
	var length [8]byte
	if _, err := io.ReadFull(st.file, length[:]); err != nil {
		return fmt.Errorf("%s: truncated: %d bytes, not even a safetensors header; fetch the file again", st.path, info.Size())
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader || int64(n) > info.Size()-8 {
		return fmt.Errorf("%s: truncated or not a safetensors file: the header claims %d bytes, the file has %d; fetch the file again", st.path, n, info.Size())
	}
	raw := make([]byte, n)
	if _, err := io.ReadFull(st.file, raw); err != nil {
		return fmt.Errorf("%s: truncated header: %v", st.path, err)
	}
	header, err := jsonObject(raw)
	if err != nil {
		return fmt.Errorf("%s: not a safetensors file: header: %v", st.path, err)
	}
	st.base = 8 + int64(n)
	st.entries = make(map[string]entry, len(header))
	for name, value := range header {
		if name == "__metadata__" {
			continue
		}
		if st.entries[name], err = parseEntry(value, info.Size()-st.base); err != nil {
			return fmt.Errorf("%s: tensor %q: %w", st.path, name, err)
		}
	}
	return st.checkCover(info.Size() - st.base)
}

// check compares an entry's shape and offsets with each other and with the data's size.
func (e entry) check(dataSize int64) error {
	size, known := dtypeSize[e.DType]
	if !known {
		return fmt.Errorf("unsupported dtype %q", e.DType)
	}
	want := size
	for _, d := range e.Shape {
		if d < 0 || (d > 0 && want > math.MaxInt64/int64(d)) {
			return fmt.Errorf("impossible shape %v", e.Shape)
		}
		want *= int64(d)
	}
	if len(e.Offsets) != 2 || e.Offsets[0] < 0 || e.Offsets[1] < e.Offsets[0] {
		return fmt.Errorf("impossible data_offsets %v", e.Offsets)
	}
	if e.Offsets[1] > dataSize {
		return fmt.Errorf("data_offsets %v lie outside the file (%d data bytes): the file is truncated; fetch it again", e.Offsets, dataSize)
	}
	if e.Offsets[1]-e.Offsets[0] != want {
		return fmt.Errorf("shape %v of %s needs %d bytes, data_offsets %v give %d", e.Shape, e.DType, want, e.Offsets, e.Offsets[1]-e.Offsets[0])
	}
	return nil
}

// checkCover makes sure that the tensors lie end to end and fill the data, as the format says.
func (st *stFile) checkCover(dataSize int64) error {
	names := st.names()
	slices.SortStableFunc(names, func(a, b string) int { return slices.Compare(st.entries[a].Offsets, st.entries[b].Offsets) })
	end, before := int64(0), ""
	for _, name := range names {
		from := st.entries[name].Offsets[0]
		if from < end {
			return fmt.Errorf("%s: tensors %q and %q overlap", st.path, before, name)
		}
		if from > end {
			return fmt.Errorf("%s: %d data bytes before tensor %q belong to no tensor; fetch the file again", st.path, from-end, name)
		}
		end, before = st.entries[name].Offsets[1], name
	}
	if end != dataSize {
		return fmt.Errorf("%s: %d bytes follow the last tensor; fetch the file again", st.path, dataSize-end)
	}
	return nil
}

// names lists the file's tensors, sorted.
func (st *stFile) names() []string {
	names := make([]string, 0, len(st.entries))
	for name := range st.entries {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// float32s reads a floating-point tensor as float32; half precisions are widened exactly,
// float64 is rounded.
func (st *stFile) float32s(name string) ([]float32, error) {
	e := st.entries[name]
	if !slices.Contains([]string{"F64", "F32", "F16", "BF16"}, e.DType) {
		return nil, fmt.Errorf("%s: tensor %q is %s: expected floating-point numbers", st.path, name, e.DType)
	}
	out := make([]float32, product(e.Shape))
	size := int(dtypeSize[e.DType])
	buf := make([]byte, min(1<<16, size*len(out)))
	for done := 0; done < len(out); {
		n := min(len(out)-done, len(buf)/size)
		if _, err := st.file.ReadAt(buf[:n*size], st.base+e.Offsets[0]+int64(done*size)); err != nil {
			return nil, fmt.Errorf("%s: tensor %q: %v", st.path, name, err)
		}
		widen(out[done:done+n], buf, e.DType)
		done += n
	}
	return out, nil
}

// widen decodes little-endian numbers of a floating-point dtype.
func widen(out []float32, raw []byte, dtype string) {
	for i := range out {
		switch dtype {
		case "F32":
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		case "F64":
			out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])))
		case "BF16":
			out[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
		case "F16":
			out[i] = fromHalf(binary.LittleEndian.Uint16(raw[2*i:]))
		}
	}
}

// fromHalf widens an IEEE 754 binary16 number.
func fromHalf(bits uint16) float32 {
	sign, exponent, fraction := uint32(bits>>15)<<31, uint32(bits>>10)&0x1f, uint32(bits)&0x3ff
	switch {
	case exponent == 0: // zero and subnormal: fraction·2⁻²⁴
		value := float32(fraction) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(value))
	case exponent == 0x1f: // infinity, NaN
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

// NamedTensor is a float32 host tensor with its name.
type NamedTensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// WriteSafetensors writes tensors as float32 into path, whole or not at all: see [atomicfile.Write].
func WriteSafetensors(path string, tensors []NamedTensor) error {
	header := map[string]any{"__metadata__": map[string]string{"format": "pt"}}
	var offset int64
	for _, t := range tensors {
		size := int64(4 * len(t.Data))
		// A scalar's shape is [], which a nil slice would not give.
		header[t.Name] = entry{DType: "F32", Shape: append([]int{}, t.Shape...), Offsets: []int64{offset, offset + size}}
		offset += size
	}
	raw, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("%s: %v", path, err)
	}
	// The format wants data aligned to 8 bytes: pad the header with spaces.
	raw = append(raw, strings.Repeat(" ", (8-len(raw)%8)%8)...)
	if err := atomicfile.Write(path, func(w io.Writer) error { return writeTensors(w, raw, tensors) }); err != nil {
		return fmt.Errorf("%s: cannot be written: %w", path, err)
	}
	return nil
}

func writeTensors(w io.Writer, header []byte, tensors []NamedTensor) error {
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(header)))
	if _, err := w.Write(length[:]); err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, t := range tensors {
		raw := make([]byte, 4*len(t.Data))
		for i, v := range t.Data {
			binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(v))
		}
		if _, err := w.Write(raw); err != nil {
			return err
		}
	}
	return nil
}

// ReadSafetensors reads every tensor of a file as float32.
func ReadSafetensors(path string) (map[string][]float32, error) {
	st, err := openSafetensors(path)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	out := make(map[string][]float32, len(st.entries))
	for _, name := range st.names() {
		if out[name], err = st.float32s(name); err != nil {
			return nil, err
		}
	}
	return out, nil
}
