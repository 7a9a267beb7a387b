package linear

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// (9), and both of LoRA's kernels, against differentiation: at the start, where the gradient of A is zero, and away
// from it.
func TestLoRAKernels(t *testing.T) {
	m, x, _, test := setting(8)
	r := rand.New(rand.NewPCG(8, 2))
	lora := NewLoRA(m, 2, 0.5, r)
	require.Equal(t, m.PretrainEffective(test, x), lora.PretrainEffective(test, x)) // to the last bit
	check := func() {
		on := func(rows *mat.Dense) func() *mat.Dense { return func() *mat.Dense { return lora.Logits(rows) } }
		requireKernel(t, jacobian(on(test), lora.A, lora.Up), jacobian(on(x), lora.A, lora.Up), lora.FTEffective(test, x))
		requireKernel(t, jacobian(on(test), lora.V), jacobian(on(x), lora.V), lora.PretrainEffective(test, x))
	}
	check()
	start := lora.FTEffective(x, x).FrobeniusNorm()
	lora.Scale = 3 // F ∝ s²
	require.InEpsilon(t, 9*start, lora.FTEffective(x, x).FrobeniusNorm(), 1e-12)
	check()
	lora.Up = Normal(h, 2, 1, r)
	check()
	require.NotEqual(t, m.PretrainEffective(test, x), lora.PretrainEffective(test, x))
}
