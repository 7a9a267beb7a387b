package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bar is one bar of a [CurvePanel]: a method and its value, with the deviation over seeds (NaN where there is one seed, which has none).
type Bar struct {
	Name       string
	Value, Std float64
}

func checkBars(where string, bars []Bar) error {
	for i, b := range bars {
		what := fmt.Sprintf("%s, bar %q", where, b.Name)
		if err := checkValue(what, "value", i, b.Value, true); err != nil {
			return err
		}
		if b.Std < 0 || math.IsInf(b.Std, 1) {
			return fmt.Errorf("plots: %s: std[%d] is %g: expected 0 or more, or NaN for none", what, i, b.Std)
		}
	}
	return nil
}

// headroom is the space above the largest bar, as a share of its height: a narrow panel writes numbers upright.
const headroom = 0.45

// barPanel is a panel of bars; yLabel "" is the classifier norm.
func barPanel(title, yLabel string, bars []Bar, looks *marker) *panel {
	if yLabel == "" {
		yLabel = "‖V‖_{F} after training"
	}
	p := newPanel(title, "", yLabel)
	p.plot.X.Min, p.plot.X.Max = -0.6, float64(len(bars))-0.4
	p.slant = len(bars) > 3
	p.addGrid()
	p.add(barPlotter{bars, looks})
	ys := newSpan()
	names := make([]plot.Tick, len(bars))
	words := make([]string, len(bars))
	for i, b := range bars {
		ys.add(b.Value)
		if b.Std > 0 {
			ys.add(b.Value + b.Std)
		}
		names[i] = plot.Tick{Value: float64(i), Label: b.Name}
		words[i] = fmt.Sprintf("%s %s", b.Name, shortNumber(b.Value))
	}
	// Bars on a log scale have no zero to stand on: they start at a third of the smallest, and the largest
	// leaves room for its number.
	lo := ys.lo / 3
	setAxis(&p.plot.Y, span{lo, ys.hi * math.Pow(ys.hi/lo, headroom)}, true, false, 5)
	p.plot.X.Tick.Marker = plot.ConstantTicks(names)
	p.alt = fmt.Sprintf("bars of %s: %s", axisWords(yLabel, true), list(words))
	return p
}

// barPlotter draws bars from the lower edge of the data area, each with its value above it.
type barPlotter struct {
	bars  []Bar
	looks *marker
}

// Plot implements plot.Plotter.
func (k barPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	half := min((trX(1)-trX(0))*0.36, 16)
	fnt := sans(tickSize-0.5, false)
	upright := k.widestLabel(fnt) > trX(1)-trX(0)-2 // narrow bars
	for i, b := range k.bars {
		x, y := trX(float64(i)), trY(b.Value)
		c.FillPolygon(k.looks.of(b.Name, false).color, []vg.Point{
			{X: x - half, Y: c.Min.Y}, {X: x + half, Y: c.Min.Y}, {X: x + half, Y: y}, {X: x - half, Y: y},
		})
		if b.Std > 0 {
			top, bottom := trY(b.Value+b.Std), c.Min.Y
			if b.Value > b.Std {
				bottom = max(bottom, trY(b.Value-b.Std))
			}
			whisker := draw.LineStyle{Color: inkColor, Width: 0.7}
			c.StrokeLine2(whisker, x, bottom, x, top)
			c.StrokeLine2(whisker, x-half/3, top, x+half/3, top)
			y = top
		}
		label := shortNumber(b.Value)
		if upright {
			writeTurned(c, label, fnt, inkColor, math.Pi/2, vg.Point{X: x + tickSize*0.33, Y: y + 2})
			continue
		}
		writeLine(c, label, fnt, inkColor, vg.Point{X: x - handler.width(label, fnt)/2, Y: y + 2})
	}
}

func (k barPlotter) widestLabel(fnt font.Font) (w vg.Length) {
	for _, b := range k.bars {
		w = max(w, handler.width(shortNumber(b.Value), fnt))
	}
	return w
}
