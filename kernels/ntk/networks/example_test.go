package networks_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"lpft/kernels"
	"lpft/kernels/ntk"
	"lpft/kernels/ntk/networks"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/tokenizer"
)

// must keeps the example short; a program returns its errors.
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// The kernel of a model folder on texts of one's own: how much of it fine-tuning reaches
// through the features (FT Ratio, equation (7)), its rank, and the file for numpy.
func Example() {
	dir := "testdata/distilbert-2" // yours: config.json, model.safetensors, the tokenizer's files
	texts := []tokenizer.Text{{A: "a good film"}, {A: "bad, bad film"}, {A: "so good"}}
	labels := []int{1, 0, 1}

	network := must(networks.Load(dir))
	rows := must(tokenizer.Load(dir)).EncodeAll(texts, 128)
	head := finetune.NewHead(2, network.Describe().Width, 0.02, 1) // FT's random head; head.Read reads yours

	k := must(ntk.Compute(context.Background(), network, head, rows, nil, ntk.Options{Backend: must(backend.Open(""))}))
	spectrum := must(kernels.SingularValues(k.Theta))
	ratio := must(kernels.FTRatio(k.P, k.F, must(kernels.Residuals(k.Logits, labels))))
	fmt.Printf("Θ is [%d, %d, %d, %d] of rank %d; FT Ratio %.3f\n", k.Theta.M, k.Theta.C, k.Theta.N, k.Theta.C, spectrum.Ranks().Float32, ratio)
	for _, group := range k.Groups[:3] { // F by parameter group
		fmt.Printf("%s %.0f %%\n", group.Name, 100*group.Train.FrobeniusNorm()/k.F.FrobeniusNorm())
	}

	out := filepath.Join(os.TempDir(), "lpft-example.npz")
	if err := k.Write(out); err != nil { // numpy.load(out)["theta"]
		log.Fatal(err)
	}
	fmt.Println(must(kernels.ReadNTK(out)).F.Size(), "rows and columns")
	// Output:
	// Θ is [3, 2, 3, 2] of rank 6; FT Ratio 0.064
	// embeddings.word 4 %
	// embeddings.rest 6 %
	// attention.0 18 %
	// 6 rows and columns
}
