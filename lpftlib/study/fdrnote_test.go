package study

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The caption names each method's inverse where they differ, and says nothing of sets without FDR.
func TestFDRNote(t *testing.T) {
	one := 1.0
	row := func(set string, m Method, kind string, rows int, floor float64) Measures {
		return Measures{Spec: Spec{Task: "a", Method: m}, TestSet: set, Rows: rows, FDR: &one, FDRKind: kind, FDRFloor: floor}
	}
	rows := []Measures{
		row("cb", LP, "pinv", 56, 0), row("cb", FT, "pinv", 56, 0),
		row("sst2", LP, "pinv", 872, 0.788), row("sst2", FT, "inverse", 872, 0.788), row("sst2", FT, "inverse", 872, 0.788), row("sst2", LPFT, "inverse", 872, 0.788),
		{TestSet: "one-class"},
	}
	require.Equal(t, "FDR by cb: n = 56, pinv; sst2: n = 872, pinv (LP) and inverse (FT, LP-FT), noise alone gives 0.79.", FDRNote(rows))
	require.Empty(t, FDRNote(rows[6:]))
}
