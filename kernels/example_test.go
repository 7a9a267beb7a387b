package kernels_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
)

// toy makes P and F of ten rows, five of either class: P of features that differ little, F of gradients that tell the
// classes apart.
func toy() (p, f *kernels.Kernel, labels []int) {
	phi, gradient := mat.NewDense(10, 2, nil), mat.NewDense(10, 2, nil)
	for i := range 10 {
		y := i / 5
		labels = append(labels, y)
		phi.SetRow(i, []float64{3, 0.1 * float64(i%3)})
		gradient.SetRow(i, []float64{float64(1 - 2*y), 0.2 * float64(i%5)})
	}
	p, _ = kernels.PretrainEffective(phi, phi, 2)
	f, _ = kernels.PretrainEffective(gradient, gradient, 2)
	return p, f, labels
}

// A kernel is kept as .npz, read back, and looked at: spectrum, rank, FT Ratio.
func Example() {
	p, f, labels := toy()
	path := filepath.Join(os.TempDir(), "toy-kernel.npz")
	defer os.Remove(path)
	if err := kernels.Write(path, map[string]*kernels.Kernel{"p": p, "f": f}); err != nil { // numpy.load(path)["f"]
		log.Fatal(err)
	}
	f, err := kernels.Read(path, "f")
	if err != nil {
		log.Fatal(err)
	}
	spectrum, err := kernels.SingularValues(f)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("[%d, %d, %d, %d]: ‖F‖ %.1f, rank %d, largest %.1f\n", f.M, f.C, f.N, f.C, f.FrobeniusNorm(), spectrum.Ranks().Float32, spectrum[0])

	logits := mat.NewDense(10, 2, nil) // of an untrained head: the residuals are ±1/2
	delta, err := kernels.Residuals(logits, labels)
	if err != nil {
		log.Fatal(err)
	}
	ratio, err := kernels.FTRatio(p, f, delta)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("FT Ratio %.2f\n", ratio)
	// Output:
	// [10, 2, 10, 2]: ‖F‖ 21.8, rank 6, largest 11.7
	// FT Ratio 1.00
}

func ExampleTop() {
	p, _, _ := toy()
	top, err := kernels.Top(context.Background(), p, kernels.TopOptions{K: 4}) // or an ntk.Operator, without a kernel
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f\n", top.Values)
	// Output: [100.081 100.081 0.069 0.069]
}

func ExampleCKA() {
	p, f, _ := toy()
	alignment, err := kernels.Alignment(p, f)
	if err != nil {
		log.Fatal(err)
	}
	centred, err := kernels.CKA(p, f)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("alignment %.2f, without the rows' mean %.2f\n", alignment, centred)
	// Output: alignment 0.75, without the rows' mean 0.02
}

func ExampleGroupedBlockNorms() {
	x := mat.NewDense(3, 1, []float64{1, 3, 1})
	p, _ := kernels.PretrainEffective(x, x, 2)
	m, err := kernels.GroupedBlockNorms(p, []int{1, 0, 1}) // the paper's Figures 8 and 9
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Order.Rows, m.Order.Counts)
	fmt.Printf("%.0f\n", m.Values)
	// Output:
	// [1 0 2] [1 2]
	// [[20 8 8] [8 4 4] [8 4 4]]
}

func ExampleFitScalar() {
	ft := &kernels.Kernel{M: 1, C: 2, N: 1, Data: []float64{4, -2, -2, 4}}
	lora := &kernels.Kernel{M: 1, C: 2, N: 1, Data: []float64{0.008, -0.004, -0.004, 0.009}}
	fit, err := kernels.FitScalar(ft, lora)
	fmt.Printf("F_LoRA ≈ %.4f F_FT, residual %.3f %v\n", fit.Scalar, fit.Residual, err)
	// Output: F_LoRA ≈ 0.0021 F_FT, residual 0.058 <nil>
}
