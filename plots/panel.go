package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// panel is one plot of a sheet. Its axes (range, scale, ticks, labels) are those of a gonum plot and its
// marks are gonum plotters; the sheet decides where its data area lies.
type panel struct {
	title string
	plot  *plot.Plot
	marks []plot.Plotter // in drawing order
	side  sideAxis       // to the right of the data area; nil for none
	slant bool           // labels of the x axis are turned by 45 degrees
	alt   string         // what it shows, in words
}

// sideAxis is what stands to the right of a data area: a second y axis or a colour bar.
type sideAxis interface {
	width() vg.Length
	draw(data draw.Canvas)
}

func newPanel(title, xLabel, yLabel string) *panel {
	p := &panel{title: title, plot: plot.New()}
	p.plot.X.Label.Text, p.plot.Y.Label.Text = xLabel, yLabel
	return p
}

// add appends marks.
func (p *panel) add(marks ...plot.Plotter) { p.marks = append(p.marks, marks...) }

// addGrid puts light lines at the labelled ticks.
func (p *panel) addGrid() {
	line := draw.LineStyle{Color: gridColor, Width: 0.4}
	p.add(&plotter.Grid{Vertical: line, Horizontal: line})
}

func ticksOf(a *plot.Axis) []plot.Tick { return a.Tick.Marker.Ticks(a.Min, a.Max) }

// widestLabel is the width of the widest of the ticks' labels.
func widestLabel(ticks []plot.Tick) (w vg.Length) {
	for _, t := range ticks {
		w = max(w, handler.width(t.Label, sans(tickSize, false)))
	}
	return w
}

// labelRoom is the room an axis label takes, none where it is empty.
func labelRoom(label string) vg.Length {
	if label == "" {
		return 0
	}
	return tickGap + lineHeight(labelSize)
}

func (p *panel) leftRoom() vg.Length {
	room := labelRoom(p.plot.Y.Label.Text)
	if w := widestLabel(ticksOf(&p.plot.Y)); w > 0 {
		room += tickLength + tickGap + w
	}
	return room
}

func (p *panel) rightRoom() vg.Length {
	if p.side == nil {
		return 0
	}
	return p.side.width()
}

func (p *panel) topRoom() vg.Length {
	if p.title == "" {
		return tickSize / 2
	}
	return lineHeight(panelSize) + 1
}

func (p *panel) bottomRoom() vg.Length {
	var room vg.Length
	if p.plot.X.Label.Text != "" {
		room = lineHeight(labelSize)
	}
	w := widestLabel(ticksOf(&p.plot.X))
	switch {
	case w == 0:
		return room
	case p.slant:
		return room + tickLength + tickGap + (w+lineHeight(tickSize))*math.Sqrt2/2
	default:
		return room + tickLength + tickGap + lineHeight(tickSize)
	}
}

// draw draws the panel with the given data area.
func (p *panel) draw(data draw.Canvas) {
	for _, m := range p.marks {
		m.Plot(data, p.plot)
	}
	p.drawXAxis(data)
	p.drawYAxis(data)
	if p.side != nil {
		p.side.draw(data)
	}
	data.StrokeLines(draw.LineStyle{Color: frameColor, Width: 0.5}, []vg.Point{
		data.Min, {X: data.Max.X, Y: data.Min.Y}, data.Max, {X: data.Min.X, Y: data.Max.Y}, data.Min,
	})
	fnt := sans(panelSize, true)
	writeLine(data, p.title, fnt, inkColor, vg.Point{X: data.Center().X - handler.width(p.title, fnt)/2, Y: data.Max.Y + 4})
}

var tickLine = draw.LineStyle{Color: frameColor, Width: 0.5}

// tickLengthOf is shorter for ticks without a label.
func tickLengthOf(t plot.Tick) vg.Length {
	if t.IsMinor() {
		return tickLength * 0.6
	}
	return tickLength
}

func (p *panel) drawXAxis(data draw.Canvas) {
	fnt := sans(tickSize, false)
	ticks := ticksOf(&p.plot.X)
	y := data.Min.Y - tickLength - tickGap
	for _, t := range ticks {
		x := data.X(p.plot.X.Norm(t.Value))
		data.StrokeLine2(tickLine, x, data.Min.Y, x, data.Min.Y-tickLengthOf(t))
		w := handler.width(t.Label, fnt)
		if p.slant {
			// the label ends below its tick
			writeTurned(data, t.Label, fnt, inkColor, math.Pi/4, vg.Point{
				X: x - w*math.Sqrt2/2 + 2, Y: y - w*math.Sqrt2/2 - tickSize*0.5,
			})
			continue
		}
		writeLine(data, t.Label, fnt, inkColor, vg.Point{X: x - w/2, Y: y - tickSize*0.72})
	}
	label := sans(labelSize, false)
	base := data.Min.Y - p.bottomRoom() + labelSize*0.45
	writeLine(data, p.plot.X.Label.Text, label, inkColor,
		vg.Point{X: data.Center().X - handler.width(p.plot.X.Label.Text, label)/2, Y: base})
}

func (p *panel) drawYAxis(data draw.Canvas) {
	fnt := sans(tickSize, false)
	ticks := ticksOf(&p.plot.Y)
	for _, t := range ticks {
		y := data.Y(p.plot.Y.Norm(t.Value))
		data.StrokeLine2(tickLine, data.Min.X, y, data.Min.X-tickLengthOf(t), y)
		writeLine(data, t.Label, fnt, inkColor, vg.Point{
			X: data.Min.X - tickLength - tickGap - handler.width(t.Label, fnt), Y: y - tickSize*0.36,
		})
	}
	writeUpright(data, p.plot.Y.Label.Text, inkColor, data.Min.X-p.leftRoom()+labelSize*0.85)
}

// writeUpright writes an axis label from bottom to top, its baseline at x, centred on the data area.
func writeUpright(data draw.Canvas, label string, clr color.Color, x vg.Length) {
	fnt := sans(labelSize, false)
	writeTurned(data, label, fnt, clr, math.Pi/2, vg.Point{X: x, Y: data.Center().Y - handler.width(label, fnt)/2})
}
