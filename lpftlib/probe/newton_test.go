package probe

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// At the reported head the gradient of the objective in the features as they are, V/κ − Σδφᵀ and Σδ, is as good as zero:
// where the classes overlap, and where they can be separated and only the penalty bounds V.
func TestGradientAtTheReportedHead(t *testing.T) {
	for kind, n := range map[string]int{"overlapping": 600, "separable": 600, "encoder": 300} {
		for _, kappa := range []float64{1e-3, 1, 1e3} {
			x, y := benchData(kind, n, 12, 2)
			fitted, err := Fit(context.Background(), x, y, 2, Options{Kappas: []float64{kappa}})
			require.NoError(t, err)
			require.True(t, fitted.Converged)

			data := &coordinates{x: x}
			p := newProblem(data, &separate{data: data, workers: 1}, 0, y, 2, twoRows)
			p.setKappa(kappa)
			gradient := make([]float64, p.size())
			p.value(append(append([]float64(nil), fitted.Head.Weight()...), fitted.Head.B...), gradient)
			require.Less(t, norm(p.weights(gradient)), 1e-8*fitted.Head.Norm()/kappa, "%s, κ = %g", kind, kappa)
			require.Less(t, norm(gradient[2*12:])/float64(n), 1e-9, "%s, κ = %g", kind, kappa)
		}
	}
}
