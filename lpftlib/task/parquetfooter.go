package task

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
)

// maxFooter is the most that a footer may have, in bytes: that of a table of thousands of columns in thousands of groups.
const maxFooter = 64 << 20

// checkFooter goes through a footer before the library does, which makes room for as many elements as a list claims to
// have, and follows it to any depth.
func checkFooter(f io.ReaderAt, from, size int64) error {
	if size > maxFooter {
		return fmt.Errorf("damaged parquet file: a footer of %d bytes: expected at most %d", size, maxFooter)
	}
	data := make([]byte, size)
	if _, err := f.ReadAt(data, from); err != nil {
		return err
	}
	if err := skim(data); err != nil {
		return fmt.Errorf("damaged parquet file: the footer: %w; fetch it again", err)
	}
	return nil
}

// footerDepth is how deep structures may lie in each other; the format's own lie six deep.
const footerDepth = 32

// skim goes through a structure in Thrift's compact protocol without keeping anything of it.
func skim(data []byte) error {
	reader := new(thrift.CompactProtocol).NewReaderFromBytes(data)
	return skimStruct(reader, footerDepth)
}

func skimStruct(r thrift.Reader, depth int) error {
	for {
		field, err := r.ReadField()
		if err != nil {
			return err
		}
		switch field.Type {
		case thrift.STOP:
			return nil
		case thrift.TRUE, thrift.FALSE: // the type is the value
			continue
		}
		if err := skimValue(r, field.Type, depth-1); err != nil {
			return err
		}
	}
}

// skimValue goes through one value. Each takes a byte at least, so that what claims more than there is ends with the data.
func skimValue(r thrift.Reader, t thrift.Type, depth int) error {
	if depth == 0 {
		return errors.New("its structures lie too deep in each other")
	}
	var err error
	switch t {
	case thrift.TRUE, thrift.FALSE:
		_, err = r.ReadBool()
	case thrift.I8:
		_, err = r.ReadInt8()
	case thrift.I16:
		_, err = r.ReadInt16()
	case thrift.I32:
		_, err = r.ReadInt32()
	case thrift.I64:
		_, err = r.ReadInt64()
	case thrift.DOUBLE:
		_, err = r.ReadFloat64()
	case thrift.BINARY:
		_, err = r.ReadBytes() // of the data: nothing is copied
	case thrift.LIST, thrift.SET:
		err = skimList(r, depth)
	case thrift.STRUCT:
		err = skimStruct(r, depth)
	default:
		err = fmt.Errorf("a value of type %v, which the format has not", t)
	}
	return err
}

func skimList(r thrift.Reader, depth int) error {
	list, err := r.ReadList() // a set is written alike
	if err != nil {
		return err
	}
	for range list.Size {
		if err := skimValue(r, list.Type, depth-1); err != nil {
			return err
		}
	}
	return nil
}
