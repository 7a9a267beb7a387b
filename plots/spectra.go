package plots

import (
	"fmt"
	"math"
)

// Spectrum is the sorted singular values of one kernel, divided by the largest.
type Spectrum struct {
	Name   string    // "P", "F, LP-FT"
	Values []float64 // in [0, 1], not increasing, the first is 1
}

// SpectraPanel is one data set.
type SpectraPanel struct {
	Title   string
	Spectra []Spectrum
}

// spectrumFloor is the lowest value drawn: below it lies rounding noise of kernels made from float32 features.
const spectrumFloor = 1e-8

// Spectra draws normalised singular values against their index (from 1) on a log scale (Figures 2 and 7 of
// the paper). A curve ends where it falls below 1e-8. It is an error to pass no panel, no spectrum, an empty
// one, values outside [0, 1] or not sorted, or a first value other than 1.
func Spectra(panels []SpectraPanel, opt Options) (*Figure, error) {
	if len(panels) == 0 {
		return nil, fmt.Errorf("plots: Spectra was given no panels: expected at least one")
	}
	s := &sheet{what: "Normalised singular values", opt: opt}
	looks := newMarker(opt.Colors)
	var made []*panel
	for i, sp := range panels {
		if err := sp.check(panelName(i, sp.Title)); err != nil {
			return nil, err
		}
		made = append(made, sp.draw(looks, &s.legend))
	}
	s.rows = inRows(made)
	s.ratio = ratioFor(len(s.rows[0]))
	return s.figure()
}

func (sp SpectraPanel) check(where string) error {
	if len(sp.Spectra) == 0 {
		return fmt.Errorf("plots: %s has no spectra: expected at least one", where)
	}
	for _, k := range sp.Spectra {
		what := fmt.Sprintf("%s, spectrum %q", where, k.Name)
		if len(k.Values) == 0 {
			return fmt.Errorf("plots: %s holds no values: expected at least one", what)
		}
		if math.Abs(k.Values[0]-1) > 1e-9 {
			return fmt.Errorf("plots: %s starts with %g: expected 1, singular values divided by the largest", what, k.Values[0])
		}
		for i, v := range k.Values {
			if err := checkValue(what, "value", i, v, false); err != nil {
				return err
			}
			if v < 0 || i > 0 && v > k.Values[i-1] {
				return fmt.Errorf("plots: %s: value[%d] is %g: expected values in [0, 1] in falling order", what, i, v)
			}
		}
	}
	return nil
}

func (sp SpectraPanel) draw(looks *marker, legend *[]entry) *panel {
	p := newPanel(sp.Title, "index", "normalised singular value")
	p.addGrid()
	xs, ys := newSpan(), newSpan()
	ys.add(1)
	var names []string
	for _, k := range sp.Spectra {
		xs.add(1, float64(len(k.Values)))
		x, y := aboveFloor(k.Values)
		ys.add(y...)
		look := looks.of(k.Name, false)
		p.add(curve{x: x, y: y, look: look})
		addEntry(legend, lineEntry(k.Name, look))
		names = append(names, k.Name)
	}
	setAxis(&p.plot.X, xs.padded(0.02, false), false, true, 4)
	setAxis(&p.plot.Y, ys.padded(0.03, true), true, false, 5)
	p.alt = "normalised singular value (log) against index; curves " + list(names)
	return p
}

// aboveFloor is the part of a spectrum that is drawn: indices from 1 and values.
func aboveFloor(values []float64) (x, y []float64) {
	for i, v := range values {
		if v < spectrumFloor {
			break
		}
		x, y = append(x, float64(i+1)), append(y, v)
	}
	return x, y
}
