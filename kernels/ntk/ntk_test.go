package ntk

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	trainLengths = []int{5, 17, 1, 12, 9}
	testLengths  = []int{20, 3, 8}
)

// Every group's kernel is the Gram matrix of the parameters' gradients, one reverse pass a row
// and class: FT and LoRA, C = 2 and 3, unequal lengths, repeated tokens, N ≠ M.
func TestKernelIsTheGramMatrixOfGradients(t *testing.T) {
	be := openBackend(t)
	for _, name := range fixtures {
		w := loadFixture(t, name)
		train, test := randomTexts(w.Config, trainLengths, 1), randomTexts(w.Config, testLengths, 2)
		for kind, m := range map[string]*Model{
			"FT":                   {Weights: w},
			"LoRA, B = 0":          {Weights: w, LoRA: randomLoRA(t, w.Config, w.Config.QueryValue(), 3, 6, true)},
			"LoRA":                 {Weights: w, LoRA: randomLoRA(t, w.Config, w.Config.QueryValue(), 3, 6, false)},
			"LoRA on other layers": {Weights: w, LoRA: randomLoRA(t, w.Config, []string{"encoder.layer.1.attention.output.dense", "encoder.layer.1.output.dense", "encoder.layer.0.attention.self.key"}, 2, 1, false)},
		} {
			for _, classes := range []int{2, 3} {
				head := randomHead(classes, w.Config.Hidden, 4)
				wantTrain, wantTest := bruteKernels(t, m, head, train, test)
				for _, wide := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s, %s, C = %d, float64 %v", name, kind, classes, wide), func(t *testing.T) {
						tolerance := 1e-5
						if wide {
							tolerance = 1e-10
						}
						k, err := Compute(context.Background(), m, head, train, test, Options{Backend: be, Float64: wide, Groups: m.Describe().groups(true)})
						require.NoError(t, err)
						require.Len(t, k.Groups, len(wantTrain))
						for _, g := range k.Groups {
							requireRelative(t, wantTrain[g.Name], g.Train.Data, tolerance, g.Name+", train")
							requireRelative(t, wantTest[g.Name], g.Test.Data, tolerance, g.Name+", test")
						}
					})
				}
			}
		}
	}
}
