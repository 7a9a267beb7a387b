package report

import (
	"fmt"
	"math"
	"strings"
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
	sign := ""
	if strings.HasPrefix(exponent, "-") {
		sign = "⁻"
	}
	digits := strings.TrimLeft(exponent, "+-0")
	return mantissa + "·10" + sign + superscripts.Replace(digits)
}

var superscripts = strings.NewReplacer("0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")
