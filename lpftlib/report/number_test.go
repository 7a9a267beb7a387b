package report

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumbersOfAColumnAreWrittenAlike(t *testing.T) {
	for _, c := range []struct {
		v      float64
		digits int
		want   string
	}{
		{0.95123, 3, "0.951"}, {81396.793, 3, "81396.793"}, {0, 2, "0.00"}, {-3, 1, "-3.0"},
		{8.14e7, 3, "8.14·10⁷"}, {2.34e-5, 3, "2.34·10⁻⁵"}, {-1.5e12, 0, "-1.50·10¹²"},
	} {
		require.Equal(t, c.want, Fixed(c.v, c.digits))
	}
	require.Equal(t, "+0.5", Signed(0.5, 1))
	require.Equal(t, "-0.5", Signed(-0.5, 1))
}
