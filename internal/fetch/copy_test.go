package fetch

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A body is taken as long as the limits say, and no longer, shorter or slower.
func TestCopy(t *testing.T) {
	take := func(body io.Reader, limits Limits) (string, error) {
		limits.Stall = 200 * time.Millisecond
		var out bytes.Buffer
		err := Copy(context.Background(), &out, io.NopCloser(body), limits, func(int64) {})
		return out.String(), err
	}
	for _, c := range []struct {
		text   string
		limits Limits
		want   string
	}{
		{"12345", Limits{Size: 5, Max: 9}, ""},
		{"12345", Limits{Size: -1, Max: 5}, ""},
		{"", Limits{Size: 0, Max: 5}, ""},
		{"12345", Limits{Size: 6, Max: 9}, "ends after 5 of 6 bytes"},
		{"12345", Limits{Size: 4, Max: 9}, "goes on after 4 bytes"},
		{"12345", Limits{Size: -1, Max: 4}, "goes on after 4 bytes"},
		{"12345", Limits{Size: 10, Max: 9}, "at most 9 are expected"},
	} {
		got, err := take(strings.NewReader(c.text), c.limits)
		if c.want == "" {
			require.NoError(t, err)
			require.Equal(t, c.text, got)
		} else {
			require.ErrorContains(t, err, c.want)
		}
	}
	out, in := io.Pipe()
	defer in.Close()
	err := Copy(context.Background(), io.Discard, out, Limits{Size: -1, Max: 9, Stall: 100 * time.Millisecond}, func(int64) {})
	require.ErrorIs(t, err, errStall)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	out, again := io.Pipe()
	defer again.Close()
	require.ErrorIs(t, Copy(ctx, io.Discard, out, Limits{Size: -1, Max: 9, Stall: time.Minute}, func(int64) {}), context.Canceled)
}
