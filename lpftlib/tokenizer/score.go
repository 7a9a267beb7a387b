package tokenizer

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// score is a number as tokenizers reads it and as everyone else does. Its JSON reader
// (serde_json, without float_roundtrip) rounds twice, so the last bit of a number with more
// than 15 digits may differ, and with it which of two equally good rows of pieces is taken.
type score struct{ twice, exact float64 }

func (s *score) UnmarshalJSON(b []byte) (err error) {
	text := string(b)
	if s.exact, err = strconv.ParseFloat(text, 64); err != nil {
		return fmt.Errorf("the score %.40s is no number in range", text)
	}
	if s.twice, err = roundTwice(text); err != nil {
		return fmt.Errorf("the score %.40s is not in range", text)
	}
	return nil
}

// roundTwice reads a JSON number: its digits, as many as 64 bits hold, are rounded to a
// float64, and then once more by the power of ten.
func roundTwice(text string) (float64, error) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	digits, negative := strings.CutPrefix(mantissa, "-")
	significand, power := leadingDigits(digits)
	if exponent != "" {
		e, err := strconv.Atoi(exponent)
		if err != nil {
			return 0, err
		}
		power += e
	}
	f := float64(significand)
	for ; power < -308 && f != 0; power += 308 {
		f /= 1e308
	}
	switch {
	case f == 0:
	case power > 308:
		return 0, strconv.ErrRange
	case power >= 0:
		f *= powerOfTen(power)
	default:
		f /= powerOfTen(-power)
	}
	if math.IsInf(f, 0) {
		return 0, strconv.ErrRange
	}
	if negative {
		f = -f
	}
	return f, nil
}

// leadingDigits returns what of the digits fits into 64 bits, and the power of ten that the
// result is short of.
func leadingDigits(digits string) (significand uint64, power int) {
	const limit = math.MaxUint64
	whole, fraction, _ := strings.Cut(digits, ".")
	full := false
	for i, c := range whole + fraction {
		digit := uint64(c - '0')
		full = full || significand > limit/10 || significand == limit/10 && digit > limit%10
		switch {
		case !full:
			significand = significand*10 + digit
			if i >= len(whole) {
				power--
			}
		case i < len(whole):
			power++
		}
	}
	return significand, power
}

func powerOfTen(n int) float64 {
	f, _ := strconv.ParseFloat("1e"+strconv.Itoa(n), 64)
	return f
}
