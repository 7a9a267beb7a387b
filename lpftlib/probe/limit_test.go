package probe

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// A fit that ends at MaxIter leaves a trace, of the cross-validation or the final one; a record of before has none.
func TestLimitIsRecorded(t *testing.T) {
	x, y := transformerLike(60, 5, 3)
	for _, stop := range stops {
		o := Options{Kappas: []float64{1, 100}, Folds: 3, Stop: stop}
		enough, err := Fit(context.Background(), x, y, 3, o)
		require.NoError(t, err)
		require.Zero(t, *enough.FoldsAtLimit)
		require.False(t, *enough.AtLimit())
		o.MaxIter = 1
		short, err := Fit(context.Background(), x, y, 3, o)
		require.NoError(t, err)
		require.Positive(t, *short.FoldsAtLimit)
		require.LessOrEqual(t, *short.FoldsAtLimit, 6)
		require.True(t, *short.AtLimit())
	}
	var old Fitted
	require.NoError(t, json.Unmarshal([]byte(`{"iterations": 3, "converged": true}`), &old))
	require.Nil(t, old.AtLimit())
	require.NoError(t, json.Unmarshal([]byte(`{"iterations": 5000, "converged": false}`), &old))
	require.True(t, *old.AtLimit())
}
