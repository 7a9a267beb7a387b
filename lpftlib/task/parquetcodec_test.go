package task

import (
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	layout "github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
)

// A page is taken at its word only where its compressed bytes ask for no more.
func TestCompressedPages(t *testing.T) {
	text := make([]byte, 5000)
	block := make([]byte, lz4.CompressBlockBound(len(text)))
	n, err := lz4.CompressBlock(text, block, nil)
	require.NoError(t, err)
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	for codec, page := range map[layout.CompressionCodec][]byte{
		layout.Lz4Raw: block[:n], layout.Snappy: snappy.Encode(nil, text), layout.Zstd: encoder.EncodeAll(text, nil),
	} {
		require.True(t, comesTo(codec, page, 5000), codec)
		require.False(t, comesTo(codec, page, 4999), codec)
	}
	require.False(t, comesTo(layout.Lz4Raw, []byte("any bytes"), 1000))
	require.False(t, comesTo(layout.Snappy, []byte{0xff, 0xff, 0xff, 0xff, 0x0f}, 1000))
	require.True(t, comesTo(layout.Zstd, []byte("any bytes"), 1000), "the library's decoder says what is wrong")
}
