package task

import (
	"bytes"
	"fmt"
	"strings"
)

// foreign says what a file is by its first bytes, and what to do with it, where it is no table of the formats
// that are read; "" where nothing speaks against it. Parquet files begin with PAR1.
func foreign(head []byte) string {
	for _, known := range []struct{ magic, what string }{
		{"version https://git-lfs.github.com/", "a git-lfs pointer, not the file itself: run git lfs pull"},
		{"\xff\xfe\x00\x00", utf32}, {"\x00\x00\xfe\xff", utf32},
		{"\xff\xfe", utf16le}, {"\xfe\xff", utf16be},
		{"\x1f\x8b", "compressed with gzip: unpack it with gunzip"},
		{"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it with zstd -d"},
		{"BZh", "compressed with bzip2: unpack it with bunzip2"},
		{"\xfd7zXZ", "compressed with xz: unpack it with unxz"},
		{"PK\x03\x04", "a zip archive or an Excel workbook: unpack it, or save the sheet as CSV"},
		{"ARROW1", "an Arrow file: save it with datasets' to_parquet"},
	} {
		if bytes.HasPrefix(head, []byte(known.magic)) {
			return known.what
		}
	}
	start := strings.ToLower(string(bytes.TrimSpace(head[:min(len(head), 64)])))
	switch {
	case strings.HasPrefix(start, "<!doctype html"), strings.HasPrefix(start, "<html"), strings.HasPrefix(start, "<?xml"):
		return "a web page or an XML answer, not a table: the download failed, fetch the file again"
	case zeros(head, 1):
		return utf16le
	case zeros(head, 0):
		return utf16be
	}
	return ""
}

const (
	utf16le = "UTF-16, expected UTF-8: convert it, for example with iconv -f UTF-16LE -t UTF-8"
	utf16be = "UTF-16, expected UTF-8: convert it, for example with iconv -f UTF-16BE -t UTF-8"
	utf32   = "UTF-32, expected UTF-8: convert it, for example with iconv -f UTF-32 -t UTF-8"
)

// zeros tells that the bytes first, first+2, … of the head are zero and the others are not: Latin letters in
// UTF-16 without a byte order mark.
func zeros(head []byte, first int) bool {
	head = head[:min(len(head), 64)]
	if len(head) < 4 {
		return false
	}
	for i, b := range head {
		if (b == 0) != (i%2 == first) {
			return false
		}
	}
	return true
}

// notText refuses what no text reader should be given.
func notText(path string, data []byte) error {
	what := foreign(data[:min(len(data), 512)])
	if bytes.HasPrefix(data, []byte(parquetMagic)) {
		what = "a parquet file: name it .parquet, or say \"format\": \"parquet\""
	}
	if what == "" {
		return nil
	}
	return fmt.Errorf("%s: the file is %s", path, what)
}
