package session

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/study"
)

// A run is the same whether the store has the validation rows' features at its start or not.
func TestTrainingTakesFeaturesThatAreThere(t *testing.T) {
	for _, m := range []study.Method{study.FT, study.LoRA} {
		run := study.Spec{Task: "toy", Method: m, Seed: 1001}
		alone := open(t, t.TempDir(), 1001)
		want, err := alone.Train(t.Context(), run)
		require.NoError(t, err)
		none, err := alone.valFeatures(t.Context(), "toy")
		require.NoError(t, err)
		require.Nil(t, none)

		after := open(t, t.TempDir(), 1001)
		_, err = after.PretrainedFeatures(t.Context(), "toy")
		require.NoError(t, err)
		there, err := after.valFeatures(t.Context(), "toy")
		require.NoError(t, err)
		require.NotEmpty(t, there)
		got, err := after.Train(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, want.Outcome, got.Outcome)
	}
}
