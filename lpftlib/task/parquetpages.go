package task

import (
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	layout "github.com/parquet-go/parquet-go/format"
)

// The library makes room for what a page claims to hold. A file may claim so much for each of its bytes, far above
// what repeated texts come to, and a little more for small files.
const (
	claimPerByte = 1000
	claimAtLeast = 64 << 20
)

// checkPages goes through the headers of a file's pages and refuses claims that the file's size does not bear out.
func checkPages(f io.ReaderAt, size int64, groups []layout.RowGroup) error {
	limit := claimAtLeast + claimPerByte*size
	for _, group := range groups {
		for _, column := range group.Columns {
			c := column.MetaData
			at, values, bytes := c.DataPageOffset, int64(0), int64(0)
			if 0 < c.DictionaryPageOffset && c.DictionaryPageOffset < at {
				at = c.DictionaryPageOffset
			}
			if at < 0 || c.TotalCompressedSize < 0 || c.TotalCompressedSize > size-at {
				return fmt.Errorf("damaged parquet file: a column of %d bytes at byte %d of %d", c.TotalCompressedSize, at, size)
			}
			for end := at + c.TotalCompressedSize; at < end && values < c.NumValues; {
				header, length, err := pageHeader(f, at, end)
				if err != nil {
					return fmt.Errorf("damaged parquet file: the page at byte %d: %w", at, err)
				}
				start := at + length
				at = start + int64(header.CompressedPageSize)
				values += int64(header.DataPageHeader.V.NumValues) + int64(header.DataPageHeaderV2.V.NumValues)
				bytes += int64(header.UncompressedPageSize)
				if header.CompressedPageSize < 0 || at > end || header.UncompressedPageSize < 0 || max(bytes, values) > limit {
					return fmt.Errorf("damaged parquet file: pages of %d values and %d bytes in a file of %d", values, bytes, size)
				}
				if err := checkCompressed(f, start, c.Codec, header); err != nil {
					return fmt.Errorf("damaged parquet file: the page at byte %d: %w", start-length, err)
				}
			}
		}
	}
	return nil
}

// pageHeader reads the header at a byte and says how long it is. It may hold the smallest and largest text of its page.
func pageHeader(f io.ReaderAt, at, end int64) (layout.PageHeader, int64, error) {
	for window := int64(4096); ; window *= 16 {
		window = min(window, end-at)
		head := make([]byte, window)
		if _, err := f.ReadAt(head, at); err != nil {
			return layout.PageHeader{}, 0, err
		}
		reader := new(thrift.CompactProtocol).NewReaderFromBytes(head)
		var header layout.PageHeader
		err := skim(head)
		if err == nil {
			err = thrift.NewDecoder(reader).Decode(&header)
		}
		if err == nil || window == end-at {
			return header, int64(reader.BytesRead()), err
		}
	}
}
