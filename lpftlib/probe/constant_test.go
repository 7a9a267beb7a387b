package probe

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// Features that tell nothing, in all rows or in all rows that a fold trains on, have scikit-learn's answer at once:
// V = 0 and the classes' shares.
func TestConstantFeaturesAreScikitLearn(t *testing.T) {
	var cases []oracle
	readFixture(t, "constant", &cases)
	for _, want := range cases {
		t.Run(want.Name, func(t *testing.T) {
			head, err := Fit(context.Background(), dense(want.X), want.Y, want.Classes, Options{})
			require.NoError(t, err)
			require.Equal(t, want.FoldScores, head.FoldScores)
			require.InEpsilon(t, want.Kappa, head.Kappa, 1e-14)
			require.InDeltaSlice(t, dense(want.Weight).RawMatrix().Data, head.Head.Weight(), 1e-6)
			require.InDeltaSlice(t, want.Bias, head.Head.B, 1e-5)
			require.True(t, head.Converged)
		})
	}
}

// The same objective in its other forms: one row for two classes, and halved.
func TestConstantFeaturesOfTwoClasses(t *testing.T) {
	x, y := mat.NewDense(10, 2, nil), []int{0, 1, 1, 1, 0, 1, 1, 1, 0, 1}
	whole, err := Fit(context.Background(), x, y, 2, Options{})
	require.NoError(t, err)
	require.Equal(t, make([]float64, 4), whole.Head.Weight())
	require.InDelta(t, 0.8472978603872037, whole.Head.B[1]-whole.Head.B[0], 1e-15) // log 7/3
	one, err := Fit(context.Background(), x, y, 2, Options{Binomial: true})
	require.NoError(t, err)
	require.InDeltaSlice(t, whole.Head.B, one.Head.B, 1e-15)
	half, err := Fit(context.Background(), x, y, 2, Options{PaperCompatible: true})
	require.NoError(t, err)
	require.Equal(t, whole.Head.B[1]/2, half.Head.B[1])
}
