package kept

import (
	"bufio"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
)

// Values are written in the order of their types' fields, with lengths before what has one, and read into the same type. (JSON has
// no NaN, and gob takes a pointer to 0 for none.)

var (
	marshaler   = reflect.TypeFor[encoding.BinaryMarshaler]()
	unmarshaler = reflect.TypeFor[encoding.BinaryUnmarshaler]()
)

// itself says whether values of a type write and read themselves.
func itself(t reflect.Type) bool {
	return t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(marshaler) && reflect.PointerTo(t).Implements(unmarshaler)
}

// keepable refuses types whose values cannot come back as they were, naming the part.
func keepable(t reflect.Type, part string, seen []reflect.Type) error {
	if slices.Contains(seen, t) || itself(t) {
		return nil
	}
	seen = append(seen, t)
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Errorf("%s is a %s, which cannot leave its cell", part, t.Kind())
	case reflect.Interface:
		return fmt.Errorf("%s is an interface: keep a value of a type of its own", part)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return keepable(t.Elem(), "what "+part+" holds", seen)
	case reflect.Map:
		if err := keepable(t.Key(), "a key of "+part, seen); err != nil {
			return err
		}
		return keepable(t.Elem(), "what "+part+" holds", seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() {
				return fmt.Errorf("%s has the field %s, which only its own package can read: keep what is needed of it", part, f.Name)
			}
			if err := keepable(f.Type, part+"."+f.Name, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

// write writes a value of a type that is keepable.
func write(w *bufio.Writer, v reflect.Value) error {
	t := v.Type()
	if itself(t) {
		return writeItself(w, v)
	}
	switch t.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return number(w, 1)
		}
		return number(w, 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return number(w, uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return number(w, v.Uint())
	case reflect.Float32, reflect.Float64:
		return number(w, math.Float64bits(v.Float()))
	case reflect.Complex64, reflect.Complex128:
		c := v.Complex()
		return errors.Join(number(w, math.Float64bits(real(c))), number(w, math.Float64bits(imag(c))))
	case reflect.String:
		return text(w, []byte(v.String()))
	case reflect.Pointer:
		if v.IsNil() {
			return number(w, 0)
		}
		return errors.Join(number(w, 1), write(w, v.Elem()))
	case reflect.Slice:
		if v.IsNil() {
			return number(w, 0)
		}
		return errors.Join(number(w, uint64(v.Len())+1), elements(w, v))
	case reflect.Array:
		return elements(w, v)
	case reflect.Map:
		return writeMap(w, v)
	case reflect.Struct:
		for i := range v.NumField() {
			if err := write(w, v.Field(i)); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("a %s cannot be kept", t)
}

func writeItself(w *bufio.Writer, v reflect.Value) error {
	if !v.CanAddr() {
		copied := reflect.New(v.Type()).Elem()
		copied.Set(v)
		v = copied
	}
	data, err := v.Addr().Interface().(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return err
	}
	return text(w, data)
}

func writeMap(w *bufio.Writer, v reflect.Value) error {
	if v.IsNil() {
		return number(w, 0)
	}
	if err := number(w, uint64(v.Len())+1); err != nil {
		return err
	}
	for it := v.MapRange(); it.Next(); {
		if err := errors.Join(write(w, it.Key()), write(w, it.Value())); err != nil {
			return err
		}
	}
	return nil
}

func elements(w *bufio.Writer, v reflect.Value) error {
	for i := range v.Len() {
		if err := write(w, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func number(w *bufio.Writer, n uint64) error {
	_, err := w.Write(binary.LittleEndian.AppendUint64(w.AvailableBuffer(), n))
	return err
}

func text(w *bufio.Writer, data []byte) error {
	if err := number(w, uint64(len(data))); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

// read reads what write wrote of a value of the same type.
func read(r *bufio.Reader, v reflect.Value) error {
	t := v.Type()
	if itself(t) {
		data, err := readText(r)
		if err != nil {
			return err
		}
		return v.Addr().Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary(data)
	}
	switch t.Kind() {
	case reflect.String:
		data, err := readText(r)
		v.SetString(string(data))
		return err
	case reflect.Array:
		return readElements(r, v)
	case reflect.Struct:
		for i := range v.NumField() {
			if err := read(r, v.Field(i)); err != nil {
				return err
			}
		}
		return nil
	}
	n, err := readNumber(r)
	if err != nil {
		return err
	}
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(n != 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(n))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(n)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(math.Float64frombits(n))
	case reflect.Complex64, reflect.Complex128:
		imaginary, err := readNumber(r)
		v.SetComplex(complex(math.Float64frombits(n), math.Float64frombits(imaginary)))
		return err
	case reflect.Pointer:
		if n == 0 {
			return nil
		}
		v.Set(reflect.New(t.Elem()))
		return read(r, v.Elem())
	case reflect.Slice:
		return readSlice(r, v, n)
	case reflect.Map:
		return readMap(r, v, n)
	default:
		return fmt.Errorf("a %s cannot be kept", t)
	}
	return nil
}

func readSlice(r *bufio.Reader, v reflect.Value, n uint64) error {
	if n == 0 {
		return nil
	}
	if n > Most {
		return fmt.Errorf("a slice of %d elements", n-1)
	}
	v.Set(reflect.MakeSlice(v.Type(), int(n-1), int(n-1)))
	return readElements(r, v)
}

func readMap(r *bufio.Reader, v reflect.Value, n uint64) error {
	if n == 0 {
		return nil
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range n - 1 {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if err := errors.Join(read(r, key), read(r, value)); err != nil {
			return err
		}
		v.SetMapIndex(key, value)
	}
	return nil
}

func readElements(r *bufio.Reader, v reflect.Value) error {
	for i := range v.Len() {
		if err := read(r, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func readNumber(r *bufio.Reader) (uint64, error) {
	var b [8]byte
	_, err := io.ReadFull(r, b[:])
	return binary.LittleEndian.Uint64(b[:]), err
}

func readText(r *bufio.Reader) ([]byte, error) {
	n, err := readNumber(r)
	if err != nil {
		return nil, err
	}
	if n > Most {
		return nil, fmt.Errorf("a text of %d bytes", n)
	}
	data := make([]byte, n)
	_, err = io.ReadFull(r, data)
	return data, err
}
