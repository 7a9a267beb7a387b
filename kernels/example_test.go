package kernels_test

import (
	"context"
	"fmt"

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

func ExampleSummarise() {
	p, f, labels := toy()
	logits := mat.NewDense(10, 2, nil) // of an untrained head: the residuals are ±1/2
	s, err := kernels.Summarise(context.Background(), kernels.SummaryInput{P: p, F: f, Labels: labels, Logits: logits})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range []struct {
		name string
		k    kernels.KernelSummary
	}{{"P", s.P}, {"F", s.F}, {"Θ", s.Theta}} {
		r := row.k.Regression
		fmt.Printf("%s: rank %d, FN %.0f, pairs %.0f %%, accuracy %.0f %%\n",
			row.name, row.k.Rank.Float32, row.k.FrobeniusNorm, 100*r.Train.Pairs, 100*r.Train.Accuracy)
	}
	fmt.Printf("FT Ratio %.2f\n", s.FTRatio)
	// Output:
	// P: rank 4, FN 142, pairs 50 %, accuracy 50 %
	// F: rank 6, FN 22, pairs 100 %, accuracy 100 %
	// Θ: rank 8, FN 159, pairs 100 %, accuracy 100 %
	// FT Ratio 1.00
}

func ExampleSingularValues() {
	p, _, _ := toy()
	spectrum, err := kernels.SingularValues(p)
	if err != nil {
		fmt.Println(err)
		return
	}
	normalised, err := spectrum.Normalised() // Figures 2 and 7
	fmt.Printf("%.4f %+v %v\n", normalised[:5], spectrum.Ranks(), err)
	// Output: [1.0000 1.0000 0.0007 0.0007 0.0000] {Float32:4 Float64:4 Millionth:4} <nil>
}

func ExampleFitRegression() {
	_, f, labels := toy()
	r, err := kernels.FitRegression(context.Background(), f, labels, kernels.RegressionOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := r.Score(f, labels)
	fmt.Printf("κ = %.4g, pairs %.0f %%, accuracy %.0f %%, %v\n", r.Kappa, 100*s.Pairs, 100*s.Accuracy, err)
	// Output: κ = 0.0001, pairs 100 %, accuracy 100 %, <nil>
}

func ExampleGroupedBlockNorms() {
	x := mat.NewDense(3, 1, []float64{1, 3, 1})
	p, _ := kernels.PretrainEffective(x, x, 2)
	m, err := kernels.GroupedBlockNorms(p, []int{1, 0, 1}) // Figures 8 and 9
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Order.Rows, m.Order.Counts, m.Order.Boundaries())
	fmt.Printf("%.0f\n", m.Values)
	// Output:
	// [1 0 2] [1 2] [1]
	// [[20 8 8] [8 4 4] [8 4 4]]
}

func ExampleFitScalar() {
	ft := &kernels.Kernel{N: 1, C: 2, M: 1, Data: []float64{4, -2, -2, 4}}
	lora := &kernels.Kernel{N: 1, C: 2, M: 1, Data: []float64{0.008, -0.004, -0.004, 0.009}}
	fit, err := kernels.FitScalar(ft, lora)
	fmt.Printf("F_LoRA ≈ %.4f F_FT, residual %.3f %v\n", fit.Scalar, fit.Residual, err)
	// Output: F_LoRA ≈ 0.0021 F_FT, residual 0.058 <nil>
}
