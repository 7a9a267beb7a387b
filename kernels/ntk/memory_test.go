package ntk

import (
	"context"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// The budget that an error names is enough.
func TestTheLeastBudgetWorks(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "bert-2")
	v0, train := randomHead(3, w.Config.Hidden, 4), randomTexts(w.Config, trainLengths, 1)
	m := &Model{Weights: w}
	for _, memory := range []int64{-1 << 40, -1, 1, 4096} {
		_, err := Compute(context.Background(), m, v0, train, nil, Options{Backend: be, Memory: memory})
		require.Error(t, err)
		found := regexp.MustCompile(`needs (\d+) MiB at least$`).FindStringSubmatch(err.Error())
		require.Len(t, found, 2, err.Error())
		least, err := strconv.ParseInt(found[1], 10, 64)
		require.NoError(t, err)
		_, err = Compute(context.Background(), m, v0, train, nil, Options{Backend: be, Memory: least << 20})
		require.NoError(t, err)
	}
}

func TestSizesOfMessages(t *testing.T) {
	for bytes, want := range map[int64][2]string{
		1:                   {"1 bytes", "1 MiB"},
		1 << 20:             {"1 MiB", "1 MiB"},
		1<<20 + 1:           {"1 MiB", "2 MiB"},
		1<<30 - 1:           {"1023 MiB", "1.0 GiB"},
		1 << 30:             {"1.0 GiB", "1.0 GiB"},
		1<<30 + 1:           {"1.0 GiB", "1.1 GiB"},
		5<<30 + 512<<20 + 1: {"5.5 GiB", "5.6 GiB"},
	} {
		require.Equal(t, want, [2]string{sizeDown(bytes), sizeUp(bytes)}, "%d", bytes)
	}
}

// Half of the smallest card's memory is a kernel's where nothing else is asked for: a process does not ask which card is its own.
func TestSmallestCard(t *testing.T) {
	bytes, ok := smallest("143771\n81559\n")
	require.True(t, ok)
	require.EqualValues(t, 81559<<20, bytes)
	for _, said := range []string{"", "[N/A]\n", "143771\n[Insufficient Permissions]\n", "-1\n"} {
		_, ok := smallest(said)
		require.False(t, ok, said)
	}
}
