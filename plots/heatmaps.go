package plots

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ClassGroup is a run of samples of one class in a heat map.
type ClassGroup struct {
	Name  string
	Count int
}

// ClassGroups are the runs of samples that are grouped by class, from how many there are of each; classes without any are left out.
func ClassGroups(classes []string, counts []int) []ClassGroup {
	var out []ClassGroup
	for c, n := range counts {
		if n > 0 {
			out = append(out, ClassGroup{Name: classes[c], Count: n})
		}
	}
	return out
}

// HeatMap is one map: rows and columns are samples, grouped by class.
type HeatMap struct {
	Title  string
	Values [][]float64  // [n][n] trace norms of the kernel's C×C blocks, 0 or more
	Groups []ClassGroup // in the order of the samples; the counts add up to n
}

// HeatMaps draws a grid of maps, each with its own colour bar (Figures 8 and 9 of the paper): the first
// sample is at the top left, white lines separate the classes, and class names stand to the left unless the
// map before has the same. All maps of a grid are drawn at the same size. It is an error to pass an empty
// grid, a map that is not square, values that are negative or not finite, or groups that do not add up.
func HeatMaps(maps [][]HeatMap, opt Options) (*Figure, error) {
	s := &sheet{what: "Heat maps of block trace norms, samples grouped by class", opt: opt, ratio: 1}
	for i, row := range maps {
		var panels []*panel
		for j, h := range row {
			if err := h.check(panelName(i*len(row)+j, h.Title)); err != nil {
				return nil, err
			}
			names := j == 0 || !sameGroups(h.Groups, row[j-1].Groups)
			panels = append(panels, h.draw(names))
		}
		if len(panels) == 0 {
			return nil, fmt.Errorf("plots: row %d of the heat maps is empty: expected at least one map", i+1)
		}
		s.rows = append(s.rows, panels)
	}
	if len(s.rows) == 0 {
		return nil, fmt.Errorf("plots: HeatMaps was given no maps: expected at least one")
	}
	return s.figure()
}

func (h HeatMap) check(where string) error {
	n := len(h.Values)
	if n == 0 {
		return fmt.Errorf("plots: %s holds no values: expected at least one sample", where)
	}
	for i, row := range h.Values {
		if len(row) != n {
			return fmt.Errorf("plots: %s: row %d has %d values: expected %d, the number of rows", where, i, len(row), n)
		}
		for j, v := range row {
			if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				return fmt.Errorf("plots: %s: value [%d][%d] is %g: expected a finite number of 0 or more", where, i, j, v)
			}
		}
	}
	total := 0
	for _, g := range h.Groups {
		if g.Count <= 0 {
			return fmt.Errorf("plots: %s: class %q has %d samples: expected 1 or more", where, g.Name, g.Count)
		}
		total += g.Count
	}
	if total != n {
		return fmt.Errorf("plots: %s: the classes hold %d samples and the map %d: expected the same", where, total, n)
	}
	return nil
}

func sameGroups(a, b []ClassGroup) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func (h HeatMap) draw(names bool) *panel {
	p := newPanel(h.Title, "", "")
	n := float64(len(h.Values))
	setAxis(&p.plot.X, span{0, n}, false, true, 4)
	setAxis(&p.plot.Y, span{0, n}, false, true, 4)
	p.plot.X.Tick.Marker = plot.ConstantTicks{}
	p.plot.Y.Tick.Marker = plot.ConstantTicks{}
	values := newSpan()
	for _, row := range h.Values {
		values.add(row...)
	}
	if values.lo == values.hi {
		values = values.padded(0, false)
		values.lo = math.Max(0, values.lo)
	}
	p.add(heatPlotter{h, values})
	p.side = colorBar{values}
	if names {
		p.plot.Y.Tick.Marker = classTicks(h.Groups)
	}
	words := make([]string, len(h.Groups))
	for i, g := range h.Groups {
		words[i] = fmt.Sprintf("%s (%d)", g.Name, g.Count)
	}
	p.alt = fmt.Sprintf("trace norms from %s to %s, classes from the top %s", shortNumber(values.lo), shortNumber(values.hi), list(words))
	return p
}

// classTicks puts each class' name at the middle of its samples, moved apart where groups are so small
// that the names would touch.
func classTicks(groups []ClassGroup) plot.ConstantTicks {
	total := 0
	for _, g := range groups {
		total += g.Count
	}
	apart := float64(total) * 0.13 // about one line of type on the smallest maps
	ticks := make(plot.ConstantTicks, len(groups))
	top := float64(total) // y grows upwards, samples are listed downwards
	for i, g := range groups {
		ticks[i] = plot.Tick{Value: top - float64(g.Count)/2, Label: g.Name}
		top -= float64(g.Count)
	}
	for i := 1; i < len(ticks); i++ {
		ticks[i].Value = math.Min(ticks[i].Value, ticks[i-1].Value-apart)
	}
	lowest := apart * 0.3
	for i := len(ticks) - 1; i >= 0; i-- {
		ticks[i].Value = math.Max(ticks[i].Value, lowest)
		lowest = ticks[i].Value + apart
	}
	return ticks
}

// heatPlotter draws the map as an image and the class separators over it.
type heatPlotter struct {
	HeatMap
	span
}

// Plot implements plot.Plotter.
func (h heatPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	c.DrawImage(c.Rectangle, h.image())
	n := float64(len(h.Values))
	line := draw.LineStyle{Color: color.White, Width: 0.6}
	at := 0
	for _, g := range h.Groups[:len(h.Groups)-1] {
		at += g.Count
		x, y := c.X(float64(at)/n), c.Y(1-float64(at)/n)
		c.StrokeLine2(line, x, c.Min.Y, x, c.Max.Y)
		c.StrokeLine2(line, c.Min.X, y, c.Max.X, y)
	}
}

// image has whole pixels for every cell, so that viewers that smooth images keep the cells' edges.
func (h heatPlotter) image() image.Image {
	n := len(h.Values)
	cell := max(1, 480/n)
	img := image.NewNRGBA(image.Rect(0, 0, n*cell, n*cell))
	for y := range n * cell {
		for x := range n * cell {
			v := h.Values[y/cell][x/cell]
			img.SetNRGBA(x, y, viridis((v-h.lo)/(h.hi-h.lo)))
		}
	}
	return img
}

// colorBar shows which colour stands for which value.
type colorBar struct{ span }

const barWidth = vg.Length(5)

// ticks are about three, and at least two: one label says nothing about the colours between.
func (b colorBar) ticks() (ticks []plot.Tick) {
	for about := 3; about <= 6 && len(ticks) < 2; about++ {
		ticks = linearTicks{about: about}.Ticks(b.lo, b.hi)
	}
	return ticks
}

// width implements sideAxis.
func (b colorBar) width() vg.Length { return 3 + barWidth + tickGap + widestLabel(b.ticks()) }

// draw implements sideAxis.
func (b colorBar) draw(data draw.Canvas) {
	const steps = 128
	img := image.NewNRGBA(image.Rect(0, 0, 1, steps))
	for i := range steps {
		img.SetNRGBA(0, steps-1-i, viridis(float64(i)/(steps-1)))
	}
	x := data.Max.X + 3
	data.DrawImage(vg.Rectangle{Min: vg.Point{X: x, Y: data.Min.Y}, Max: vg.Point{X: x + barWidth, Y: data.Max.Y}}, img)
	for _, t := range b.ticks() {
		y := data.Y((t.Value - b.lo) / (b.hi - b.lo))
		data.StrokeLine2(draw.LineStyle{Color: color.White, Width: 0.5}, x+barWidth*0.6, y, x+barWidth, y)
		writeLine(data, t.Label, sans(tickSize, false), inkColor, vg.Point{X: x + barWidth + tickGap, Y: y - tickSize*0.36})
	}
}

// viridisStops are evenly spaced colours of the viridis map, which is even in lightness, also in grey.
var viridisStops = []color.NRGBA{
	{0x44, 0x01, 0x54, 0xff}, {0x48, 0x28, 0x78, 0xff}, {0x3e, 0x49, 0x89, 0xff}, {0x31, 0x68, 0x8e, 0xff}, {0x26, 0x82, 0x8e, 0xff},
	{0x1f, 0x9e, 0x89, 0xff}, {0x35, 0xb7, 0x79, 0xff}, {0x6e, 0xce, 0x58, 0xff}, {0xb5, 0xde, 0x2b, 0xff}, {0xfd, 0xe7, 0x25, 0xff},
}

// viridis is the colour at t in [0, 1].
func viridis(t float64) color.NRGBA {
	pos := math.Min(math.Max(t, 0), 1) * float64(len(viridisStops)-1)
	i := min(int(pos), len(viridisStops)-2)
	share := pos - float64(i)
	a, b := viridisStops[i], viridisStops[i+1]
	mix := func(u, v uint8) uint8 { return uint8(math.Round(float64(u)*(1-share) + float64(v)*share)) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}
