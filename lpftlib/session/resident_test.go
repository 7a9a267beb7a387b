package session

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/pretrained"
	"lpft/lpftlib/study"
)

// process is what the sessions of one process share.
type process struct{ engine *backend.Backend }

func newProcess(t *testing.T) *process {
	t.Helper()
	be, err := backend.Open("go") // whose results have the same bits every time
	require.NoError(t, err)
	return &process{be}
}

// open opens a session of the process.
func (p *process) open(t *testing.T, home string) *Session {
	t.Helper()
	s := open(t, home, 1001, 1002)
	s.opt.Open = func(string) (*backend.Backend, error) { return p.engine, nil }
	return s
}

// during is how many graphs are built and compiled while f runs: graphs are numbered.
func (p *process) during(f func()) int {
	number := func() int { return int(graph.NewGraph(p.engine.Backend, "the next").GraphId()) }
	before := number()
	f()
	return number() - before - 1
}

// withoutWeights takes the pre-trained weights' file away while f runs: whoever reads them fails.
func withoutWeights(t *testing.T, s *Session, f func()) {
	t.Helper()
	m, err := s.Model(t.Context())
	require.NoError(t, err)
	file := filepath.Join(m.Checkpoint.Dir, pretrained.Weights)
	require.NoError(t, os.Rename(file, file+".away"))
	defer func() { require.NoError(t, os.Rename(file+".away", file)) }()
	f()
}

// The second features step of a kind compiles nothing and reads no weights, in whatever session of the process, and has the
// bits of a process of its own; what was dropped is made anew.
func TestFeaturesStepsShareProgramsAndWeights(t *testing.T) {
	p, home := newProcess(t), t.TempDir()
	first := p.open(t, home)
	features := func(s *Session) *Features {
		f, err := s.PretrainedFeatures(t.Context(), "toy")
		require.NoError(t, err)
		return f
	}
	again := func(s *Session) (f *Features) { // as if the store had not the result
		a, err := s.pretrained(t.Context(), "toy")
		require.NoError(t, err)
		require.NoError(t, os.RemoveAll(a.Dir))
		return features(s)
	}
	require.Positive(t, p.during(func() { features(first) }))
	fresh := features(newProcess(t).open(t, t.TempDir()))
	for _, s := range []*Session{first, p.open(t, home)} {
		withoutWeights(t, s, func() {
			require.Zero(t, p.during(func() { require.Equal(t, fresh.Splits, again(s).Splits) }))
		})
	}
	require.True(t, p.engine.Drop(backend.Weights))
	require.True(t, p.engine.Drop(backend.Graphs))
	require.Positive(t, p.during(func() { require.Equal(t, fresh.Splits, again(first).Splits) }))
}

// Layers' features share the pre-trained weights, and the last layer's are the model's.
func TestLayersShareWeights(t *testing.T) {
	s := newProcess(t).open(t, t.TempDir())
	whole, err := s.PretrainedFeatures(t.Context(), "toy")
	require.NoError(t, err)
	withoutWeights(t, s, func() {
		for layers := range 3 {
			a, err := s.layer(t.Context(), "toy", layers)
			f, err := s.read(t.Context(), "toy", a, err)
			require.NoError(t, err)
			if layers == 2 {
				require.Equal(t, whole.Splits, f.Splits)
			} else {
				require.NotEqual(t, whole.Splits, f.Splits)
			}
		}
	})
}

// A second training of a kind, with another seed, compiles nothing and reads no weights, and so do the features of its
// model, with the bits of a process of its own. The features of LP-FT's model share FT's programs, and LP-LoRA's LoRA's.
func TestTrainingsShareProgramsAndWeights(t *testing.T) {
	p := newProcess(t)
	s := p.open(t, t.TempDir())
	alone := newProcess(t).open(t, t.TempDir())
	for _, pair := range [][2]study.Method{{study.FT, study.LPFT}, {study.LoRA, study.LPLoRA}} {
		features := func(s *Session, m study.Method, seed uint64) *Features {
			f, err := s.TrainedFeatures(t.Context(), study.Spec{Task: "toy", Method: m, Seed: seed}, "toy", "val", "test")
			require.NoError(t, err)
			return f
		}
		require.Positive(t, p.during(func() { features(s, pair[0], 1001) }))
		withoutWeights(t, s, func() {
			var second *Features
			require.Zero(t, p.during(func() { second = features(s, pair[0], 1002) }), "%s, another seed", pair[0])
			require.Equal(t, features(alone, pair[0], 1002).Splits, second.Splits)
		})
		_, err := s.Train(t.Context(), study.Spec{Task: "toy", Method: pair[1], Seed: 1001}) // in batches of another size
		require.NoError(t, err)
		require.Zero(t, p.during(func() { features(s, pair[1], 1001) }), "%s after %s", pair[1], pair[0])
	}
}
