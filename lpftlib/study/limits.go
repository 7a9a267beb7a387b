package study

import (
	"fmt"
	"strings"
)

// Limits counts, over the seeds of an average, what ended at a limit of iterations instead of where it should.
type Limits struct {
	Probe       int `json:"probe"`       // linear probes with a fit that ended at its limit, of the cross-validation or the last
	Temperature int `json:"temperature"` // searches of the published temperature
	Unknown     int `json:"unknown"`     // linear probes of a version that did not record it
	Seeds       int `json:"seeds"`
}

// limitsOf counts the limits of runs that differ in the seed only.
func limitsOf(rows []Measures) Limits {
	l := Limits{Seeds: len(rows)}
	for i := range rows {
		m := &rows[i]
		switch {
		case m.ProbeAtLimit != nil && *m.ProbeAtLimit:
			l.Probe++
		case m.ProbeAtLimit == nil && (m.Method == LP || m.Method.StartsFromLP()):
			l.Unknown++
		}
		if m.Published != nil && m.Published.Temperature.AtLimit {
			l.Temperature++
		}
	}
	return l
}

// String is a cell of a table: "no", "probe 1/3", "probe 1/3, T 3/3", "probe unknown 3/3".
func (l Limits) String() string {
	var parts []string
	for _, part := range []struct {
		name  string
		count int
	}{{"probe", l.Probe}, {"probe unknown", l.Unknown}, {"T", l.Temperature}} {
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf("%s %d/%d", part.name, part.count, l.Seeds))
		}
	}
	if parts == nil {
		return "no"
	}
	return strings.Join(parts, ", ")
}
