package progress

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Rate and time left count from where a resumed run began.
func TestLineTellsRateAndTimeLeft(t *testing.T) {
	now := time.Unix(1000, 0)
	u := Update{Label: "FT cb", Done: 30, Total: 70, From: 10, Unit: "steps", Started: now.Add(-10 * time.Second), Note: "loss 0.5"}
	require.Equal(t, "FT cb  30/70 steps  2 steps/s  left 20s  loss 0.5", u.Line(now))
	u.Ended = true
	require.Equal(t, "FT cb  30/70 steps  2 steps/s  in 10s  loss 0.5", u.Line(now))
	u.Stopped = true
	require.Equal(t, "FT cb  stopped at step 30 of 70; run the cell again to continue", u.Line(now))
	_, known := Update{Total: 5, Started: now}.Left(now)
	require.False(t, known)
}

// Updates that one process writes reach another that follows the file, torn lines apart.
func TestFollowSeesWhatFileWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.jsonl")
	sink, err := File(path)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan Update, 10)
	done := make(chan error, 1)
	go func() { done <- Follow(ctx, path, func(u Update) { got <- u }) }()
	task := Start(sink, "features", 3, "rows")
	task.Done()
	require.Equal(t, "features", (<-got).Label)
	require.True(t, (<-got).Ended)
	cancel()
	require.NoError(t, <-done)
}
