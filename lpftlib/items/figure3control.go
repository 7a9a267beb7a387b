package items

import (
	"fmt"
	"slices"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// controlPanels draw the sweep at equal batch and rate, one panel for each of the rates that two methods were both trained at.
// The panels before them are already counted off by letters.
func (sw sweep) controlPanels(before int) ([]plots.SweepPanel, error) {
	var panels []plots.SweepPanel
	for _, rates := range sw.sharedRates() {
		panel := plots.SweepPanel{Title: fmt.Sprintf("(%c) %s, %s", 'a'+before+len(panels), sw.task, rates)}
		for _, m := range sw.methods {
			rows := sw.at(m, rates)
			if len(rows) == 0 {
				continue
			}
			curve, err := sw.line(m, rows)
			if err != nil {
				return nil, err
			}
			panel.Curves = append(panel.Curves, curve)
		}
		panels = append(panels, panel)
	}
	return panels, nil
}

// at are a method's cells of the control at some rates.
func (sw sweep) at(m study.Method, rates study.Rates) []study.Measures {
	var rows []study.Measures
	for _, c := range sw.control {
		if c.Method == m && c.Rates == rates {
			rows = append(rows, c.Measures)
		}
	}
	return rows
}

// sharedRates are the control's rates in the order of their first cell. Where two methods have the same rates in the profile,
// the sweep's own panel is the control already.
func (sw sweep) sharedRates() []study.Rates {
	var out []study.Rates
	for _, c := range sw.control {
		if len(c.RatesOf) == 1 && !slices.Contains(out, c.Rates) {
			out = append(out, c.Rates)
		}
	}
	return out
}

// sweepPairs compares LP-FT (A) with FT (B), and LP-LoRA with LoRA, at equal rates and equal norms of the head.
func sweepPairs(sweeps []sweep) []paper.Pair {
	var pairs []paper.Pair
	diff := func(m *study.Measures) float64 { return m.Diff }
	for _, sw := range sweeps {
		pairs = append(pairs, study.EqualRatePairs(sw.control, study.LPFT, study.FT, diff)...)
		pairs = append(pairs, study.EqualRatePairs(sw.control, study.LPLoRA, study.LoRA, diff)...)
	}
	return pairs
}
