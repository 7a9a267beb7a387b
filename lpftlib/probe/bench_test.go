package probe

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/npy"
)

// benchCases are LP problems at RoBERTa-base's width: features like an encoder's at the sizes of RTE, CoLA and CB, and
// Gaussian ones up to the size of SST-2.
var benchCases = []struct {
	kind          string
	n, h, classes int
}{
	{"encoder", 2241, 768, 2}, {"encoder", 7695, 768, 2}, {"encoder", 225, 768, 3},
	{"overlapping", 5000, 768, 2}, {"overlapping", 20000, 768, 2}, {"overlapping", 60614, 768, 2},
	{"separable", 5000, 768, 2}, {"separable", 20000, 768, 2}, {"separable", 60614, 768, 2},
}

// benchData makes features and labels of a kind.
func benchData(kind string, n, h, classes int) (*mat.Dense, []int) {
	switch kind {
	case "overlapping":
		return twoGaussians(n, h, 1)
	case "separable":
		return twoGaussians(n, h, 5)
	}
	return transformerLike(n, h, classes)
}

// twoGaussians makes well-conditioned features: two classes of unit variance, their means twice distance apart.
func twoGaussians(n, h int, distance float64) (*mat.Dense, []int) {
	r := rand.New(rand.NewPCG(2, uint64(n)))
	x, y := mat.NewDense(n, h, nil), make([]int, n)
	for i := range n {
		y[i] = r.IntN(2)
		row := x.RawRowView(i)
		for j := range row {
			row[j] = r.NormFloat64() + distance/math.Sqrt(float64(h))*float64(2*y[i]-1)
		}
	}
	return x, y
}

// BenchmarkFit times the whole cross-validation and the refit, and reports the peak of the process's memory, features
// included, as a multiple of theirs (Linux). With PROBE_BENCH_DIR set it leaves the features there as .npy files, for
// bench/peers/logreg_bench.py to time scikit-learn on the same ones.
func BenchmarkFit(b *testing.B) {
	for _, s := range benchCases {
		name := fmt.Sprintf("%s,N=%d,h=%d,C=%d", s.kind, s.n, s.h, s.classes)
		b.Run(name, func(b *testing.B) {
			x, y := benchData(s.kind, s.n, s.h, s.classes)
			if dir := os.Getenv("PROBE_BENCH_DIR"); dir != "" {
				labels := make([]int64, len(y))
				for i, c := range y {
					labels[i] = int64(c)
				}
				require.NoError(b, npy.WriteNpy(filepath.Join(dir, name+",x.npy"), []int{s.n, s.h}, x.RawMatrix().Data))
				require.NoError(b, npy.WriteNpy(filepath.Join(dir, name+",y.npy"), []int{s.n}, labels))
			}
			debug.FreeOSMemory()
			_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // forgets the peak so far
			for b.Loop() {
				head, err := Fit(context.Background(), x, y, s.classes, Options{})
				require.NoError(b, err)
				b.ReportMetric(head.Head.Norm(), "norm")
				b.ReportMetric(head.Kappa, "kappa")
			}
			b.ReportMetric(peakMemory()/float64(8*s.n*s.h), "x-memory")
		})
	}
}

// peakMemory is the largest resident size of this process in bytes, 0 where Linux does not say.
func peakMemory() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	kib := 0.0
	fmt.Sscan(string(rest), &kib)
	return 1024 * kib
}
