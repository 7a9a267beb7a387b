package plots

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// TSNEPoint is one embedded point: a feature φ(x), or a row of the head V.
type TSNEPoint struct {
	X, Y  float64
	Class int  // index into the class names; a head row's class is its row number
	After bool // after training, else before
	Row   bool // a row of V, else a feature
}

// TSNEPanel is one model: its points before and after training, embedded together.
type TSNEPanel struct {
	Title  string
	Points []TSNEPoint
}

// classColors are told apart by every form of colour vision; a data set here has at most five classes.
var classColors = []color.NRGBA{blue, vermilion, green, purple, skyBlue, orange, black}

// TSNE draws features and head rows embedded by t-SNE (Figures 5 and 6 of the paper). Colour is the class;
// hollow marks are before and filled marks after training; circles are features and triangles are rows
// of V. The axes of a t-SNE map have no unit and are left without ticks. It is an error to pass no panel, no
// point, a coordinate that is not finite, a class outside the names, or more than seven classes.
func TSNE(panels []TSNEPanel, classes []string, opt Options) (*Figure, error) {
	if len(panels) == 0 {
		return nil, fmt.Errorf("plots: TSNE was given no panels: expected at least one")
	}
	if len(classes) == 0 || len(classes) > len(classColors) {
		return nil, fmt.Errorf("plots: TSNE was given %d class names: expected 1 to %d", len(classes), len(classColors))
	}
	s := &sheet{what: "t-SNE of features and head rows", opt: opt, ratio: 0.95}
	for i, name := range classes {
		s.legend = append(s.legend, entry{name: name, thumb: classThumb(classColors[i]), small: true})
	}
	var seen [4]bool
	var made []*panel
	for i, tp := range panels {
		if err := tp.check(panelName(i, tp.Title), len(classes)); err != nil {
			return nil, err
		}
		for _, pt := range tp.Points {
			seen[pt.kind()] = true
		}
		made = append(made, tp.draw(classes))
	}
	first := true
	for kind, name := range []string{"feature before", "feature after", "row of V before", "row of V after"} {
		if seen[kind] {
			s.legend = append(s.legend, entry{name: name, thumb: kindThumb(kind), small: true, newRow: first})
			first = false
		}
	}
	s.rows = inRows(made)
	if len(s.rows[0]) == 1 {
		s.ratio = 0.6
	}
	return s.figure()
}

func (tp TSNEPanel) check(where string, classes int) error {
	if len(tp.Points) == 0 {
		return fmt.Errorf("plots: %s has no points: expected at least one", where)
	}
	for i, pt := range tp.Points {
		if err := checkValue(where, "x", i, pt.X, false); err != nil {
			return err
		}
		if err := checkValue(where, "y", i, pt.Y, false); err != nil {
			return err
		}
		if pt.Class < 0 || pt.Class >= classes {
			return fmt.Errorf("plots: %s: point %d has class %d: expected 0 to %d", where, i, pt.Class, classes-1)
		}
	}
	return nil
}

func (tp TSNEPanel) draw(classes []string) *panel {
	p := newPanel(tp.Title, "", "")
	xs, ys := newSpan(), newSpan()
	for _, pt := range tp.Points {
		xs.add(pt.X)
		ys.add(pt.Y)
	}
	setAxis(&p.plot.X, xs.padded(0.05, false), false, false, 4)
	setAxis(&p.plot.Y, ys.padded(0.05, false), false, false, 4)
	p.plot.X.Tick.Marker = plot.ConstantTicks{}
	p.plot.Y.Tick.Marker = plot.ConstantTicks{}
	p.add(tsnePlotter(tp.Points))
	p.alt = fmt.Sprintf("%d embedded points of the classes %s", len(tp.Points), list(classes))
	return p
}

// kind numbers the four kinds of points in drawing order: head rows lie over features.
func (pt TSNEPoint) kind() int {
	kind := 0
	if pt.After {
		kind++
	}
	if pt.Row {
		kind += 2
	}
	return kind
}

type tsnePlotter []TSNEPoint

// Plot implements plot.Plotter.
func (points tsnePlotter) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	for kind := range 4 {
		for _, pt := range points {
			if pt.kind() == kind {
				drawKind(&c, kind, classColors[pt.Class], vg.Point{X: trX(pt.X), Y: trY(pt.Y)})
			}
		}
	}
}

// drawKind draws one point: circle or, for head rows, a large edged triangle; hollow or filled.
func drawKind(c *draw.Canvas, kind int, clr color.NRGBA, at vg.Point) {
	sty := draw.GlyphStyle{Color: clr, Radius: 1.6}
	switch kind {
	case 0:
		sty.Shape = draw.RingGlyph{}
		sty.Color = withAlpha(clr, 0.75)
		c.DrawGlyph(sty, at)
	case 1:
		sty.Shape = draw.CircleGlyph{}
		sty.Color = withAlpha(clr, 0.75)
		c.DrawGlyph(sty, at)
	case 2:
		c.DrawGlyph(draw.GlyphStyle{Color: color.White, Radius: 4.4, Shape: draw.PyramidGlyph{}}, at)
		c.DrawGlyph(draw.GlyphStyle{Color: clr, Radius: 4.4, Shape: draw.TriangleGlyph{}}, at)
	default:
		c.DrawGlyph(draw.GlyphStyle{Color: clr, Radius: 4.4, Shape: draw.PyramidGlyph{}}, at)
		c.DrawGlyph(draw.GlyphStyle{Color: color.Black, Radius: 4.4, Shape: draw.TriangleGlyph{}}, at)
	}
}

func kindThumb(kind int) func(*draw.Canvas) {
	return func(c *draw.Canvas) { drawKind(c, kind, greyColor, c.Center()) }
}

func classThumb(clr color.NRGBA) func(*draw.Canvas) {
	return func(c *draw.Canvas) {
		m := c.Center()
		c.FillPolygon(clr, []vg.Point{{X: m.X - 4, Y: m.Y - 3}, {X: m.X + 4, Y: m.Y - 3}, {X: m.X + 4, Y: m.Y + 3}, {X: m.X - 4, Y: m.Y + 3}})
	}
}
