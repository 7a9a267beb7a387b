package task

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// readParquet reads the rows of a parquet file. Nested columns get a dot in
// their name; of a list only the first element is kept. A null is "".
func readParquet(path string) records {
	return func(yield func(record, error) bool) {
		stopped := false
		err := eachParquetRow(path, func(r record) bool {
			stopped = !yield(r, nil)
			return !stopped
		})
		if err != nil && !stopped {
			yield(record{}, fmt.Errorf("%s: %w", path, err))
		}
	}
}

func eachParquetRow(path string, do func(record) bool) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	// The library panics on some damaged files.
	reading := true
	defer func() {
		if p := recover(); p != nil {
			if !reading {
				panic(p)
			}
			err = fmt.Errorf("damaged parquet file: %v", p)
		}
	}()
	pf, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		return fmt.Errorf("not a parquet file: %w", err)
	}
	var names []string
	for _, column := range pf.Schema().Columns() {
		names = append(names, strings.Join(column, "."))
	}
	row := 0
	buffer := make([]parquet.Row, 64)
	for _, group := range pf.RowGroups() {
		rows := group.Rows()
		for {
			n, err := rows.ReadRows(buffer)
			for _, values := range buffer[:n] {
				r := record{file: path, line: row + 1, row: row, names: names, values: make([]string, len(names))}
				for i := len(values) - 1; i >= 0; i-- { // backwards: the first of a list stays
					r.values[values[i].Column()] = parquetText(values[i])
				}
				reading = false
				more := do(r)
				reading = true
				if !more {
					return rows.Close()
				}
				row++
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				rows.Close()
				return fmt.Errorf("row %d: %w", row, err)
			}
		}
		if err := rows.Close(); err != nil {
			return err
		}
	}
	return nil
}

// parquetText is a value as text.
func parquetText(v parquet.Value) string {
	if v.IsNull() {
		return ""
	}
	switch v.Kind() {
	case parquet.Boolean:
		return truth(v.Boolean())
	case parquet.Int32, parquet.Int64:
		return strconv.FormatInt(v.Int64(), 10)
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return string(v.ByteArray())
	}
	return v.String()
}
