package finetune

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// trainingFixture is what testdata/make_fixtures.py writes.
type trainingFixture struct {
	Texts  [][]int32
	Labels []int
	Orders [][]int
	Head   [][]float32
	LoRAA  map[string][][]float32 `json:"lora_a"`
	Rank   int
	Alpha  float64
	Batch  int
	Epochs int
	FT     oracleRun
	LoRA   oracleRun
}

type oracleRun struct {
	Rate      float64
	Losses    []float64
	GradNorms []float64 `json:"grad_norms"`
	NormC     []float64 `json:"norm_c"`
}

const modelDir = "../encoder/testdata/roberta-2"

func readFixture(t *testing.T) trainingFixture {
	t.Helper()
	raw, err := os.ReadFile("testdata/training.json")
	require.NoError(t, err)
	var f trainingFixture
	require.NoError(t, json.Unmarshal(raw, &f))
	return f
}

func smallModel(t *testing.T) *encoder.Weights {
	t.Helper()
	cfg, err := encoder.ReadConfig(modelDir)
	require.NoError(t, err)
	w, err := encoder.LoadWeights(modelDir, cfg)
	require.NoError(t, err)
	return w
}

func openBackend(t *testing.T) *backend.Backend {
	t.Helper()
	be, err := backend.Open("")
	require.NoError(t, err)
	return be
}

func (f trainingFixture) set() Set {
	s := Set{Labels: f.Labels}
	for _, ids := range f.Texts {
		s.Texts = append(s.Texts, encoder.Encoding{IDs: ids, TypeIDs: make([]int32, len(ids))})
	}
	return s
}

func (f trainingFixture) head() *head.Head {
	var weight []float32
	for _, row := range f.Head {
		weight = append(weight, row...)
	}
	return head.FromFloat32(weight, make([]float32, len(f.Head)))
}

func (f trainingFixture) lora(t *testing.T, cfg *encoder.Config) *encoder.LoRAWeights {
	t.Helper()
	l, err := encoder.NewLoRA(cfg, cfg.QueryValue(), f.Rank, f.Alpha, 1)
	require.NoError(t, err)
	for name, rows := range f.LoRAA {
		var flat []float32
		for _, row := range rows {
			flat = append(flat, row...)
		}
		require.Len(t, l.A[name], len(flat))
		l.A[name] = flat
	}
	return l
}

func accuracy(logits []float64, labels []int, classes int) (float64, error) {
	a, _, _ := summarise(logits, labels, classes)
	return a, nil
}

// The first 20 steps of FT and LoRA have PyTorch's losses, gradient norms and head norms.
func TestFirstStepsAgainstPyTorch(t *testing.T) {
	f := readFixture(t)
	for name, want := range map[string]oracleRun{"FT": f.FT, "LoRA": f.LoRA} {
		t.Run(name, func(t *testing.T) {
			w := smallModel(t)
			start := Start{Weights: w, Head: f.head()}
			if name == "LoRA" {
				start.LoRA = f.lora(t, w.Config)
			}
			recipe := Recipe{Epochs: f.Epochs, Batch: f.Batch, LearningRate: want.Rate, Clip: 1, Seed: 1, EvalsPerEpoch: 1}
			tr, err := newTrainer(openBackend(t), start, Data{Train: f.set(), Val: f.set()}, recipe, Hooks{Score: accuracy})
			require.NoError(t, err)
			tr.order = func(epoch int) []int { return f.Orders[epoch] }
			require.NoError(t, tr.begin(context.Background()))
			clipped := 0
			for i := range want.Losses {
				require.NoError(t, tr.stepOnce(context.Background()))
				got := tr.course.Steps[i]
				require.InEpsilon(t, want.Losses[i], got.Loss, 1e-5, "loss of step %d", i+1)
				require.InEpsilon(t, want.GradNorms[i], got.GradNorm, 1e-4, "gradient norm of step %d", i+1)
				require.InEpsilon(t, want.NormC[i], got.NormC, 1e-5, "Norm(C) after step %d", i+1)
				if got.GradNorm > 1 {
					clipped++
				}
			}
			require.Positive(t, clipped, "clipping was never active")
			require.Less(t, clipped, len(want.Losses), "clipping was always active")
		})
	}
}

// A run interrupted in mid-epoch and continued ends with the same bits as one that was not.
func TestResumeIsBitEqual(t *testing.T) {
	f := readFixture(t)
	be, err := backend.Open("go")
	require.NoError(t, err)
	recipe := Recipe{Epochs: 3, Batch: 8, LearningRate: 1e-3, Clip: 1, Seed: 7, Dropout: true, EvalsPerEpoch: 2}
	data := Data{Train: f.set(), Val: f.set()}
	start := Start{Weights: smallModel(t), Head: f.head()}
	whole, err := Run(context.Background(), be, start, data, recipe, Hooks{Score: accuracy})
	require.NoError(t, err)

	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	hooks := Hooks{Score: accuracy, Checkpoint: &Checkpoint{Dir: dir, Every: time.Hour}}
	hooks.Progress = func(p Progress) {
		if p.Step == 7 {
			cancel()
		}
	}
	_, err = Run(ctx, be, start, data, recipe, hooks)
	require.ErrorIs(t, err, context.Canceled)
	require.FileExists(t, filepath.Join(dir, noteName(7)))

	resumed := false
	hooks = Hooks{Score: accuracy, Checkpoint: &Checkpoint{Dir: dir, Every: time.Hour}}
	hooks.Progress = func(p Progress) { resumed = resumed || p.Resumed }
	again, err := Run(context.Background(), be, start, data, recipe, hooks)
	require.NoError(t, err)
	require.True(t, resumed)
	require.Equal(t, whole.Head, again.Head)
	require.Equal(t, whole.Course, again.Course)
	require.Equal(t, whole.Weights.Tensors, again.Weights.Tensors)
}

// A checkpoint of another run is refused, not continued.
func TestForeignCheckpointIsRefused(t *testing.T) {
	f := readFixture(t)
	be := openBackend(t)
	dir := t.TempDir()
	start := Start{Weights: smallModel(t), Head: f.head()}
	data := Data{Train: f.set(), Val: f.set()}
	recipe := Recipe{Epochs: 1, Batch: 16, LearningRate: 1e-3, Clip: 1, Seed: 7, EvalsPerEpoch: 1}
	hooks := Hooks{Score: accuracy, Checkpoint: &Checkpoint{Dir: dir, Every: time.Nanosecond}}
	_, err := Run(context.Background(), be, start, data, recipe, hooks)
	require.NoError(t, err)
	recipe.Seed = 8
	_, err = Run(context.Background(), be, start, data, recipe, hooks)
	require.ErrorContains(t, err, "other data, model or recipe")
}

// Training stops at a loss that is not a number and names the step.
func TestNaNLossNamesTheStep(t *testing.T) {
	f := readFixture(t)
	head := f.head()
	head.B[0] = math.NaN()
	recipe := Recipe{Epochs: 1, Batch: 16, LearningRate: 1e-3, Clip: 1, Seed: 7, EvalsPerEpoch: 1}
	_, err := Run(context.Background(), openBackend(t), Start{Weights: smallModel(t), Head: head}, Data{Train: f.set(), Val: f.set()}, recipe, Hooks{Score: accuracy})
	require.ErrorContains(t, err, "step 1 of 3")
	require.ErrorContains(t, err, "the loss is NaN")
}

// What the score cannot be computed of ends the run in its words; it does not count as a score of 0.
func TestScoresThatFailEndTheRun(t *testing.T) {
	f := readFixture(t)
	recipe := Recipe{Epochs: 1, Batch: 16, LearningRate: 1e-3, Clip: 1, Seed: 7, EvalsPerEpoch: 1}
	broken := func([]float64, []int, int) (float64, error) { return 0, errors.New("no such metric") }
	_, err := Run(context.Background(), openBackend(t), Start{Weights: smallModel(t), Head: f.head()}, Data{Train: f.set(), Val: f.set()}, recipe, Hooks{Score: broken})
	require.ErrorContains(t, err, "step 0 of 3: the validation rows have no score: no such metric")
}

// Data and heads that do not fit the model are refused with split and row, before anything is
// compiled.
func TestDataErrors(t *testing.T) {
	for want, change := range map[string]func(*fault){
		"the validation split is empty":                                             func(f *fault) { f.data.Val = Set{} },
		"validation split: 37 labels for 38 texts":                                  func(f *fault) { f.data.Val.Labels = f.data.Val.Labels[1:] },
		"training split: label 3 of row 2: the head has classes 0 to 2":             func(f *fault) { f.data.Train.Labels[2] = 3 },
		"validation split: label -1 of row 0":                                       func(f *fault) { f.data.Val.Labels[0] = -1 },
		"training split: row 4: token id 99999 lies outside the model's vocabulary": func(f *fault) { f.data.Train.Texts[4].IDs[1] = 99999 },
		"validation split: row 1: token type 7 lies outside":                        func(f *fault) { f.data.Val.Texts[1].TypeIDs[0] = 7 },
		"training split: row 0: 0 ids":                                              func(f *fault) { f.data.Train.Texts[0] = encoder.Encoding{} },
		"head with weight [3, 5] and bias [3]":                                      func(f *fault) { f.start.Head = head.New(3, 5) },
	} {
		f := newFault(t)
		f.data.Val = readFixture(t).set() // not shared with the training rows
		change(&f)
		_, _, err := f.run("")
		require.ErrorContains(t, err, want)
	}
}

// Recipes that cannot be run say why.
func TestRecipeErrors(t *testing.T) {
	good := Recipe{Epochs: 1, Batch: 2, LearningRate: 1, EvalsPerEpoch: 1}
	require.NoError(t, good.Check(2))
	for want, change := range map[string]func(*Recipe){
		"larger than the 2 training rows": func(r *Recipe) { r.Batch = 3 },
		"epochs is 0":                     func(r *Recipe) { r.Epochs = 0 },
		"batch is 0":                      func(r *Recipe) { r.Batch = 0 },
		"learning rate is 0":              func(r *Recipe) { r.LearningRate = 0 },
		"learning rate is NaN":            func(r *Recipe) { r.LearningRate = math.NaN() },
		"learning rate is +Inf":           func(r *Recipe) { r.LearningRate = math.Inf(1) },
		"clip is -1":                      func(r *Recipe) { r.Clip = -1 },
		"evaluations per epoch is 0":      func(r *Recipe) { r.EvalsPerEpoch = 0 },
	} {
		r := good
		change(&r)
		require.ErrorContains(t, r.Check(2), want)
	}
}

// Activations computed twice give the gradients of activations kept, under dropout too: the masks are the same.
func TestRecomputingChangesNothing(t *testing.T) {
	be := openBackend(t)
	f := readFixture(t)
	recipe := Recipe{Epochs: 1, Batch: 16, LearningRate: 1e-3, Clip: 1, Seed: 1, Dropout: true, EvalsPerEpoch: 1}
	gradients := func(again bool) [][]float32 {
		tr, err := newTrainer(be, Start{Weights: smallModel(t), Head: f.head()}, Data{Train: f.set(), Val: f.set()}, recipe, Hooks{Score: accuracy})
		require.NoError(t, err)
		if again {
			turned, err := tr.engine.recompute()
			require.NoError(t, err)
			require.True(t, turned)
		}
		batch := tr.rowsOfStep()
		var s Step
		grads, _, err := tr.batchGradients(batch, &s)
		require.NoError(t, err)
		var out [][]float32
		for _, g := range grads {
			out = append(out, tensors.MustCopyFlatData[float32](g))
		}
		return out
	}
	kept, again := gradients(false), gradients(true)
	for i := range kept {
		require.InDeltaSlice(t, kept[i], again[i], 1e-5, "tensor %d", i)
	}
}

// A device with too little memory computes activations twice, then gets smaller device batches, and the step is the same one;
// when one text alone is too much, that is the error.
func TestOutOfMemoryHalvesTheDeviceBatch(t *testing.T) {
	f := readFixture(t)
	be := openBackend(t)
	var notes []string
	be.Say = func(line string) { notes = append(notes, line) }
	recipe := Recipe{Epochs: 1, Batch: 16, LearningRate: 1e-3, Clip: 1, Seed: 1, EvalsPerEpoch: 1}
	// run is a step on a device that holds so many texts a device batch, and twice as many if it recomputes.
	run := func(rows int) (Step, error) {
		tr, err := newTrainer(be, Start{Weights: smallModel(t), Head: f.head()}, Data{Train: f.set(), Val: f.set()}, recipe, Hooks{Score: accuracy})
		require.NoError(t, err)
		tr.engine.run = func(exec *graph.Exec, args []any) ([]*tensors.Tensor, error) {
			ids, ok := args[0].(*tensors.Tensor)
			room := rows
			if tr.engine.again {
				room *= 2
			}
			if (exec == tr.engine.first || exec == tr.engine.more) && ok && ids.Shape().Dimensions[0] > room {
				return nil, errors.New("RESOURCE_EXHAUSTED: Out of memory allocating 1073741824 bytes.")
			}
			return be.Run(exec, args)
		}
		var s Step
		batch := tr.rowsOfStep()
		grads, _, err := tr.batchGradients(batch, &s)
		if err == nil {
			s.GradNorm, err = tr.state.apply(tr.engine, grads, 1e-3)
		}
		return s, err
	}
	want, err := run(1000)
	require.NoError(t, err)
	require.Empty(t, notes)
	got, err := run(2)
	require.NoError(t, err)
	require.Contains(t, strings.Join(notes, "; "), "going on with half of it")
	require.Contains(t, notes[0], "each block is computed twice", "first the activations, then the batch")
	require.InEpsilon(t, want.Loss, got.Loss, 1e-5)
	require.InEpsilon(t, want.GradNorm, got.GradNorm, 1e-5)

	_, err = run(0)
	require.True(t, backend.OutOfMemory(err), err)
}
