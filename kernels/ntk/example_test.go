package ntk_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"lpft/kernels"
	"lpft/kernels/ntk"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// The kernel of a model in a folder on texts of one's own, here as token ids.
func Example() {
	const dir = "../../lpftlib/encoder/testdata/bert-2"
	cfg, err := encoder.ReadConfig(dir)
	if err != nil {
		log.Fatal(err)
	}
	weights, err := encoder.LoadWeights(dir, cfg)
	if err != nil {
		log.Fatal(err)
	}
	head := head.New(2, cfg.Hidden)
	for i, v := 0, head.Weight(); i < len(v); i++ {
		v[i] = math.Sin(float64(i))
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
	k, err := ntk.Compute(context.Background(), &ntk.Model{Weights: weights}, head, texts, nil, ntk.Options{Backend: be})
	if err != nil {
		log.Fatal(err)
	}
	spectrum, err := kernels.SingularValues(k.F)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("Θ [%d, %d, %d, %d], rank of F %d\n", k.Theta.M, k.Theta.C, k.Theta.N, k.Theta.C, spectrum.Ranks().Float32)
	for _, g := range k.Groups {
		fmt.Println(g.Name)
	}
	// Output:
	// Θ [3, 2, 3, 2], rank of F 6
	// embeddings.word
	// embeddings.rest
	// attention.0
	// ffn.0
	// attention.1
	// ffn.1
}
