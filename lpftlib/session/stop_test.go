package session

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/probe"
	"lpft/lpftlib/study"
)

// Keys of probes at the minimiser are those from before there was another rule; another rule is another key.
func TestStopIsPartOfTheKey(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	require.Equal(t, probe.StopExact, s.Profile.Stop)
	inputs := func() string {
		step, err := s.probeStep(t.Context(), "toy", 1001)
		require.NoError(t, err)
		text, err := json.Marshal(step.Inputs)
		require.NoError(t, err)
		return string(text)
	}
	exact := inputs()
	require.NotContains(t, exact, "stop")
	fitted, err := s.Probe(t.Context(), "toy", 1001)
	require.NoError(t, err)
	require.Empty(t, fitted.Stop)
	exactNote := s.StartNote(study.LPFT)

	s.Profile.Stop = probe.StopSklearn10
	require.Contains(t, inputs(), `"stop":"sklearn-1.0"`)
	early, err := s.Probe(t.Context(), "toy", 1001)
	require.NoError(t, err)
	require.Equal(t, probe.StopSklearn10, early.Stop)
	require.NotEqual(t, fitted.Head.Norm(), early.Head.Norm())
	require.NotEqual(t, exactNote, s.StartNote(study.LPFT))
	require.Empty(t, s.stopOf(study.FT), "fine-tuning from a random head does not depend on linear probing")

	stats, err := s.pretrainStatStep(t.Context(), "toy", 1001)
	require.NoError(t, err)
	require.Equal(t, "sklearn-1.0", stats.Inputs.(pretrainInputs).Stop)
}
