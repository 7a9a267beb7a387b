package finetune

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
)

// fault is one small run on "go", three epochs of five steps, which the tests below disturb.
type fault struct {
	be     *backend.Backend
	start  Start
	data   Data
	recipe Recipe
}

func newFault(t *testing.T) fault {
	t.Helper()
	f := readFixture(t)
	be, err := backend.Open("go")
	require.NoError(t, err)
	return fault{be, Start{Weights: smallModel(t), Head: f.head()}, Data{Train: f.set(), Val: f.set()}, faultRecipe}
}

var faultRecipe = Recipe{Epochs: 3, Batch: 8, LearningRate: 1e-3, Clip: 1, Seed: 7, Dropout: true, EvalsPerEpoch: 2}

// run is the whole run, or the rest of it where dir holds a checkpoint. dir may be "".
func (f fault) run(dir string) (result *Result, resumed bool, err error) {
	hooks := Hooks{Score: accuracy, Progress: func(p Progress) { resumed = resumed || p.Resumed }}
	if dir != "" {
		hooks.Checkpoint = &Checkpoint{Dir: dir, Every: time.Hour}
	}
	result, err = Run(context.Background(), f.be, f.start, f.data, f.recipe, hooks)
	return result, resumed, err
}

// requireContinues finishes the run from dir's checkpoint: it must end as one that nothing disturbed.
func (f fault) requireContinues(t *testing.T, dir string) {
	t.Helper()
	whole, _, err := f.run("")
	require.NoError(t, err)
	again, resumed, err := f.run(dir)
	require.NoError(t, err)
	require.True(t, resumed, "the run began anew")
	require.Equal(t, whole.Head, again.Head)
	require.Equal(t, whole.Course, again.Course)
	require.Equal(t, whole.Epoch, again.Epoch)
	require.Equal(t, whole.Weights.Tensors, again.Weights.Tensors)
}

// trainer takes steps and leaves a checkpoint after each.
func (f fault) trainer(t *testing.T, dir string, steps int) *trainer {
	t.Helper()
	hooks := Hooks{Score: accuracy, Checkpoint: &Checkpoint{Dir: dir, Every: time.Nanosecond}}
	tr, err := newTrainer(f.be, f.start, f.data, f.recipe, hooks)
	require.NoError(t, err)
	require.NoError(t, tr.begin(context.Background()))
	for range steps {
		require.NoError(t, tr.stepOnce(context.Background()))
	}
	return tr
}

// files are the names of all files in dir, hidden ones too.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// savedStep is the step of dir's newest checkpoint.
func savedStep(t *testing.T, dir string) int {
	t.Helper()
	notes, err := notesIn(dir)
	require.NoError(t, err)
	require.NotEmpty(t, notes)
	return notes[0].step
}

// A loss that is not a number stops the run; the checkpoint before it continues.
func TestNaNLossKeepsTheLastCheckpoint(t *testing.T) {
	f, dir := newFault(t), t.TempDir()
	tr := f.trainer(t, dir, 7)
	bias := len(tr.state.params) - 1
	tr.state.params[bias] = tensors.FromFlatDataAndDimensions([]float32{0, float32(math.NaN()), 0}, 3)
	err := tr.stepOnce(context.Background())
	require.ErrorContains(t, err, "step 8 of 15: the loss is NaN: training stopped, the last checkpoint is kept")
	require.Equal(t, 7, savedStep(t, dir))
	f.requireContinues(t, dir)
}

// A gradient that is not a number with a loss that is one must not reach the parameters:
// the checkpoint after that step would be worthless.
func TestGradientThatIsNotFinite(t *testing.T) {
	f := newFault(t)
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		tr := f.trainer(t, t.TempDir(), 3)
		rows := tr.rowsOfStep()
		var s Step
		grads, _, err := tr.batchGradients(rows, &s)
		require.NoError(t, err)
		grads[len(grads)-1] = tensors.FromFlatDataAndDimensions([]float32{0, 0, float32(bad)}, 3)
		before, err := tr.stateTensors()
		require.NoError(t, err)
		_, err = tr.state.apply(tr.engine, grads, 1e-3)
		require.ErrorIs(t, err, errNotFinite)
		after, err := tr.stateTensors()
		require.NoError(t, err)
		require.Equal(t, before, after)
		require.Equal(t, 3, tr.state.step)
	}
}

// The same through a run: a head of 3e30 gives a finite loss, and encoder gradients whose squares
// are beyond float32.
func TestGradientOverflowNamesTheStep(t *testing.T) {
	f := newFault(t)
	f.start.Head = f.start.Head.ScaleBy(3e30)
	dir := t.TempDir()
	hooks := Hooks{Score: accuracy, Checkpoint: &Checkpoint{Dir: dir, Every: time.Nanosecond}}
	_, err := Run(context.Background(), f.be, f.start, f.data, f.recipe, hooks)
	require.ErrorContains(t, err, "step 1 of 15: the gradient's norm is +Inf")
	require.ErrorContains(t, err, "lower the learning rate (0.001)")
	require.Empty(t, files(t, dir))
}

// What a kill in the middle of a write left is removed: it is as large as a checkpoint.
func TestUnfinishedStateIsRemoved(t *testing.T) {
	f, dir := newFault(t), t.TempDir()
	for _, name := range []string{".state-3.safetensors-123456", ".tmp-123456"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600))
	}
	f.trainer(t, dir, 2)
	require.Equal(t, []string{"checkpoint-1.json", "checkpoint-2.json", "state-1.safetensors", "state-2.safetensors"}, files(t, dir))
}

// A batch larger than the data is refused before anything is trained.
func TestBatchLargerThanTheData(t *testing.T) {
	f := newFault(t)
	f.recipe.Batch = len(f.data.Train.Texts) + 1
	_, _, err := f.run("")
	require.EqualError(t, err, "batch 39 is larger than the 38 training rows: lower the batch or take more rows")
}

// However a batch is cut into device batches, its loss and its gradient are the same to float32
// rounding: from one text a device batch to all texts in one.
func TestDeviceBatchesAddUp(t *testing.T) {
	f := newFault(t)
	f.be = openBackend(t) // any engine
	f.recipe.Batch, f.recipe.Dropout = len(f.data.Train.Texts), false
	sizes := []int{1, 33, 64, 100, 256, 700}
	if f.be.Engine != "go" {
		sizes = []int{100} // every shape costs seconds of compilation
	}
	for name, lora := range map[string]bool{"FT": false, "LoRA": true} {
		t.Run(name, func(t *testing.T) {
			if lora {
				f.start.LoRA = readFixture(t).lora(t, f.start.Weights.Config)
			}
			tr, err := newTrainer(f.be, f.start, f.data, f.recipe, Hooks{Score: accuracy})
			require.NoError(t, err)
			whole, wholeStep, count := gradientsOf(t, tr, 1<<20)
			require.Equal(t, 1, count)
			for _, tokens := range sizes {
				parts, step, count := gradientsOf(t, tr, tokens)
				require.Greater(t, count, 1)
				require.InEpsilon(t, wholeStep.Loss, step.Loss, 1e-6, "%d tokens", tokens)
				require.InEpsilon(t, wholeStep.LogitNorm, step.LogitNorm, 1e-6, "%d tokens", tokens)
				require.Less(t, distance(parts, whole), 1e-6*distance(whole, nil), "%d tokens, %d device batches", tokens, count)
			}
		})
	}
}

// gradientsOf are those of the first batch, all parameters after one another, with device batches
// of at most tokens; count says how many these are.
func gradientsOf(t *testing.T, tr *trainer, tokens int) (flat []float32, step Step, count int) {
	t.Helper()
	tr.deviceTokens = func(string, []encoder.Encoding) int { return tokens }
	rows := tr.rowsOfStep()
	grads, _, err := tr.batchGradients(rows, &step)
	require.NoError(t, err)
	for _, g := range grads {
		values, err := host(g)
		require.NoError(t, err)
		flat = append(flat, values...)
	}
	return flat, step, len(encoder.Groups(tr.data.Train.Texts, tr.be.Engine, tokens, tr.vocab.full.MaxTokens()))
}

// distance is ‖a − b‖; a nil b is zero.
func distance(a, b []float32) float64 {
	sum := 0.0
	for i, v := range a {
		d := float64(v)
		if b != nil {
			d -= float64(b[i])
		}
		sum += d * d
	}
	return math.Sqrt(sum)
}
