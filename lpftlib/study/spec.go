package study

import "fmt"

// Spec names one run: a method on a task with a seed, and what was done to the head before
// the FT stage.
type Spec struct {
	Task    string  `json:"task"`
	Method  Method  `json:"method"`
	Seed    uint64  `json:"seed"`
	Scaling Scaling `json:"scaling,omitzero"`
	Rates   Rates   `json:"-"` // batch and learning rate instead of the profile's; zero: the profile's
}

// String is the run in words.
func (s Spec) String() string {
	text := fmt.Sprintf("%s %s, seed %d", s.Method.Title(), s.Task, s.Seed)
	if s.Scaling != (Scaling{}) {
		text += ", " + s.Scaling.String()
	}
	if s.Rates != (Rates{}) {
		text += ", " + s.Rates.String()
	}
	return text
}

// Scaling is norm scaling of the head V before the FT stage (docs/protocol.md, Norm scaling, Figures 3, 10
// and 11). The paper's words fit two readings: A sets ‖V‖_F to Norm, B multiplies V by it. The
// bias is left alone. The zero value scales nothing.
type Scaling struct {
	Norm    float64 `json:"norm"`
	Reading string  `json:"reading"` // "A" or "B"
}

// ParseScaling checks a norm and a reading; "" is reading A.
func ParseScaling(norm float64, reading string) (Scaling, error) {
	if reading == "" {
		reading = "A"
	}
	if reading != "A" && reading != "B" {
		return Scaling{}, fmt.Errorf("reading %q of norm scaling is not known: A sets ‖V‖ to the norm, B multiplies V by it", reading)
	}
	if !(norm > 0) || norm > 1e6 {
		return Scaling{}, fmt.Errorf("norm %g: expected a positive number up to 1e6", norm)
	}
	return Scaling{norm, reading}, nil
}

// String is the scaling in words, "" for none.
func (s Scaling) String() string {
	switch s.Reading {
	case "":
		return ""
	case "B":
		return fmt.Sprintf("V times %g", s.Norm)
	}
	return fmt.Sprintf("‖V‖ set to %g", s.Norm)
}

// Check refuses what cannot be run.
func (s Spec) Check() error {
	if s.Scaling != (Scaling{}) && !s.Method.Trains() {
		return fmt.Errorf("%s: the head is scaled before the FT stage, which %s does not have", s, s.Method.Title())
	}
	return nil
}
