package task

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestToy(t *testing.T) {
	toy, err := Load(background, "toy", Options{})
	require.NoError(t, err)
	ood, err := Load(background, "toy-ood", Options{})
	require.NoError(t, err)
	require.Equal(t, Counts{Train: toyTrainRows * 9 / 10, Val: toyTrainRows / 10, Test: toyTestRows}, toy.Counts())
	require.Equal(t, Counts{Test: toyTestRows}, ood.Counts())
	require.Equal(t, "toy", ood.Task.TrainedOn)
	require.False(t, toy.StandIn)

	// No pair occurs twice, in one set or in two.
	seen := map[string]bool{}
	for _, split := range [][]Example{toy.Train, toy.Val, toy.Test, ood.Test} {
		var sizes [3]int
		for _, e := range split {
			require.True(t, e.Pair)
			require.Regexp(t, `^[A-Z][^{}]*[^ ,]\.$`, e.A)
			require.Regexp(t, `^[A-Z][^{}]*[^ ,]\.$`, e.B)
			require.NotContains(t, seen, e.A+"\n"+e.B)
			seen[e.A+"\n"+e.B] = true
			sizes[e.Label]++
		}
		for _, n := range sizes {
			require.InDelta(t, len(split)/3, n, float64(len(split))/10+1, "classes in about equal parts")
		}
	}
}

// TestToyStaysTheSame pins the rows: results with the toy task are comparable over versions.
func TestToyStaysTheSame(t *testing.T) {
	for id, want := range map[string]string{"toy": toyDigest, "toy-ood": toyOODDigest} {
		d, err := Load(background, id, Options{})
		require.NoError(t, err)
		require.Equal(t, want, d.Digest, id)
	}
}

const (
	toyDigest    = "ca670e3ca8e5dbf711530771da9ab34eebf1a7c7e41be0b00e0e3bc3e6a5abc5"
	toyOODDigest = "597af90d192a731350ee59ffac5ab91dc75af086bc2ebb49e04ef26e2ab42ab5"
)
