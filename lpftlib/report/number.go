package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"lpft/lpftlib/paper"
)

// Fixed is a number with so many digits after the point: all numbers of a column are written alike. Only one that
// this would write with more than six digits before the point, or as zero, is given three digits and a power of ten.
func Fixed(v float64, digits int) string {
	size := math.Abs(v)
	if size >= 1e6 || (size > 0 && size < 0.5*math.Pow10(-digits)) {
		return power(fmt.Sprintf("%.2e", v))
	}
	return fmt.Sprintf("%.*f", digits, v)
}

// Signed is a difference, like [Fixed].
func Signed(v float64, digits int) string {
	if v < 0 {
		return Fixed(v, digits)
	}
	return "+" + Fixed(v, digits)
}

// power writes 8.14e+04 as 8.14·10⁴.
func power(text string) string {
	mantissa, exponent, _ := strings.Cut(text, "e")
	n, err := strconv.Atoi(exponent)
	if err != nil {
		return text // infinite, or no number
	}
	return mantissa + "·" + paper.PowerOfTen(n)
}
