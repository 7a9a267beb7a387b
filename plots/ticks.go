package plots

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// linearTicks places about `about` labelled ticks at steps of 1, 2, 2.5 or 5 times a power of ten.
type linearTicks struct {
	about   int
	integer bool // no step below 1: epochs, indices
}

// Ticks implements plot.Ticker.
func (t linearTicks) Ticks(lo, hi float64) []plot.Tick {
	step := niceStep((hi - lo) / float64(t.about))
	if t.integer && step != math.Trunc(step) { // 2.5 becomes 2, anything below 1 becomes 1
		step = math.Max(1, math.Floor(step))
	}
	decimals := 0
	for d := step; decimals < 9 && math.Abs(d-math.Round(d)) > 1e-6*d; d *= 10 {
		decimals++
	}
	// A narrow range around a larger number needs its decimals: only then do labels differ.
	tiny := math.Max(math.Abs(lo), math.Abs(hi)) < 0.01
	var ticks []plot.Tick
	for i := math.Ceil(lo/step - 1e-9); i*step <= hi+1e-9*step; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: linearLabel(i*step, decimals, tiny)})
	}
	return ticks
}

func linearLabel(v float64, decimals int, tiny bool) string {
	if v != 0 && (decimals > 4 && tiny || math.Abs(v) >= 1e5) {
		return scientific(v)
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Trim(s, "-0.") == "" {
		return "0"
	}
	return strings.Replace(s, "-", "−", 1)
}

// niceStep rounds a step up to 1, 2, 2.5 or 5 times a power of ten.
func niceStep(raw float64) float64 {
	mag := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, f := range []float64{1, 2, 2.5, 5} {
		if raw <= f*mag*(1+1e-9) {
			return f * mag
		}
	}
	return 10 * mag
}

// logTicks labels powers of ten (at most `about` of them) and, where fewer than two lie in the range,
// also their double and fivefold.
type logTicks struct{ about int }

// Ticks implements plot.Ticker.
func (t logTicks) Ticks(lo, hi float64) []plot.Tick {
	first := int(math.Floor(math.Log10(lo) + 1e-9))
	last := int(math.Ceil(math.Log10(hi) - 1e-9))
	inside := 0
	for e := first; e <= last; e++ {
		if v := math.Pow10(e); v >= lo*(1-1e-9) && v <= hi*(1+1e-9) {
			inside++
		}
	}
	every := (inside-1)/max(t.about, 2) + 1
	var ticks []plot.Tick
	for e := first; e <= last; e++ {
		for m := 1; m <= 9; m++ {
			v := float64(m) * math.Pow10(e)
			if v < lo*(1-1e-9) || v > hi*(1+1e-9) {
				continue
			}
			tick := plot.Tick{Value: math.Min(math.Max(v, lo), hi)}
			if m == 1 && e%every == 0 || inside < 2 && (m == 1 || m == 2 || m == 5) {
				tick.Label = logLabel(m, e, first, last)
			}
			ticks = append(ticks, tick)
		}
	}
	return ticks
}

// logLabel prints plain numbers while the whole axis stays within 0.01 … 10000, powers of ten elsewhere.
func logLabel(m, e, first, last int) string {
	if first >= -2 && last <= 4 {
		return strconv.FormatFloat(float64(m)*math.Pow10(e), 'g', -1, 64)
	}
	if m == 1 {
		return fmt.Sprintf("10^{%d}", e)
	}
	return fmt.Sprintf("%d·10^{%d}", m, e)
}

// shortNumber prints v with three significant digits, for the labels of bars.
func shortNumber(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0"
	case a >= 1e5 || a < 1e-3:
		return scientific(v)
	default:
		return strconv.FormatFloat(v, 'f', max(0, 2-int(math.Floor(math.Log10(a)))), 64)
	}
}

// scientific prints v with up to three digits and a power of ten: "2.5·10^{6}".
func scientific(v float64) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 2, 64), "e")
	mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	e, _ := strconv.Atoi(exponent) // FormatFloat writes a number there
	return strings.Replace(fmt.Sprintf("%s·10^{%d}", mantissa, e), "-", "−", strings.Count(mantissa, "-"))
}
