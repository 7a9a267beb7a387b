package plots

import (
	"image/color"
	"regexp"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// markup measures and draws text in which "_{…}" is a subscript and "^{…}" a superscript.
type markup struct{ fonts *font.Cache }

// handler uses the fonts embedded in gonum/plot.
var handler = markup{plot.DefaultTextHandler.Cache()}

var script = regexp.MustCompile(`([_^])\{([^{}]*)\}`)

// segment is a run of text at one size and height.
type segment struct {
	text  string
	size  float64 // share of the font size
	shift float64 // baseline shift in font sizes
}

func segments(txt string) []segment {
	var out []segment
	last := 0
	for _, m := range script.FindAllStringSubmatchIndex(txt, -1) {
		if m[0] > last {
			out = append(out, segment{txt[last:m[0]], 1, 0})
		}
		shift := -0.18
		if txt[m[2]] == '^' {
			shift = 0.36
		}
		out = append(out, segment{strings.ReplaceAll(txt[m[4]:m[5]], "-", "−"), 0.72, shift})
		last = m[1]
	}
	if last < len(txt) {
		out = append(out, segment{txt[last:], 1, 0})
	}
	return out
}

// plainText is txt for where nothing can be raised or lowered: "‖V‖_F", "10^-3".
func plainText(txt string) string { return script.ReplaceAllString(txt, "$1$2") }

func (h markup) face(fnt font.Font, share float64) font.Face {
	fnt.Size *= vg.Length(share)
	return h.fonts.Lookup(fnt, fnt.Size)
}

func (h markup) width(line string, fnt font.Font) (w vg.Length) {
	for _, s := range segments(line) {
		face := h.face(fnt, s.size)
		w += face.Width(s.text)
	}
	return w
}

// drawLine draws one line with its baseline starting at pt.
func (h markup) drawLine(c vg.Canvas, line string, fnt font.Font, pt vg.Point) {
	for _, s := range segments(line) {
		face := h.face(fnt, s.size)
		c.FillString(face, vg.Point{X: pt.X, Y: pt.Y + vg.Length(s.shift)*fnt.Size}, s.text)
		pt.X += face.Width(s.text)
	}
}

// writeLine draws one line in the given colour, its baseline starting at pt.
func writeLine(c draw.Canvas, line string, fnt font.Font, clr color.Color, pt vg.Point) {
	c.SetColor(clr)
	handler.drawLine(c.Canvas, line, fnt, pt)
}

// writeTurned is writeLine turned counterclockwise by the given angle in radians.
func writeTurned(c draw.Canvas, line string, fnt font.Font, clr color.Color, angle float64, pt vg.Point) {
	c.Push()
	defer c.Pop()
	c.Translate(pt)
	c.Rotate(angle)
	writeLine(c, line, fnt, clr, vg.Point{})
}

// wrap breaks txt into lines no wider than width, at spaces; a longer word stands alone and is cut
// where the line ends, so that nothing runs off the page.
func wrap(txt string, fnt font.Font, width vg.Length) []string {
	var lines []string
	for _, paragraph := range strings.Split(strings.TrimSpace(txt), "\n") {
		line := ""
		for _, w := range strings.Fields(paragraph) {
			if line != "" && handler.width(line+" "+w, fnt) <= width {
				line += " " + w
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			for handler.width(w, fnt) > width {
				n := fitting(w, fnt, width)
				lines = append(lines, w[:n])
				w = w[n:]
			}
			line = w
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// fitting is the length in bytes of the longest beginning of w that fits, at least one character.
func fitting(w string, fnt font.Font, width vg.Length) int {
	n := 0
	for i, r := range w {
		end := i + len(string(r))
		if n > 0 && handler.width(w[:end], fnt) > width {
			break
		}
		n = end
	}
	return n
}
