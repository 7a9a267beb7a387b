package probe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/npy"
)

// benchShapes are the LP problems of RTE, CoLA and CB at RoBERTa-base's width.
var benchShapes = []struct{ n, h, classes int }{{2241, 768, 2}, {7695, 768, 2}, {225, 768, 3}}

// BenchmarkFit times the whole cross-validation and the refit. With PROBE_BENCH_DIR set it leaves the features
// there as .npy files, for bench/peers/logreg_bench.py to time scikit-learn on the same ones.
func BenchmarkFit(b *testing.B) {
	for _, s := range benchShapes {
		name := fmt.Sprintf("N=%d,h=%d,C=%d", s.n, s.h, s.classes)
		b.Run(name, func(b *testing.B) {
			x, y := transformerLike(s.n, s.h, s.classes)
			if dir := os.Getenv("PROBE_BENCH_DIR"); dir != "" {
				labels := make([]int64, len(y))
				for i, c := range y {
					labels[i] = int64(c)
				}
				require.NoError(b, npy.WriteNpy(filepath.Join(dir, name+",x.npy"), []int{s.n, s.h}, x.RawMatrix().Data))
				require.NoError(b, npy.WriteNpy(filepath.Join(dir, name+",y.npy"), []int{s.n}, labels))
			}
			for b.Loop() {
				head, err := Fit(context.Background(), x, y, s.classes, Options{})
				require.NoError(b, err)
				b.ReportMetric(head.Head.Norm(), "norm")
				b.ReportMetric(head.Kappa, "kappa")
			}
		})
	}
}
