package plots

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// SweepCurve is Diff(F) of one method over the classifier norms of a sweep.
type SweepCurve struct {
	Name     string    // "FT", "LP-FT"
	Norms    []float64 // classifier norm ‖V‖_F at the start of the FT stage, positive, increasing
	Mean     []float64 // mean Diff(F) over seeds, as many as Norms
	Spread   []float64 // half height of the band (standard deviation); empty: no band
	Unscaled float64   // the norm before scaling: a dashed vertical line; 0: none
}

// SweepPanel is one data set of a norm sweep.
type SweepPanel struct {
	Title  string // "(a) Amazon (ID)"
	Curves []SweepCurve
}

// NormSweep draws Diff(F) against the classifier norm (Figures 3, 10 and 11 of the paper): x is logarithmic,
// lines are means over seeds, bands are mean ± spread, and dashed vertical lines mark the norm that each
// method has without scaling. It is an error to pass no panel, no curve, ragged slices, values that are not
// finite, norms that are not positive and increasing, or a negative spread.
func NormSweep(panels []SweepPanel, opt Options) (*Figure, error) {
	if len(panels) == 0 {
		return nil, fmt.Errorf("plots: NormSweep was given no panels: expected at least one")
	}
	s := &sheet{what: "Feature change Diff(F) against the classifier norm", opt: opt}
	looks := newMarker(opt.Colors)
	var made []*panel
	bands, lines := false, false
	for i, sp := range panels {
		if err := sp.check(panelName(i, sp.Title)); err != nil {
			return nil, err
		}
		made = append(made, sp.draw(looks, &s.legend))
		for _, k := range sp.Curves {
			bands = bands || len(k.Spread) > 0
			lines = lines || k.Unscaled > 0
		}
	}
	if bands {
		s.legend = append(s.legend, entry{name: "mean ± spread", thumb: bandThumb})
	}
	if lines {
		s.legend = append(s.legend, entry{name: "unscaled norm", thumb: verticalThumb, small: true})
	}
	s.rows = inRows(made)
	s.ratio = ratioFor(len(s.rows[0]))
	return s.figure()
}

func (sp SweepPanel) check(where string) error {
	if len(sp.Curves) == 0 {
		return fmt.Errorf("plots: %s has no curves: expected at least one", where)
	}
	for _, k := range sp.Curves {
		what := fmt.Sprintf("%s, curve %q", where, k.Name)
		if err := checkXY(what, k.Norms, k.Mean, true, false); err != nil {
			return err
		}
		if !slices.IsSorted(k.Norms) {
			return fmt.Errorf("plots: %s: the norms are not in increasing order", what)
		}
		if len(k.Spread) != 0 && len(k.Spread) != len(k.Mean) {
			return fmt.Errorf("plots: %s has %d means and %d spreads: expected as many of both, or no spread", what, len(k.Mean), len(k.Spread))
		}
		for i, v := range k.Spread {
			if err := checkValue(what, "spread", i, v, false); err != nil {
				return err
			}
			if v < 0 {
				return fmt.Errorf("plots: %s: spread[%d] is %g: expected 0 or more", what, i, v)
			}
		}
		if math.IsNaN(k.Unscaled) || math.IsInf(k.Unscaled, 0) || k.Unscaled < 0 {
			return fmt.Errorf("plots: %s: the unscaled norm is %g: expected a positive number, or 0 for none", what, k.Unscaled)
		}
	}
	return nil
}

func (sp SweepPanel) draw(looks *marker, legend *[]entry) *panel {
	p := newPanel(sp.Title, "classifier norm ‖V‖_{F}", "Diff(F)")
	p.addGrid()
	xs, ys := newSpan(), newSpan()
	var names []string
	for _, k := range sp.Curves {
		xs.add(k.Norms...)
		if k.Unscaled > 0 {
			xs.add(k.Unscaled)
		}
		for i, m := range k.Mean {
			d := 0.0
			if len(k.Spread) > 0 {
				d = k.Spread[i]
			}
			ys.add(m-d, m+d)
		}
		names = append(names, k.Name)
	}
	setAxis(&p.plot.X, xs.padded(0.04, true), true, false, 5)
	setAxis(&p.plot.Y, ys.padded(0.06, false), false, false, 5)
	for _, k := range sp.Curves { // bands lie below all lines
		if len(k.Spread) > 0 {
			p.add(band{k, looks.of(k.Name, false)})
		}
	}
	for _, k := range sp.Curves {
		look := looks.of(k.Name, false)
		if k.Unscaled > 0 {
			p.add(verticalLine{k.Unscaled, look})
		}
		p.add(curve{x: k.Norms, y: k.Mean, look: look})
		addEntry(legend, lineEntry(k.Name, look))
	}
	p.alt = "Diff(F) against the classifier norm (log); curves " + list(names)
	return p
}

// band is the area between mean − spread and mean + spread.
type band struct {
	SweepCurve
	look mark
}

// Plot implements plot.Plotter.
func (b band) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	n := len(b.Norms)
	outline := make([]vg.Point, 2*n)
	for i, x := range b.Norms {
		outline[i] = vg.Point{X: trX(x), Y: trY(b.Mean[i] + b.Spread[i])}
		outline[2*n-1-i] = vg.Point{X: trX(x), Y: trY(b.Mean[i] - b.Spread[i])}
	}
	c.FillPolygon(withAlpha(b.look.color, 0.2), outline)
}

// verticalLine marks a place on the x axis with a dashed line.
type verticalLine struct {
	x    float64
	look mark
}

// Plot implements plot.Plotter.
func (v verticalLine) Plot(c draw.Canvas, p *plot.Plot) {
	x := c.X(p.X.Norm(v.x))
	c.StrokeLine2(draw.LineStyle{Color: v.look.color, Width: 0.8, Dashes: []vg.Length{3, 2}}, x, c.Min.Y, x, c.Max.Y)
}

func bandThumb(c *draw.Canvas) {
	c.FillPolygon(withAlpha(black, 0.15), []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}})
}

func verticalThumb(c *draw.Canvas) {
	x := c.Center().X
	c.StrokeLine2(draw.LineStyle{Color: greyColor, Width: 0.8, Dashes: []vg.Length{2, 1.2}}, x, c.Min.Y, x, c.Max.Y)
}
