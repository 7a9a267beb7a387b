package lpftlib

import (
	"lpft/lpftlib/measure"
	"lpft/plots"
)

// barOf is the mean of values over seeds with its deviation.
func barOf(name string, values []float64) (plots.Bar, error) {
	s, err := measure.Summarise(values)
	return plots.Bar{Name: name, Value: s.Mean, Std: s.Std}, err
}
