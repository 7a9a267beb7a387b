package measure

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
)

// Spread is a mean over seeds with its deviation.
type Spread struct {
	Mean float64 `json:"mean"`
	// Std is the sample standard deviation √(Σ(x−mean)²/(n−1)); 0 for one value, for which it is not defined.
	Std float64 `json:"std"`
	N   int     `json:"n"`
}

// Summarise returns the mean and the sample standard deviation of the values of one metric over seeds.
func Summarise(values []float64) (Spread, error) {
	if len(values) == 0 {
		return Spread{}, fmt.Errorf("measure: spread: no values: expected one a seed")
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Spread{}, fmt.Errorf("measure: spread: value %d is %v: expected finite numbers", i, v)
		}
	}
	s := Spread{N: len(values)}
	if s.N == 1 {
		s.Mean = values[0]
		return s, nil
	}
	s.Mean, s.Std = stat.MeanStdDev(values, nil)
	return s, nil
}
