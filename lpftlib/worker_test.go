package lpftlib

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/head"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
	"lpft/lpftlib/worker"
	"lpft/lpftlib/worker/server"
)

// workerHere serves the store of LPFT_HOME in this process, and returns the socket's path.
func workerHere(t *testing.T) string {
	t.Helper()
	home, err := store.Home()
	require.NoError(t, err)
	sessions := server.NewSessions(home, backend.Open)
	s := server.New(server.Options{Verbs: server.Verbs(sessions)})
	sessions.For(s)
	socket := filepath.Join(t.TempDir(), "worker", "socket")
	l, err := worker.Listen(socket)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return socket
}

// A cell's program must be small: it links no engine, and no client of an object store.
func TestCellsLinkNoEngine(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command: ", err)
	}
	out, err := exec.Command("go", "list", "-deps", "lpft/lpftlib").Output()
	require.NoError(t, err)
	for _, path := range strings.Fields(string(out)) {
		require.NotContains(t, path, "gomlx", "lpft/lpftlib links it")
		require.NotContains(t, path, "go-xla", "lpft/lpftlib links it")
		require.NotContains(t, path, "gocloud.dev", "lpft/lpftlib links it")
	}
}

// Values and handles go from cell to cell; a handle finds its results in the store.
func TestKeepAndKept(t *testing.T) {
	s := onToy(t, "LPFT_KEPT", t.TempDir())
	toy := s.Tasks()[0]
	phi := toy.Features("val")
	run := toy.Train(FT, 1)
	Keep("phi", phi)
	Keep("task", toy)
	Keep("run", run)
	Keep("study", s)
	Keep("seed", 7)
	require.True(t, mat.Equal(phi, Kept[*mat.Dense]("phi")))
	require.Equal(t, 7, Kept[int]("seed"))
	require.Equal(t, s.Seeds, Kept[*Study]("study").Seeds)
	require.True(t, mat.Equal(phi, Kept[*Task]("task").Features("val")))
	again := Kept[*Run]("run")
	require.Equal(t, run.Key, again.Key)
	require.True(t, mat.Equal(run.Logits("test"), again.Logits("test")))
	shown := htmlOf(Vars())
	for _, want := range []string{"*mat.Dense", "*lpftlib.Run", "seed"} {
		require.Contains(t, shown, want)
	}
}

// What the theory's cells ask of the small model fits together: F = V0 Θ^φ V0ᵀ.
func TestSmallModel(t *testing.T) {
	small := onToy(t).Small(2, 1)
	v0 := head.Random(small.Classes, small.Hidden, 0.3, 1)
	k := small.Kernel(v0)
	var f mat.Dense
	f.Product(v0.V, small.FeatureKernel().Matrix().Slice(0, small.Hidden, 0, small.Hidden), v0.V.T())
	require.True(t, mat.EqualApprox(&f, k.F.Matrix().Slice(0, small.Classes, 0, small.Classes), 1e-9))
	before, after := small.Linearised(v0, 1e-3)
	require.Len(t, before, small.Classes)
	require.NotEqual(t, before, after)
	require.Len(t, small.Labels, 2)
}

// What the cells beyond the paper ask of a task comes through the worker.
func TestFollowingAndMovement(t *testing.T) {
	toy := onToy(t).Tasks()[0]
	f := toy.Following(FT, 1, stage.SGD, 2)
	require.Less(t, f.Last().Linear.Train, 0.1)
	require.Equal(t, stage.SGD, f.Optimiser)
	m := toy.Movement(FT, 1, stage.Adam, 1)
	require.Zero(t, m.Points[0].Theta.Change)
	require.Positive(t, m.Last().Theta.Change)
}

// So do places in the network.
func TestPlacesAndFreezing(t *testing.T) {
	toy := onToy(t).Tasks()[0]
	p := toy.Places(FT, 1, stage.Adam, 1)
	require.Positive(t, p.Layers[len(p.Layers)-1].Diff)
	f := toy.Freezing(FT, 1, 2)
	require.Len(t, f.Parts, len(study.Parts()))
	require.Equal(t, 2.0, toy.ScaledStart(FT, 1, 2).Norm())
}

// So does what they ask about linear probing.
func TestStabilityOfAProbe(t *testing.T) {
	toy := onToy(t).Tasks()[0]
	stable, strengths := toy.Stability(1), toy.Strengths()
	fit := stable.Fit(study.PaperFolds, "exact")
	require.Equal(t, toy.Probe(1).Kappa, fit.Kappa)
	require.Len(t, strengths, len(fit.Kappas))
}
