package plots

import (
	"encoding/hex"
	"image/color"
	"regexp"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The palette of Okabe and Ito, distinguishable with every common form of colour blindness.
var (
	black     = color.NRGBA{0x00, 0x00, 0x00, 0xff}
	orange    = color.NRGBA{0xe6, 0x9f, 0x00, 0xff}
	skyBlue   = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}
	green     = color.NRGBA{0x00, 0x9e, 0x73, 0xff}
	blue      = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	vermilion = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	purple    = color.NRGBA{0xcc, 0x79, 0xa7, 0xff}

	inkColor   = color.NRGBA{0x22, 0x22, 0x22, 0xff} // axes and text
	greyColor  = color.NRGBA{0x70, 0x70, 0x70, 0xff} // footer, the pre-trained model, samples of markers
	gridColor  = color.NRGBA{0xe4, 0xe4, 0xe4, 0xff}
	frameColor = color.NRGBA{0xa0, 0xa0, 0xa0, 0xff}
)

// Type sizes in points, readable at the paper's column width.
const (
	titleSize  = 9
	panelSize  = 8
	labelSize  = 7.5
	tickSize   = 6.5
	footerSize = 5.5
)

// mark is how one series looks: its colour, its dash pattern and its marker.
type mark struct {
	color color.NRGBA
	dash  []vg.Length
	glyph draw.GlyphDrawer
}

var (
	solid    []vg.Length
	dashed   = []vg.Length{4, 2}
	dotted   = []vg.Length{1, 1.6}
	dashDot  = []vg.Length{5, 1.6, 1, 1.6}
	longDash = []vg.Length{8, 2.5}
)

// methodMarks are the fixed looks of the paper's methods, keyed by the name in lower case without hyphens.
var methodMarks = map[string]mark{
	"pretrained": {greyColor, dotted, draw.CrossGlyph{}},
	"lp":         {green, longDash, draw.PyramidGlyph{}},
	"ft":         {vermilion, solid, draw.CircleGlyph{}},
	"lora":       {orange, dashed, draw.SquareGlyph{}},
	"lpft":       {blue, dashDot, draw.TriangleGlyph{}},
	"lplora":     {skyBlue, dotted, draw.RingGlyph{}},
	"p":          {black, longDash, draw.PlusGlyph{}},
}

// cycle is used, in order, for series whose name holds no method.
var cycle = []mark{
	{blue, solid, draw.CircleGlyph{}},
	{orange, dashed, draw.SquareGlyph{}},
	{purple, dashDot, draw.TriangleGlyph{}},
	{skyBlue, dotted, draw.RingGlyph{}},
}

// rightCycle is used for series on a right axis, so that they never look like those on the left.
var rightCycle = []mark{
	{green, longDash, draw.PyramidGlyph{}},
	{vermilion, dotted, draw.BoxGlyph{}},
	{black, dashed, draw.PlusGlyph{}},
}

var word = regexp.MustCompile(`[A-Za-z0-9-]+`)

// methodMark finds the last word of name that is a method: "F, LP-FT" has the look of LP-FT.
func methodMark(name string) (mark, bool) {
	words := word.FindAllString(name, -1)
	for i := len(words) - 1; i >= 0; i-- {
		key := strings.ReplaceAll(strings.ToLower(words[i]), "-", "")
		if m, ok := methodMarks[key]; ok {
			return m, true
		}
	}
	return mark{}, false
}

// marker hands out looks: the same name has the same look in all panels of a figure.
type marker struct {
	byName map[string]mark
	colors map[string]color.NRGBA // a reader's choice, by the series' name
	left   int
	right  int
}

// newMarker takes the colours of [Options.Colors], which the options' check has found to be colours.
func newMarker(chosen map[string]string) *marker {
	k := &marker{byName: map[string]mark{}, colors: map[string]color.NRGBA{}}
	for name, text := range chosen {
		if c, ok := parseColor(text); ok {
			k.colors[name] = c
		}
	}
	return k
}

// parseColor reads "#rrggbb".
func parseColor(text string) (color.NRGBA, bool) {
	digits, ok := strings.CutPrefix(text, "#")
	rgb, err := hex.DecodeString(digits)
	if !ok || err != nil || len(rgb) != 3 {
		return color.NRGBA{}, false
	}
	return color.NRGBA{rgb[0], rgb[1], rgb[2], 0xff}, true
}

func (k *marker) of(name string, right bool) mark {
	if m, ok := k.byName[name]; ok {
		return m
	}
	m, ok := methodMark(name)
	switch {
	case ok:
	case right:
		m = rightCycle[k.right%len(rightCycle)]
		k.right++
	default:
		m = cycle[k.left%len(cycle)]
		k.left++
	}
	if c, ok := k.colors[name]; ok {
		m.color = c
	}
	k.byName[name] = m
	return m
}

func (m mark) line(width vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: m.color, Width: width, Dashes: m.dash}
}

func (m mark) point(radius vg.Length) draw.GlyphStyle {
	return draw.GlyphStyle{Color: m.color, Radius: radius, Shape: m.glyph}
}

// faded is the colour mixed with white, drawn opaque: a faint line must not hide behind its own overlap.
func faded(c color.NRGBA, share float64) color.NRGBA {
	mix := func(v uint8) uint8 { return uint8(float64(v)*share + 255*(1-share)) }
	return color.NRGBA{mix(c.R), mix(c.G), mix(c.B), 0xff}
}

// withAlpha is the colour at the given opacity in [0, 1].
func withAlpha(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(alpha * 255)
	return c
}

// sans is the Liberation Sans face at the given size in points.
func sans(size float64, bold bool) font.Font {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return f
}
