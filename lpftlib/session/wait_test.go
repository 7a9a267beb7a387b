package session

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
)

// A wait shows who computes and how far that is, as one bar from its begin to its end.
func TestWaitUpdate(t *testing.T) {
	now := time.Now()
	host, err := os.Hostname()
	require.NoError(t, err)
	w := store.Wait{Label: "FT cb, seed 1", Since: now.Add(-time.Minute), Holder: store.Holder{Host: host, PID: 7}}
	first := WaitUpdate(w)
	require.Equal(t, "waiting for process 7, which computes FT cb, seed 1  0/1 steps", first.Line(now))

	say := func(u progress.Update) string {
		text, err := json.Marshal(u)
		require.NoError(t, err)
		return string(text)
	}
	w.Progress = say(progress.Update{ID: "theirs", Label: "FT cb, seed 1", Done: 20, Total: 70, Unit: "steps", Note: "loss 0.93", Started: now.Add(-10 * time.Second)})
	second := WaitUpdate(w)
	require.Equal(t, first.ID, second.ID)
	require.Equal(t, "waiting for process 7, which computes FT cb, seed 1  20/70 steps  2 steps/s  left 25s  loss 0.93", second.Line(now))

	w.Host = "node3"
	w.Progress = say(progress.Update{Label: "features of cb", Done: 1, Total: 2, Unit: "rows"})
	require.Contains(t, WaitUpdate(w).Label, "process 7 on node3, which computes FT cb, seed 1, now at features of cb")
	w.Over = true
	require.Contains(t, WaitUpdate(w).Line(now), "in 1m0s")
}

// How far a session is reaches those who wait for what it computes.
func TestProgressReachesThoseWhoWait(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	step, err := s.TheoryStep("a page", 1)
	require.NoError(t, err)
	heard := make(chan store.Wait, 100)
	other, err := store.Open(s.Store.Dir())
	require.NoError(t, err)
	other.OnWait(func(w store.Wait) { heard <- w })
	_, err = s.Store.Do(t.Context(), step, func(_ context.Context, w *store.Work) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error, 1)
		go func() {
			_, err := other.Do(ctx, step, func(context.Context, *store.Work) error { return nil })
			ended <- err
		}()
		<-heard
		bar := progress.Start(s.opt.Progress, "a page", 70, "steps")
		said := WaitUpdate(<-heard)
		require.Equal(t, 70, said.Total)
		bar.Done()
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		return w.WriteJSON("result.json", 1)
	})
	require.NoError(t, err)
}
