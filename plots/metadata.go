package plots

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"sort"
	"strings"
)

// pngHead is the length of a PNG's signature (8 bytes) and its first chunk, IHDR (25 bytes).
const pngHead = 8 + 25

// allMetadata adds title and description, under the names the PNG standard reserves for them.
func (f *Figure) allMetadata() map[string]string {
	all := map[string]string{"Description": f.alt, "Software": "lpft/plots"}
	if f.title != "" {
		all["Title"] = plainText(f.title)
	}
	for k, v := range f.metadata {
		all[k] = v
	}
	return all
}

// checkKeyword applies the PNG standard's rule for keywords.
func checkKeyword(k string) error {
	ok := len(k) >= 1 && len(k) <= 79 && strings.TrimSpace(k) == k
	for i := 0; i < len(k); i++ {
		ok = ok && k[i] >= 32 && k[i] <= 126
	}
	if !ok {
		return fmt.Errorf("plots: metadata key %q: expected 1 to 79 printable ASCII characters without space at the ends", k)
	}
	return nil
}

// addTextChunks puts the pairs into a PNG, sorted by key: tEXt where the value is ASCII, iTXt (UTF-8) elsewhere.
func addTextChunks(png []byte, pairs map[string]string) ([]byte, error) {
	if len(png) < pngHead {
		return nil, fmt.Errorf("plots: PNG of %d bytes: expected at least %d", len(png), pngHead)
	}
	keys := make([]string, 0, len(pairs))
	for k := range pairs {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	out := append([]byte{}, png[:pngHead]...)
	for _, k := range keys {
		out = append(out, textChunk(k, pairs[k])...)
	}
	return append(out, png[pngHead:]...), nil
}

func textChunk(key, value string) []byte {
	for i := 0; i < len(value); i++ {
		if value[i] > 126 {
			// keyword, no compression (flag, method), no language, no translated keyword
			return chunk("iTXt", key+"\x00\x00\x00\x00\x00"+value)
		}
	}
	return chunk("tEXt", key+"\x00"+value)
}

func chunk(kind, data string) []byte {
	var b bytes.Buffer
	binary.Write(&b, binary.BigEndian, uint32(len(data)))
	b.WriteString(kind)
	b.WriteString(data)
	binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE([]byte(kind+data)))
	return b.Bytes()
}

// addSVGMetadata puts title, description and metadata right behind the svg tag, and names fonts to fall
// back on where Liberation Sans is not installed (Arial has the same widths).
func addSVGMetadata(svg []byte, title, alt string, pairs map[string]string) ([]byte, error) {
	start := bytes.Index(svg, []byte("<svg"))
	end := -1
	if start >= 0 {
		end = bytes.IndexByte(svg[start:], '>')
	}
	if end < 0 {
		return nil, fmt.Errorf("plots: the SVG holds no <svg> tag")
	}
	end += start + 1
	data, err := json.Marshal(pairs)
	if err != nil {
		return nil, fmt.Errorf("plots: encoding metadata: %w", err)
	}
	var b bytes.Buffer
	b.Write(svg[:end])
	element(&b, "title", plainText(title))
	element(&b, "desc", alt)
	if len(pairs) > 0 {
		element(&b, "metadata", string(data))
	}
	b.Write(bytes.ReplaceAll(svg[end:], []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")))
	return b.Bytes(), nil
}

func element(b *bytes.Buffer, name, content string) {
	if content == "" {
		return
	}
	fmt.Fprintf(b, "\n<%s>", name)
	xml.EscapeText(b, []byte(content)) // a bytes.Buffer never fails
	fmt.Fprintf(b, "</%s>", name)
}
