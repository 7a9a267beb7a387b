package grid

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSummary(t *testing.T) {
	job := func(kind, label string, level int) Job { return Job{Kind: kind, Label: label, Level: level} }
	all := []Standing{
		{job("training", "FT cb, seed 1", 1), Failed, "exit status 1"}, {job("features", "features of cb", 0), Done, ""},
		{job("training", "LoRA cb, seed 1", 1), Running, ""}, {job("report", "report", 2), Left, ""},
	}
	require.Equal(t, "1 of 4 done, 1 running, 1 left, 1 failed: FT cb, seed 1 (exit status 1)", Summary(all))
	require.Equal(t, "1 of 1 done", Summary(all[1:2]))
	kinds, counts := ByKind(all)
	require.Equal(t, []string{"features", "training", "report"}, kinds)
	require.Equal(t, map[State]int{Failed: 1, Running: 1}, counts["training"])
	for range 9 {
		all = append(all, all[0])
	}
	require.Contains(t, Summary(all), "10 failed: ")
	require.Contains(t, Summary(all), ", …")
}
