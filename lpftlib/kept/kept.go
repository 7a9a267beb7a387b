// Package kept hands values from one cell of a notebook to the next. A cell is a process of its own, so that a value that is to
// outlive it is written to a file, in a folder that ends with the notebook's kernel.
//
//	box, err := kept.Open()
//	err = box.Put("phi", phi)                     // *mat.Dense
//	phi, err := kept.Get[*mat.Dense](box, "phi")  // in a later cell; another type is an error
//
// Numbers, strings, slices, maps, pointers and structs of them are written as they are, and so is whatever has MarshalBinary and
// UnmarshalBinary, as matrices have.
package kept

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"

	"lpft/internal/cellenv"
	"lpft/lpftlib/atomicfile"
)

// Box is a kernel's folder of values.
type Box struct{ Dir string }

// Var describes a value that is kept.
type Var struct {
	Name  string
	Type  string // as Go names it
	Shape []int  // of matrices, slices, maps; nil: a single value
	Bytes int64
	Kept  time.Time // when
}

// ShapeText is the shape as "[3, 4]"; "" of a single value.
func (v Var) ShapeText() string {
	if v.Shape == nil {
		return ""
	}
	return "[" + strings.Trim(strings.ReplaceAll(fmt.Sprint(v.Shape), " ", ", "), "[]") + "]"
}

// Open finds the kernel's folder.
func Open() (Box, error) {
	dir := os.Getenv(cellenv.Kept)
	if dir == "" {
		return Box{}, errors.New("values are kept for each other by the cells of a notebook, and no kernel \"Go (lpft)\" runs this program")
	}
	return Box{dir}, nil
}

// Most is how many bytes a notebook may keep.
const Most = 4 << 30

const ending = ".kept"

func (b Box) file(name string) string { return filepath.Join(b.Dir, url.PathEscape(name)+ending) }

// Put keeps a value under a name, in the place of one that was kept under it. nil removes that.
func (b Box) Put(name string, value any) error {
	if name == "" {
		return errors.New("a value is kept under a name: expected one")
	}
	if value == nil {
		err := os.Remove(b.file(name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	v := reflect.ValueOf(value)
	if err := keepable(v.Type(), v.Type().String(), nil); err != nil {
		return fmt.Errorf("keep %q: %w", name, err)
	}
	if err := os.MkdirAll(b.Dir, 0o700); err != nil {
		return fmt.Errorf("keep %q: %w", name, err)
	}
	room, err := b.room(name)
	if err != nil {
		return err
	}
	about := Var{Name: name, Type: v.Type().String(), Shape: shapeOf(value)}
	err = atomicfile.Write(b.file(name), func(w io.Writer) error {
		buffered := bufio.NewWriterSize(&bounded{w, room}, 1<<20)
		if err := write(buffered, reflect.ValueOf(about)); err != nil {
			return err
		}
		if err := write(buffered, v); err != nil {
			return err
		}
		return buffered.Flush()
	})
	if err != nil {
		return fmt.Errorf("keep %q: %w", name, err)
	}
	return nil
}

// room is how many bytes a value of this name may have.
func (b Box) room(name string) (int64, error) {
	all, err := b.List()
	if err != nil {
		return 0, err
	}
	room := int64(Most)
	for _, v := range all {
		if v.Name != name {
			room -= v.Bytes
		}
	}
	return room, nil
}

// bounded refuses to write more than there is room for.
type bounded struct {
	w    io.Writer
	room int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.room -= int64(len(p)); b.room < 0 {
		return 0, fmt.Errorf("a notebook keeps at most %d GiB: keep less, or remove a value by keeping nil under its name", Most>>30)
	}
	return b.w.Write(p)
}

// Get reads a value that an earlier cell has kept.
func Get[T any](b Box, name string) (value T, err error) {
	f, err := os.Open(b.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return value, b.missing(name)
	}
	if err != nil {
		return value, err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	var about Var
	if err := read(r, reflect.ValueOf(&about).Elem()); err != nil {
		return value, fmt.Errorf("kept %q: %w", name, err)
	}
	if want := reflect.TypeFor[T]().String(); about.Type != want {
		return value, fmt.Errorf("kept %q is a %s, and this cell asks for a %s", name, about.Type, want)
	}
	if err := read(r, reflect.ValueOf(&value).Elem()); err != nil {
		return value, fmt.Errorf("kept %q: %w; has its type changed since?", name, err)
	}
	return value, nil
}

// missing says which names there are.
func (b Box) missing(name string) error {
	all, err := b.List()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("nothing is kept under %q, nor under any other name: run the cell that keeps it", name)
	}
	var names []string
	for _, v := range all {
		names = append(names, v.Name)
	}
	return fmt.Errorf("nothing is kept under %q: there are %s", name, strings.Join(names, ", "))
}

// List describes what is kept, by name.
func (b Box) List() ([]Var, error) {
	files, err := filepath.Glob(filepath.Join(b.Dir, "*"+ending))
	if err != nil {
		return nil, err
	}
	var all []Var
	for _, file := range files {
		v, err := describe(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b Var) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func describe(file string) (v Var, err error) {
	f, err := os.Open(file)
	if err != nil {
		return v, err
	}
	defer f.Close()
	if err := read(bufio.NewReader(f), reflect.ValueOf(&v).Elem()); err != nil {
		return v, err
	}
	info, err := f.Stat()
	if err == nil {
		v.Bytes, v.Kept = info.Size(), info.ModTime()
	}
	return v, err
}

// shapeOf is what a table of values shows of one's size.
func shapeOf(value any) []int {
	if m, ok := value.(mat.Matrix); ok {
		rows, columns := m.Dims()
		return []int{rows, columns}
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map, reflect.String:
		return []int{v.Len()}
	}
	return nil
}
