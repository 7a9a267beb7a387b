package study

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChosenNorms(t *testing.T) {
	at := func(norm, trained, foretold float64) *ScaledStart {
		n := &ScaledStart{Trained: RowScore{NLL: trained}, Foretold: RowScore{NLL: foretold}}
		n.Scaling = Scaling{norm, "A"}
		return n
	}
	trained, foretold := Chosen([]*ScaledStart{at(1, 0.7, 0.9), at(2, 0.5, 0.8), at(5, 0.6, 0.8), at(10, 0.5, 1)})
	require.Equal(t, 2.0, trained.Norm())
	require.Equal(t, 2.0, foretold.Norm())
	trained, foretold = Chosen([]*ScaledStart{at(1, 0.7, 0.9), at(2, 0.5, 1)})
	require.Equal(t, 2.0, trained.Norm())
	require.Equal(t, 1.0, foretold.Norm())
}
