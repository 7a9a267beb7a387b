package measure

import (
	"encoding/json"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
)

// Spread is a mean over seeds with its deviation. In JSON it is {"mean", "std", "n"}.
type Spread struct {
	Mean float64
	Std  float64 // the sample standard deviation √(Σ(x−mean)²/(n−1)); NaN, in JSON null, for one value: it has none
	N    int
}

// stored is a spread as JSON.
type stored struct {
	Mean float64  `json:"mean"`
	Std  *float64 `json:"std"`
	N    int      `json:"n"`
}

// MarshalJSON writes null for the deviation of one value.
func (s Spread) MarshalJSON() ([]byte, error) {
	out := stored{Mean: s.Mean, N: s.N}
	if !math.IsNaN(s.Std) {
		out.Std = &s.Std
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Spread) UnmarshalJSON(data []byte) error {
	var in stored
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*s = Spread{Mean: in.Mean, Std: math.NaN(), N: in.N}
	if in.Std != nil {
		s.Std = *in.Std
	}
	return nil
}

// Summarise returns the mean and the sample standard deviation of the values of one metric over seeds. One value has no deviation.
func Summarise(values []float64) (Spread, error) {
	if len(values) == 0 {
		return Spread{}, fmt.Errorf("measure: spread: no values: expected one a seed")
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Spread{}, fmt.Errorf("measure: spread: value %d is %v: expected finite numbers", i, v)
		}
	}
	s := Spread{Mean: values[0], Std: math.NaN(), N: len(values)}
	if s.N > 1 {
		s.Mean, s.Std = stat.MeanStdDev(values, nil)
	}
	return s, nil
}
