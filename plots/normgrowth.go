package plots

import (
	"fmt"
	"slices"
)

// CurvePanel is one panel of [NormGrowth]: curves over the course of training with a left and an
// optional right y axis, or, where Bars is set, bars of the classifier norm after training.
//
// Any quantity can be shown: accuracy and ‖V‖_F (the paper's panels), or the loss on the left with
// ‖b‖ and the norm of the logits on the right.
type CurvePanel struct {
	Title  string // "(a) LP on RTE"
	XLabel string // "iterations", "epochs"
	LogX   bool   // needs X > 0: not for curves that start at epoch 0

	YLabel string   // left axis
	Left   []Series // at least one, unless Bars is set

	RightLabel string   // right axis
	Right      []Series // may be empty: no right axis
	LogRight   bool     // needs positive values

	Bars []Bar // instead of curves: values on a log scale, such as ‖V‖_F after training (Figures 1(c) and 4(e))
}

// NormGrowth draws accuracy and classifier norm against training time (Figures 1 and 4 of the paper),
// panels side by side, at most three in a row. Series of the same name look the same in all panels and
// stand once in the legend. It is an error to pass no panel, an empty or ragged series, a value that is
// not finite, or one that is not positive on a logarithmic axis.
func NormGrowth(panels []CurvePanel, opt Options) (*Figure, error) {
	if len(panels) == 0 {
		return nil, fmt.Errorf("plots: NormGrowth was given no panels: expected at least one")
	}
	s := &sheet{what: "Norm growth during training", opt: opt}
	looks := newMarker(opt.Colors)
	var made []*panel
	for i, cp := range panels {
		if err := cp.check(panelName(i, cp.Title)); err != nil {
			return nil, err
		}
		if len(cp.Bars) > 0 {
			made = append(made, barPanel(cp.Title, cp.YLabel, cp.Bars, looks))
			continue
		}
		made = append(made, cp.draw(looks, &s.legend))
	}
	s.rows = inRows(made)
	s.ratio = ratioFor(len(s.rows[0]))
	return s.figure()
}

func (cp CurvePanel) check(where string) error {
	if len(cp.Bars) > 0 {
		if len(cp.Left)+len(cp.Right) > 0 {
			return fmt.Errorf("plots: %s has both curves and bars: expected one of them", where)
		}
		return checkBars(where, cp.Bars)
	}
	if len(cp.Left) == 0 {
		return fmt.Errorf("plots: %s has no series on its left axis: expected at least one, or bars", where)
	}
	for _, k := range cp.Left {
		if err := checkXY(fmt.Sprintf("%s, series %q", where, k.Name), k.X, k.Y, cp.LogX, false); err != nil {
			return err
		}
	}
	for _, k := range cp.Right {
		if err := checkXY(fmt.Sprintf("%s, series %q", where, k.Name), k.X, k.Y, cp.LogX, cp.LogRight); err != nil {
			return err
		}
	}
	return nil
}

// draw makes the panel and adds new names to the legend.
func (cp CurvePanel) draw(looks *marker, legend *[]entry) *panel {
	p := newPanel(cp.Title, cp.XLabel, cp.YLabel)
	p.addGrid()
	xs, ys, rs := newSpan(), newSpan(), newSpan()
	integer := true
	for _, k := range cp.Left {
		ys.add(k.Y...)
	}
	for _, k := range cp.Right {
		rs.add(k.Y...)
	}
	for _, k := range slices.Concat(cp.Left, cp.Right) {
		xs.add(k.X...)
		integer = integer && allIntegers(k.X)
	}
	setAxis(&p.plot.X, xs.padded(0.03, cp.LogX), cp.LogX, integer, 5)
	setAxis(&p.plot.Y, ys.padded(0.06, false), false, false, 5)
	p.alt = fmt.Sprintf("%s against %s", axisWords(cp.YLabel, false), axisWords(cp.XLabel, cp.LogX))

	names := addCurves(p, cp.Left, nil, looks, legend)
	if len(cp.Right) > 0 {
		axis := &rightAxis{span: rs.padded(0.06, cp.LogRight), log: cp.LogRight, label: cp.RightLabel, color: inkColor}
		names = append(names, addCurves(p, cp.Right, axis, looks, legend)...)
		if len(cp.Right) == 1 {
			axis.color = looks.of(cp.Right[0].Name, true).color
		}
		p.side = axis
		p.alt += ", right axis " + axisWords(cp.RightLabel, cp.LogRight)
	}
	p.alt += "; curves " + list(names)
	return p
}

// addCurves adds series to a panel, faint ones first so that the main seed is drawn over them, enters new
// names in the legend and returns the names.
func addCurves(p *panel, series []Series, axis *rightAxis, looks *marker, legend *[]entry) (names []string) {
	for _, faint := range []bool{true, false} {
		for _, k := range series {
			if k.Faint != faint {
				continue
			}
			look := looks.of(k.Name, axis != nil)
			p.add(curve{k.X, k.Y, look, faint, axis})
			if !faint {
				names = append(names, k.Name)
				addEntry(legend, lineEntry(k.Name, look))
			}
		}
	}
	return names
}

// addEntry enters e in the legend unless its name is there.
func addEntry(legend *[]entry, e entry) {
	if !slices.ContainsFunc(*legend, func(other entry) bool { return other.name == e.name }) {
		*legend = append(*legend, e)
	}
}
