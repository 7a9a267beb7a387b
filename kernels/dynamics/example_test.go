package dynamics_test

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/kernels/dynamics"
)

// A head on two features, trained by three steps of gradient descent, and how near the continuous flow comes to where it ends.
func Example() {
	phi := mat.NewDense(2, 1, []float64{2, -1})
	p, err := kernels.PretrainEffective(phi, phi, 2)
	if err != nil {
		log.Fatal(err)
	}
	problem := &dynamics.Problem{Train: p, Logits: mat.NewDense(2, 2, nil), Labels: []int{0, 1}}
	step := dynamics.Step{Rows: []int{0, 1}, Rate: 0.5}
	path, err := problem.Descend(context.Background(), []dynamics.Step{step, step, step}, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("f after three steps: %.3f\n", path.Train[3].RawMatrix().Data)
	flow, err := problem.FlowTo(context.Background(), 0.1, 2)
	if err != nil {
		log.Fatal(err)
	}
	time, nearest, _ := flow.Nearest(path.Train[3])
	fmt.Printf("the flow is there at time %.2f, off by %.1f %%\n", time, 100*dynamics.RelativeError(path.Train[3], nearest, path.Train[0]))
	// Output:
	// f after three steps: [1.252 -1.252 -0.727 0.727]
	// the flow is there at time 1.91, off by 3.0 %
}
