package task

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRealFiles checks counts, and the size of the largest test class, against the
// published files. Set LPFT_DATA to the folder that holds them.
func TestRealFiles(t *testing.T) {
	dir := os.Getenv("LPFT_DATA")
	if dir == "" {
		t.Skip("LPFT_DATA is not set: no folder of original files")
	}
	for _, c := range []struct {
		id       string
		counts   Counts
		majority int // 0: not known
	}{
		{"cb", Counts{Train: 225, Val: 25, Test: 56}, 28}, {"rte", Counts{Train: 2241, Val: 249, Test: 277}, 146}, {"boolq", Counts{Train: 8484, Val: 943, Test: 3270}, 2033},
		{"wic", Counts{Train: 4885, Val: 543, Test: 638}, 319}, {"wsc", Counts{Train: 498, Val: 56, Test: 104}, 66}, {"cola", Counts{Train: 7695, Val: 856, Test: 1043}, 721},
		{"sst2", Counts{Train: 60614, Val: 6735, Test: 872}, 444}, {"mrpc", Counts{Train: 3301, Val: 367, Test: 408}, 279}, {"amazon", Counts{Train: 27000, Val: 3000, Test: 38905}, 0},
		{"dynasent", Counts{Train: 0, Val: 0, Test: 4320}, 0}, {"semeval", Counts{Train: 0, Val: 0, Test: 20632}, 0}, {"sst5", Counts{Train: 0, Val: 0, Test: 1067}, 0},
		{"boolq-standin", Counts{Train: 2187, Val: 243, Test: 840}, 0}, {"amazon-standin", Counts{Train: 2645, Val: 294, Test: 700}, 0},
	} {
		t.Run(c.id, func(t *testing.T) {
			d, err := Load(background, c.id, offline(t, dir))
			if err != nil {
				task, errGet := Get(c.id)
				require.NoError(t, errGet)
				_, err2 := fromFolder(task, dir)
				var absent *absentError
				require.ErrorAs(t, err2, &absent, "a folder that is there must load")
				t.Skip(err)
			}
			require.Equal(t, c.counts, d.Counts())
			var sizes [5]int
			for _, e := range d.Test {
				require.NotEmpty(t, e.A)
				sizes[e.Label]++
			}
			if c.majority > 0 {
				require.Equal(t, c.majority, max(sizes[0], sizes[1], sizes[2]))
			}
			require.Len(t, d.Digest, 64)
			t.Log(d.Source, d.Digest)
		})
	}
}
