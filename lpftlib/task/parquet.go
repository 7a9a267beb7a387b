package task

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"lpft/internal/plainfile"
)

const parquetMagic = "PAR1" // at both ends of a file

// readParquet reads the rows of a parquet file. Nested columns get a dot in their name.
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
	f, err := plainfile.Open(path, plainfile.Table)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := checkParquet(f, info.Size()); err != nil {
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
	pf, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return fmt.Errorf("damaged parquet file: %w", err)
	}
	if err := checkPages(f, info.Size(), pf.Metadata().RowGroups); err != nil {
		return err
	}
	columns := parquetColumns(pf)
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	row := 0
	buffer := make([]parquet.Row, 64)
	for _, group := range pf.RowGroups() {
		if group.NumRows() == 0 { // the library cannot seek in one
			continue
		}
		rows := group.Rows()
		for {
			n, err := rows.ReadRows(buffer)
			for _, values := range buffer[:n] {
				r := record{file: path, line: row + 1, row: row, names: names, values: make([]cell, len(columns))}
				for _, v := range values {
					r.values[v.Column()] = columns[v.Column()].cell(v)
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
				return fmt.Errorf("row %d: %w", row+1, err)
			}
		}
		if err := rows.Close(); err != nil {
			return err
		}
	}
	return nil
}

// checkParquet looks at both ends of a file before the library does: it would make room for a footer of any size.
func checkParquet(f io.ReaderAt, size int64) error {
	head := make([]byte, min(size, 512))
	if _, err := f.ReadAt(head, 0); err != nil {
		return err
	}
	if len(head) < 12 || string(head[:4]) != parquetMagic {
		if what := foreign(head); what != "" {
			return fmt.Errorf("not a parquet file but %s", what)
		}
		return errors.New("not a parquet file: it does not begin with PAR1")
	}
	var end [8]byte
	if _, err := f.ReadAt(end[:], size-8); err != nil {
		return err
	}
	if string(end[4:]) != parquetMagic {
		return errors.New("torn parquet file: it does not end with PAR1; fetch it again")
	}
	footer := int64(binary.LittleEndian.Uint32(end[:]))
	if footer > size-12 {
		return fmt.Errorf("damaged parquet file: a footer of %d bytes in a file of %d; fetch it again", footer, size)
	}
	return checkFooter(f, size-8-footer, footer)
}
