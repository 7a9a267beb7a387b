package command

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseMemory(t *testing.T) {
	for text, want := range map[string]int64{"2GiB": 2 << 30, "500MiB": 500 << 20, "1.5 GB": 1.5e9, "123": 123, "7B": 7, "0": 0, "0.2B": 0, "-1GiB": -1 << 30} {
		got, err := parseMemory(text)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "GiB", "2 apples", "NaN", "Inf", "1e99GiB", "-1e99GiB"} {
		_, err := parseMemory(text)
		require.ErrorContains(t, err, "such as 2GiB", text)
	}
}
