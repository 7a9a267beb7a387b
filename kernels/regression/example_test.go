package regression_test

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/kernels/regression"
)

func Example() {
	gradient, labels := mat.NewDense(10, 2, nil), make([]int, 10)
	for i := range 10 {
		labels[i] = i / 5
		gradient.SetRow(i, []float64{float64(1 - 2*labels[i]), 0.2 * float64(i%5)})
	}
	f, _ := kernels.PretrainEffective(gradient, gradient, 2)
	m, err := regression.Fit(context.Background(), f, labels, regression.Options{})
	if err != nil {
		log.Fatal(err)
	}
	s, err := m.Score(f, labels)
	fmt.Printf("κ = %.4g, pairs %.0f %%, accuracy %.0f %%, %v\n", m.Kappa, 100*s.Pairs, 100*s.Accuracy, err)
	// Output: κ = 0.0001, pairs 100 %, accuracy 100 %, <nil>
}
