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
		{"cb", Counts{225, 25, 56}, 28}, {"rte", Counts{2241, 249, 277}, 146}, {"boolq", Counts{8484, 943, 3270}, 2033},
		{"wic", Counts{4885, 543, 638}, 319}, {"wsc", Counts{498, 56, 104}, 66}, {"cola", Counts{7695, 856, 1043}, 721},
		{"sst2", Counts{60614, 6735, 872}, 444}, {"mrpc", Counts{3301, 367, 408}, 279}, {"amazon", Counts{27000, 3000, 38905}, 0},
		{"dynasent", Counts{0, 0, 4320}, 0}, {"semeval", Counts{0, 0, 20632}, 0}, {"sst5", Counts{0, 0, 1067}, 0},
		{"boolq-standin", Counts{2187, 243, 840}, 0}, {"amazon-standin", Counts{2645, 294, 700}, 0},
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
