package linear_test

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels/linear"
)

// One step of gradient descent against the linearisation: the error of the logits falls as η², the features' is rounding.
func ExampleModel_StepErrors() {
	model := linear.Random(2, 4, 3, 1)
	x := mat.NewDense(2, 3, []float64{1, 0, 2, -1, 1, 0})
	table, err := model.StepErrors(x, []int{0, 1}, x, []float64{1e-2, 1e-3, 1e-4})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range table {
		fmt.Printf("η = %g: error of (4) / η² = %.2f, error of (5) below 1e-15: %v\n", e.Eta, e.LogitError/(e.Eta*e.Eta), e.FeatureError < 1e-15)
	}
	// Output:
	// η = 0.01: error of (4) / η² = 0.59, error of (5) below 1e-15: true
	// η = 0.001: error of (4) / η² = 0.59, error of (5) below 1e-15: true
	// η = 0.0001: error of (4) / η² = 0.59, error of (5) below 1e-15: true
}

// How often LoRA's kernel is farther than ε from a multiple of FT's, beside the bound of Proposition 2.
func ExampleExceedances() {
	model := linear.Random(2, 4, 3, 1)
	x, y := []float64{1, 0, 2}, []float64{1, 1, 1}
	table, err := linear.Exceedances(model, x, y, []int{8, 64, 512}, []float64{0.5}, 1, 1000, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range table {
		fmt.Printf("r = %d, ε = %g: fails in %.1f %%, bound %.2g\n", e.Rank, e.Epsilon, 100*e.Frequency, e.Bound)
	}
	// Output:
	// r = 8, ε = 0.5: fails in 12.2 %, bound 3.1
	// r = 64, ε = 0.5: fails in 0.0 %, bound 0.54
	// r = 512, ε = 0.5: fails in 0.0 %, bound 4.5e-07
}
