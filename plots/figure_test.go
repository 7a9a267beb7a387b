package plots

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// textChunks reads a PNG's tEXt and iTXt chunks and checks every chunk's sum.
func textChunks(t *testing.T, data []byte) map[string]string {
	t.Helper()
	out := map[string]string{}
	for at := 8; at < len(data); {
		n := int(binary.BigEndian.Uint32(data[at:]))
		kind, body := string(data[at+4:at+8]), data[at+8:at+8+n]
		require.Equal(t, crc32.ChecksumIEEE(data[at+4:at+8+n]), binary.BigEndian.Uint32(data[at+8+n:]), kind)
		switch kind {
		case "tEXt":
			k, v, _ := bytes.Cut(body, []byte{0})
			out[string(k)] = string(v)
		case "iTXt":
			k, v, _ := bytes.Cut(body, []byte{0})
			out[string(k)] = string(v[4:])
		}
		at += 12 + n
	}
	return out
}

func TestMetadata(t *testing.T) {
	meta := map[string]string{"profile": "demo", "note": "κ* = 7.7 & more </metadata>"}
	fig, err := barFigure(someBars(), Options{Title: "‖V‖_{F} after training", Metadata: meta})
	require.NoError(t, err)

	data, err := fig.PNG()
	require.NoError(t, err)
	chunks := textChunks(t, data)
	require.Equal(t, "demo", chunks["profile"])
	require.Equal(t, meta["note"], chunks["note"])
	require.Equal(t, "‖V‖_F after training", chunks["Title"])
	require.Equal(t, fig.Alt(), chunks["Description"])
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, 1210, img.Bounds().Dx())

	svg, err := fig.SVG()
	require.NoError(t, err)
	require.NotEmpty(t, texts(t, fig)) // well formed
	require.Contains(t, string(svg), "<metadata>")
	require.NotContains(t, string(svg), "more </metadata>")
}

// A figure is a pure function of its input: equal bytes on every call.
func TestDeterministic(t *testing.T) {
	for name, draw := range figures {
		a, err := draw(Options{Title: name, Footer: footer, Metadata: map[string]string{"b": "1", "a": "2"}})
		require.NoError(t, err)
		b, err := draw(Options{Title: name, Footer: footer, Metadata: map[string]string{"a": "2", "b": "1"}})
		require.NoError(t, err)
		one, err := a.SVG()
		require.NoError(t, err)
		two, err := b.SVG()
		require.NoError(t, err)
		again, err := a.SVG()
		require.NoError(t, err)
		require.Equal(t, one, two, name)
		require.Equal(t, one, again, name)
	}
}

func TestPDF(t *testing.T) {
	for name, draw := range figures {
		fig, err := draw(Options{Title: "‖V‖ and φ", Footer: footer})
		require.NoError(t, err)
		data, err := fig.PDF()
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(data, []byte("%PDF-")), name)
		require.True(t, bytes.HasSuffix(bytes.TrimSpace(data), []byte("%%EOF")), name)
	}
}

func TestSave(t *testing.T) {
	fig, err := barFigure(someBars(), Options{})
	require.NoError(t, err)
	base := filepath.Join(t.TempDir(), "new", "figure1")
	require.NoError(t, fig.Save(base))
	entries, err := os.ReadDir(filepath.Dir(base))
	require.NoError(t, err)
	require.Len(t, entries, 2, "no temporary file stays behind")
	require.FileExists(t, base+".png")
	require.FileExists(t, base+".svg")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	err = fig.Save(filepath.Join(file, "figure1"))
	require.ErrorContains(t, err, "cannot make the folder")
	require.NotContains(t, err.Error(), "\n")
}

func TestSizeFollowsWidth(t *testing.T) {
	fig, err := barFigure(someBars(), Options{Width: 8 * vg.Inch, Footer: strings.Repeat("a long footer ", 40)})
	require.NoError(t, err)
	w, h := fig.Size()
	require.Equal(t, 8*vg.Inch, w)
	short, err := barFigure(someBars(), Options{Width: 8 * vg.Inch})
	require.NoError(t, err)
	_, h0 := short.Size()
	require.Greater(t, h, h0, "the footer wraps into more lines")
}

func TestWrap(t *testing.T) {
	fnt := sans(footerSize, false)
	width := vg.Length(100)
	for _, txt := range []string{footer, strings.Repeat("x", 300), "a " + strings.Repeat("ü", 200) + " b", "", "one\ntwo"} {
		lines := wrap(txt, fnt, width)
		for _, line := range lines {
			require.LessOrEqual(t, float64(handler.width(line, fnt)), float64(width), line)
		}
		strip := func(s string) string { return strings.Join(strings.Fields(s), "") }
		require.Equal(t, strip(txt), strip(strings.Join(lines, "")), "nothing is lost")
	}
	require.Equal(t, []string{"one", "two"}, wrap("one\ntwo", fnt, width))
}

func TestTicks(t *testing.T) {
	labels := func(ticks []plot.Tick) (out []string) {
		for _, tick := range ticks {
			if tick.Label != "" {
				out = append(out, tick.Label)
			}
		}
		return out
	}
	require.Equal(t, []string{"0", "2", "4", "6", "8", "10"}, labels(linearTicks{5, true}.Ticks(-0.3, 10.3)))
	require.Equal(t, []string{"0", "1"}, labels(linearTicks{5, true}.Ticks(0, 1)))
	require.Equal(t, []string{"0.78", "0.79", "0.80", "0.81", "0.82"}, labels(linearTicks{5, false}.Ticks(0.78, 0.82)))
	require.Equal(t, []string{"−1", "0", "1"}, labels(linearTicks{3, false}.Ticks(-1.2, 1.2)))
	require.Equal(t, []string{"1·10^{6}", "2·10^{6}"}, labels(linearTicks{3, false}.Ticks(5e5, 2.4e6)))
	require.Equal(t, []string{"0.1", "1", "10", "100"}, labels(logTicks{5}.Ticks(0.09, 110)))
	require.Equal(t, []string{"10^{-8}", "10^{-6}", "10^{-4}", "10^{-2}", "10^{0}"}, labels(logTicks{5}.Ticks(1e-8, 1)))
	require.Equal(t, []string{"20", "50"}, labels(logTicks{5}.Ticks(15, 60)), "no decade inside: halves and fifths")
	require.Equal(t, "2.26·10^{-4}", shortNumber(2.26e-4))
	require.Equal(t, []string{"0.776", "24.8", "132", "0"}, []string{shortNumber(0.7762), shortNumber(24.82), shortNumber(132.4), shortNumber(0)})
}

// Labels of a narrow range around a larger number differ from each other.
func TestTickLabelsOfANarrowRangeDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, tick := range (linearTicks{about: 4}).Ticks(0.17921, 0.17929) {
		require.NotContains(t, seen, tick.Label)
		require.NotContains(t, tick.Label, "10^")
		seen[tick.Label] = true
	}
	require.Greater(t, len(seen), 2)
}

// A curve that does not move keeps its axis near its value, and a colour bar says two values at least.
func TestRangesThatSayLittle(t *testing.T) {
	flat := span{0.2, 0.2}.padded(0.05, false)
	require.InDelta(t, 0.18, flat.lo, 1e-12)
	require.InDelta(t, 0.22, flat.hi, 1e-12)
	require.Equal(t, span{-0.5, 0.5}, span{0, 0}.padded(0.05, false))
	for _, s := range []span{{3.4, 19.2}, {0.0006, 0.0041}, {71, 98}, {-3, 8}, {0.99, 2.01}} {
		require.GreaterOrEqual(t, len(colorBar{s}.ticks()), 2, "%v", s)
	}
}
