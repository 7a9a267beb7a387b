package items

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A cell says what it is about to compute and which command makes it, and nothing once it is there.
func TestMissingRunsAreAnnounced(t *testing.T) {
	s := toyIn(t, t.TempDir(), 1)
	item, err := ByID("table8")
	require.NoError(t, err)
	text, err := Announce(t.Context(), s, item)
	require.NoError(t, err)
	require.Regexp(t, `^(\d+) of \d+ steps are not there yet: about \S+s here\. The same without a notebook: `, text)
	require.Contains(t, text, "lpft reproduce --profile smoke --tasks toy --seeds 1 --only table8")
	state, err := StateOf(t.Context(), s, item)
	require.NoError(t, err)
	require.Contains(t, state.String(), "steps to compute: lpft reproduce --profile smoke --tasks toy --seeds 1 --only table8")

	_, err = item.Build(t.Context(), s, nil)
	require.NoError(t, err)
	text, err = Announce(t.Context(), s, item)
	require.NoError(t, err)
	require.Empty(t, text)
	state, err = StateOf(t.Context(), s, item)
	require.NoError(t, err)
	require.Equal(t, "cached", state.String())

	item, err = ByID("table7")
	require.NoError(t, err)
	text, err = Announce(t.Context(), s, item)
	require.NoError(t, err)
	require.Empty(t, text, "has no runs")
}
