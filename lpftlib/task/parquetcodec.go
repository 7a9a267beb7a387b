package task

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	layout "github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// checkCompressed refuses a page whose compressed bytes, at a byte of the file, do not come to what its header claims.
// The library makes room for what Snappy's and Zstandard's own headers say, and doubles LZ4's until memory ends where
// its bytes are damaged.
func checkCompressed(f io.ReaderAt, at int64, codec layout.CompressionCodec, header layout.PageHeader) error {
	if codec != layout.Lz4Raw && codec != layout.Snappy && codec != layout.Zstd {
		return nil
	}
	size := int64(header.CompressedPageSize)
	if v2 := header.DataPageHeaderV2; v2.Valid { // its levels come first, and are not compressed
		if v2.V.IsCompressed.Valid && !v2.V.IsCompressed.V {
			return nil
		}
		levels := int64(v2.V.RepetitionLevelsByteLength) + int64(v2.V.DefinitionLevelsByteLength)
		if levels < 0 || levels > size {
			return fmt.Errorf("%d bytes of levels in a page of %d", levels, size)
		}
		at, size = at+levels, size-levels
	}
	if codec != layout.Lz4Raw {
		size = min(size, zstd.HeaderMaxSize)
	}
	page := make([]byte, size)
	if _, err := f.ReadAt(page, at); err != nil {
		return err
	}
	if claim := header.UncompressedPageSize; !comesTo(codec, page, int(claim)) {
		return fmt.Errorf("its %d compressed bytes do not come to the %d that it claims", header.CompressedPageSize, claim)
	}
	return nil
}

// comesTo says whether a page's bytes, or what they begin with, ask for no more room than is claimed. What cannot be
// read is left to the library, but for LZ4.
func comesTo(codec layout.CompressionCodec, page []byte, claim int) bool {
	switch codec {
	case layout.Snappy:
		n, _ := binary.Uvarint(page)
		return n <= uint64(claim)
	case layout.Zstd:
		var frame zstd.Header
		return frame.Decode(page) != nil || !frame.HasFCS || frame.FrameContentSize <= uint64(claim)
	}
	_, err := lz4.UncompressBlock(page, make([]byte, claim))
	return err == nil
}
