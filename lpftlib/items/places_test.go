package items

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
)

// placed is a training whose features moved so far after each number of blocks.
func placed(m study.Method, seed uint64, diffs ...float64) *study.Places {
	p := &study.Places{KernelRun: study.KernelRun{Spec: study.Spec{Task: "cb", Method: m, Seed: seed}, Multiple: 1},
		Groups: []study.PlaceShare{{Name: study.HeadGroup, Trace: 0.5, Step: 1.2}, {Name: "ffn.0", Trace: 0.5, Step: -0.2}}}
	for i, d := range diffs {
		p.Layers = append(p.Layers, study.LayerMove{Blocks: i, Diff: d, Size: 2, CS: 0.5, CSStart: 0.9})
	}
	return p
}

// froze is a training whose parts had these effects, as predicted and with this error.
func froze(seed uint64, err float64, effect, predicted [2]float64) *study.Freezing {
	f := &study.Freezing{KernelRun: study.KernelRun{Spec: study.Spec{Task: "cb", Method: study.FT, Seed: seed}, Optimiser: stage.SGD, Multiple: 10}}
	for i, part := range []string{"attention", "ffn"} {
		f.Parts = append(f.Parts, study.FrozenPart{Part: part, Effect: effect[i], Predicted: predicted[i], Error: err})
	}
	return f
}

// Each statement can hold and fail, and decides nothing on two seeds.
func TestPlacesClaims(t *testing.T) {
	var good, bad placesData
	for seed := range uint64(3) {
		good.places = append(good.places, placed(study.FT, seed, 0.2, 0.3, 0.4), placed(study.LPFT, seed, 0.1, 0.2, 0.3))
		good.freezing = append(good.freezing, froze(seed, 0.2, [2]float64{0.1, 0.5}, [2]float64{0.2, 0.4}))
		bad.places = append(bad.places, placed(study.FT, seed, 0.1, 0.3, 0.2), placed(study.LPFT, seed, 0.2, 0.4, 0.3))
		bad.freezing = append(bad.freezing, froze(seed, 1.2, [2]float64{0.1, 0.5}, [2]float64{0.4, 0.2}))
	}
	require.Equal(t, []paper.Outcome{paper.Holds, paper.Holds, paper.Holds, paper.Holds}, outcomes(placesClaims(good)))
	require.Equal(t, []paper.Outcome{paper.Fails, paper.Fails, paper.Fails, paper.Fails}, outcomes(placesClaims(bad)))
	good.places, good.freezing = good.places[:4], good.freezing[:2]
	for _, c := range placesClaims(good) {
		require.Equal(t, paper.Undecided, c.Outcome, c.Text)
		require.Equal(t, paper.Beyond, c.Kind)
	}
}

// The head is no part of F; the encoder's groups share it among them.
func TestPlacesRows(t *testing.T) {
	var groups, layers, freezing report.Table
	require.NoError(t, addPlaces(&groups, &layers, []*study.Places{placed(study.FT, 1, 0.2, 0.3)}))
	texts := func(r report.Row) (out []string) {
		for _, c := range r.Cells {
			out = append(out, c.Ours)
		}
		return out
	}
	require.Equal(t, []string{"head", "0.500", "-", "1.20"}, texts(groups.Rows[0]))
	require.Equal(t, []string{"ffn.0", "0.500", "1.00", "-0.200"}, texts(groups.Rows[1]))
	require.Equal(t, []string{"1", "0.300", "0.150", "0.900", "0.500"}, texts(layers.Rows[1]))
	require.NoError(t, addFreezing(&freezing, []*study.Freezing{froze(1, 0.2, [2]float64{0.1, 0.5}, [2]float64{0.2, 0.4})}))
	require.Equal(t, []string{"ffn", "0", "0.500", "0.400", "0.200"}, texts(freezing.Rows[1]))
}

// Of the profile's rates for gradient descent the lowest is taken, where the kernel knows most.
func TestFreezingRun(t *testing.T) {
	wanted := freezingRun(&study.Beyond{SGD: []float64{100, 10}})
	run := study.KernelRun{Spec: study.Spec{Method: study.FT}, Optimiser: stage.SGD, Multiple: 10}
	require.True(t, wanted(run))
	run.Multiple = 100
	require.False(t, wanted(run))
	run.Multiple, run.Optimiser = 10, stage.Adam
	require.False(t, wanted(run))
}
