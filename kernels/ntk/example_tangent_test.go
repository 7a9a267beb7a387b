package ntk_test

import (
	"context"
	"fmt"
	"log"
	"slices"

	"lpft/kernels/dynamics"
	"lpft/kernels/ntk"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// A network that is linear in its parameters, trained by Adam on its first two texts; the third is watched.
func ExampleTangent() {
	const dir = "../../lpftlib/encoder/testdata/bert-2"
	cfg, err := encoder.ReadConfig(dir)
	if err != nil {
		log.Fatal(err)
	}
	weights, err := encoder.LoadWeights(dir, cfg)
	if err != nil {
		log.Fatal(err)
	}
	texts := []encoder.Encoding{
		{IDs: []int32{3, 8, 9, 4}, TypeIDs: make([]int32, 4)},
		{IDs: []int32{3, 7, 4}, TypeIDs: make([]int32, 3)},
		{IDs: []int32{3, 11, 8, 12, 4}, TypeIDs: make([]int32, 5)},
	}
	be, err := backend.Open("")
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	tangent, err := ntk.NewTangent(ctx, &ntk.Model{Weights: weights}, head.Random(2, cfg.Hidden, 0.3, 1), texts, ntk.Options{Backend: be})
	if err != nil {
		log.Fatal(err)
	}
	defer tangent.Close()
	step := dynamics.Step{Rows: []int{0, 1}, Rate: 2e-4}
	adam := dynamics.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	path, err := adam.Train(ctx, tangent, []int{0, 1}, slices.Repeat([]dynamics.Step{step}, 20), 1, []int{20})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d parameters; after %.0f steps\n", tangent.Parameters(), path.At[1])
	for i := range 2 {
		fmt.Printf("text of class %d: logits differ by %.1f before, %.1f after\n", i, path.Train[0].At(i, 0)-path.Train[0].At(i, 1), path.Train[1].At(i, 0)-path.Train[1].At(i, 1))
	}
	// Output:
	// 11506 parameters; after 20 steps
	// text of class 0: logits differ by 1.5 before, 1.2 after
	// text of class 1: logits differ by 1.8 before, -1.9 after
}
