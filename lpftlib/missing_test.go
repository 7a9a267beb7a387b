package lpftlib

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A cell says what it is about to compute and which command makes it, and nothing once it is there.
func TestMissingRunsAreAnnounced(t *testing.T) {
	s := toy(t, 1, 2)
	item, err := ItemByID("table8")
	require.NoError(t, err)
	text, err := toCompute(t.Context(), s, item)
	require.NoError(t, err)
	require.Regexp(t, `^(\d+) of \d+ steps are not there yet: about \S+s here\. The same without a notebook: `, text)
	require.Contains(t, text, "lpft reproduce --profile smoke --tasks toy --seeds 1,2 --only table8")
	state, err := stateOf(t.Context(), s, item)
	require.NoError(t, err)
	require.Contains(t, state, "steps to compute: <code>lpft reproduce --profile smoke --tasks toy --seeds 1,2 --only table8</code>")

	_, err = item.Build(t.Context(), s)
	require.NoError(t, err)
	text, err = toCompute(t.Context(), s, item)
	require.NoError(t, err)
	require.Empty(t, text)

	item, err = ItemByID("table7")
	require.NoError(t, err)
	text, err = toCompute(t.Context(), s, item)
	require.NoError(t, err)
	require.Empty(t, text, "has no runs")
}
