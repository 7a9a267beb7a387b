package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Series is one curve: its name in the legend and its points.
type Series struct {
	Name  string
	X, Y  []float64 // same length, finite
	Faint bool      // drawn thin and pale: further seeds behind the main one; not in the legend
}

// mostGlyphs is the number of points up to which a curve shows its markers.
const mostGlyphs = 25

// curve draws a line with markers against the plot's own y axis or against a right axis.
type curve struct {
	x, y  []float64
	look  mark
	faint bool
	axis  *rightAxis // nil: the plot's y axis
}

// Plot implements plot.Plotter.
func (k curve) Plot(c draw.Canvas, p *plot.Plot) {
	norm := p.Y.Norm
	if k.axis != nil {
		norm = k.axis.norm
	}
	points := make([]vg.Point, len(k.x))
	for i := range k.x {
		points[i] = vg.Point{X: c.X(p.X.Norm(k.x[i])), Y: c.Y(norm(k.y[i]))}
	}
	line := k.look.line(lineWidth)
	if k.faint {
		line = draw.LineStyle{Color: faded(k.look.color, 0.4), Width: faintWidth, Dashes: k.look.dash}
	}
	c.StrokeLines(line, c.ClipLinesXY(points)...)
	if k.faint || len(points) > mostGlyphs {
		return
	}
	for _, pt := range points {
		c.DrawGlyph(k.look.point(glyphRadius), pt)
	}
}

// lineEntry is a curve's line in the legend.
func lineEntry(name string, look mark) entry {
	return entry{name: name, thumb: func(c *draw.Canvas) {
		y := c.Center().Y
		c.StrokeLine2(look.line(lineWidth), c.Min.X, y, c.Max.X, y)
		c.DrawGlyph(look.point(glyphRadius), c.Center())
	}}
}

// span is the range of values on an axis.
type span struct{ lo, hi float64 }

func newSpan() span { return span{math.Inf(1), math.Inf(-1)} }

func (s *span) add(values ...float64) {
	for _, v := range values {
		s.lo, s.hi = math.Min(s.lo, v), math.Max(s.hi, v)
	}
}

// padded widens the span by the given share of its length, so that no marker sits on the frame.
func (s span) padded(share float64, log bool) span {
	if log {
		l := span{math.Log(s.lo), math.Log(s.hi)}.padded(share, false)
		return span{math.Exp(l.lo), math.Exp(l.hi)}
	}
	if s.lo == s.hi { // a constant: a tenth of it either way, so that an accuracy stays above 0
		d := math.Abs(s.lo) * 0.1
		if d == 0 {
			d = 0.5
		}
		return span{s.lo - d, s.hi + d}
	}
	d := share * (s.hi - s.lo)
	return span{s.lo - d, s.hi + d}
}

// setAxis gives an axis its range, scale and ticks (about n labels).
func setAxis(a *plot.Axis, s span, log, integer bool, n int) {
	a.Min, a.Max = s.lo, s.hi
	if log {
		a.Scale, a.Tick.Marker = plot.LogScale{}, logTicks{n}
	} else {
		a.Scale, a.Tick.Marker = plot.LinearScale{}, linearTicks{n, integer}
	}
}

// allIntegers tells whether an axis counts something: epochs, iterations, indices.
func allIntegers(values []float64) bool {
	for _, v := range values {
		if v != math.Trunc(v) {
			return false
		}
	}
	return true
}

// rightAxis is a second y axis with its own range, drawn along the right edge of the data area.
type rightAxis struct {
	span
	log   bool
	label string
	color color.Color // of label and ticks: the colour of the axis' only series
}

func (a *rightAxis) norm(v float64) float64 {
	if a.log {
		return plot.LogScale{}.Normalize(a.lo, a.hi, v)
	}
	return plot.LinearScale{}.Normalize(a.lo, a.hi, v)
}

func (a *rightAxis) ticks() []plot.Tick {
	if a.log {
		return logTicks{4}.Ticks(a.lo, a.hi)
	}
	return linearTicks{about: 4}.Ticks(a.lo, a.hi)
}

// width implements sideAxis.
func (a *rightAxis) width() vg.Length {
	return tickLength + tickGap + widestLabel(a.ticks()) + labelRoom(a.label)
}

// draw implements sideAxis: ticks, their labels and the axis' name.
func (a *rightAxis) draw(data draw.Canvas) {
	fnt := sans(tickSize, false)
	for _, t := range a.ticks() {
		y := data.Y(a.norm(t.Value))
		data.StrokeLine2(tickLine, data.Max.X, y, data.Max.X+tickLengthOf(t), y)
		writeLine(data, t.Label, fnt, a.color, vg.Point{X: data.Max.X + tickLength + tickGap, Y: y - tickSize*0.36})
	}
	writeUpright(data, a.label, a.color, data.Max.X+a.width()-labelSize*0.25)
}
