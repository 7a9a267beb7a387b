package finetune

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// Set is one split: texts and labels, row by row.
type Set struct {
	Texts  []encoder.Encoding
	Labels []int
}

// Data are the training and validation splits.
type Data struct{ Train, Val Set }

// Start is where the FT stage begins.
type Start struct {
	Weights *encoder.Weights     // the pre-trained encoder
	Head    *head.Head           // random (FT, LoRA) or from linear probing (LP-FT, LP-LoRA)
	LoRA    *encoder.LoRAWeights // nil: all parameters are trained
	Frozen  []string             // the encoder's tensors that stand still all the same; none with LoRA, which trains none of them

	ValFeatures []float32 // φ of the validation rows [n, h] where they are at hand; nil: computed
}

// Hooks connect a run with its surroundings; every field may be left out but Score.
type Hooks struct {
	Score      func(logits []float64, labels []int, classes int) (float64, error) // validation score; larger is better
	Progress   func(Progress)                                                     // after every step
	Checkpoint *Checkpoint                                                        // where to leave and find state; nil: nowhere
}

// Progress says how far a run is.
type Progress struct {
	Step, Steps  int
	Epoch        int // from 1
	Loss         float64
	BestScore    float64
	Resumed      bool
	TokensPadded int // padded tokens of this step, the unit of cost
}

// Result is the selected epoch's model and the whole course.
type Result struct {
	Weights *encoder.Weights     // encoder of the selected epoch (with LoRA: the frozen one)
	LoRA    *encoder.LoRAWeights // factors of the selected epoch, or nil
	Head    *head.Head
	Epoch   int // selected epoch, from 1
	Course  *Course
}

// Run trains by the recipe and returns the epoch with the best validation score.
//
// It stops at the first loss or gradient that is not a number and names the step; the last
// checkpoint stays. When ctx ends between two steps it writes a checkpoint and returns ctx's error;
// an evaluation that is cut short is not part of one, so the last checkpoint stays.
func Run(ctx context.Context, be *backend.Backend, start Start, data Data, recipe Recipe, hooks Hooks) (*Result, error) {
	t, err := newTrainer(be, start, data, recipe, hooks)
	if err != nil {
		return nil, err
	}
	if err := t.begin(ctx); err != nil {
		return nil, err
	}
	for t.state.step < t.steps {
		if err := ctx.Err(); err != nil {
			return nil, t.interrupted(err)
		}
		if err := t.stepOnce(ctx); err != nil {
			return nil, err
		}
	}
	return t.result()
}

// trainer is a run under way.
type trainer struct {
	be     *backend.Backend
	start  Start
	data   Data
	recipe Recipe
	hooks  Hooks

	vocab   *vocabulary
	lora    *encoder.LoRAWeights // current factors on the host, refreshed before evaluations
	state   *state
	engine  *engine
	runner  *encoder.Runner
	steps   int
	room    int // padded tokens that fit into the device's memory, once that was too small; else 0
	resumed bool
	kept    int // step of the newest checkpoint on disk; 0: none
	course  *Course
	best    *best
	valBase []float32 // φ_pre on the validation rows, for Diff: features of the first evaluation
	guard   string    // identifies the run a checkpoint belongs to
	order   func(epoch int) []int

	deviceTokens func(engine string, texts []encoder.Encoding) int // most padded tokens of a device batch
}

// best is the selected epoch so far.
type best struct {
	Epoch  int
	Score  float64
	params [][]float32 // trained parameters
}

func newTrainer(be *backend.Backend, start Start, data Data, recipe Recipe, hooks Hooks) (*trainer, error) {
	if err := recipe.Check(len(data.Train.Texts)); err != nil {
		return nil, err
	}
	if err := start.check(); err != nil {
		return nil, err
	}
	if err := data.check(start); err != nil {
		return nil, err
	}
	t := &trainer{be: be, start: start, data: data, recipe: recipe, hooks: hooks, course: &Course{}}
	if start.LoRA != nil {
		copied := *start.LoRA
		copied.A, copied.B = cloneMap(start.LoRA.A), cloneMap(start.LoRA.B)
		t.lora = &copied
	}
	t.order = func(epoch int) []int { return Order(recipe.Seed, epoch, len(data.Train.Texts)) }
	t.deviceTokens = trainTokens
	t.vocab = newVocabulary(start.Weights.Config, data.Train.Texts, data.Val.Texts)
	t.state = newState(t.vocab, start)
	t.steps = recipe.Epochs * recipe.StepsPerEpoch(len(data.Train.Texts))
	var err error
	if t.engine, err = newEngine(be, t.vocab.cfg, t.lora, recipe, t.state.trained); err != nil {
		return nil, err
	}
	if t.runner, err = encoder.NewRunnerOn(be, t.vocab.cfg, t.state.encoderParams(t.vocab.cfg), t.lora); err != nil {
		return nil, err
	}
	t.runner.WithBatcher(t.vocab.batch)
	if hooks.Checkpoint != nil {
		t.guard, err = t.identity()
	}
	return t, err
}

func cloneMap(m map[string][]float32) map[string][]float32 {
	out := make(map[string][]float32, len(m))
	for k, v := range m {
		out[k] = slices.Clone(v)
	}
	return out
}

// begin measures the validation rows with the start's parameters, which gives φ_pre for Diff and
// the point before the first step, and then takes up a checkpoint, which brings points of its own.
func (t *trainer) begin(ctx context.Context) error {
	if _, err := t.evaluate(ctx); err != nil {
		return err
	}
	return t.resume()
}

// epoch is that of the next step, from 0.
func (t *trainer) epoch() int { return t.state.step / t.recipe.StepsPerEpoch(len(t.data.Train.Texts)) }

// rowsOfStep are the training rows of the next batch.
func (t *trainer) rowsOfStep() []int {
	order := t.order(t.epoch())
	from := t.state.step % t.recipe.StepsPerEpoch(len(t.data.Train.Texts)) * t.recipe.Batch
	return order[from:min(from+t.recipe.Batch, len(order))]
}

// stepOnce takes one optimiser step, evaluates where it is due and leaves a checkpoint from
// time to time.
func (t *trainer) stepOnce(ctx context.Context) error {
	epoch := t.epoch()
	step, tokens, err := t.optimise()
	if err != nil {
		return err
	}
	if err := t.evaluateIfDue(ctx, epoch); err != nil {
		return err
	}
	t.report(step, epoch, tokens)
	return t.hooks.Checkpoint.due(t)
}

// optimise takes one optimiser step, which becomes part of the course; tokens are the padded ones of its batch.
func (t *trainer) optimise() (step Step, tokens int, err error) {
	step = Step{Step: t.state.step + 1, Rate: t.recipe.Rate(t.state.step, t.steps)}
	grads, tokens, err := t.batchGradients(t.rowsOfStep(), &step)
	if err != nil {
		return step, tokens, fmt.Errorf("step %d of %d: %w", step.Step, t.steps, err)
	}
	if math.IsNaN(step.Loss) || math.IsInf(step.Loss, 0) {
		return step, tokens, t.diverged(step.Step, fmt.Errorf("the loss is %v", step.Loss))
	}
	if step.GradNorm, err = t.state.apply(t.engine, grads, step.Rate); errors.Is(err, errNotFinite) {
		return step, tokens, t.diverged(step.Step, err)
	} else if err != nil {
		return step, tokens, fmt.Errorf("step %d of %d: %w", step.Step, t.steps, err)
	}
	head, err := t.state.head()
	if err != nil {
		return step, tokens, err
	}
	step.NormC, step.NormB = head.Norm(), head.BiasNorm()
	t.course.Steps = append(t.course.Steps, step)
	return step, tokens, nil
}

// diverged says at which step numbers stopped being numbers, and what to do.
func (t *trainer) diverged(step int, what error) error {
	return fmt.Errorf("step %d of %d: %w: training stopped, the last checkpoint is kept; lower the learning rate (%g)", step, t.steps, what, t.recipe.LearningRate)
}

func (t *trainer) report(step Step, epoch, tokens int) {
	if t.hooks.Progress == nil {
		return
	}
	p := Progress{Step: step.Step, Steps: t.steps, Epoch: epoch + 1, Loss: step.Loss, Resumed: t.resumed, TokensPadded: tokens}
	if t.best != nil {
		p.BestScore = t.best.Score
	}
	t.hooks.Progress(p)
}

// batchGradients sums the gradients of a batch's device batches. It fills in the step's
// loss and mean ‖logits‖ and returns the gradients with the number of padded tokens.
func (t *trainer) batchGradients(rows []int, step *Step) ([]*tensors.Tensor, int, error) {
	texts := make([]encoder.Encoding, len(rows))
	for i, row := range rows {
		texts[i] = t.data.Train.Texts[row]
	}
	sums, tokens, err := t.fit(texts, rows)
	if err != nil {
		return nil, 0, err
	}
	step.Loss = float64(tensors.ToScalar[float32](sums[0]))
	step.LogitNorm = float64(tensors.ToScalar[float32](sums[1])) / float64(len(rows))
	return sums[2:], tokens, nil
}

// fit cuts a batch into device batches and sums over them. When the device's memory is too
// small for one, the rest of the run computes activations twice instead of keeping them, and if that does not
// help, its device batches are half as large, down to one text.
func (t *trainer) fit(texts []encoder.Encoding, rows []int) (sums []*tensors.Tensor, tokens int, err error) {
	most := t.deviceTokens(t.be.Engine, texts)
	if t.room > 0 {
		most = min(most, t.room)
	}
	groups := encoder.Groups(texts, t.be.Engine, most, t.vocab.full.MaxTokens())
	largest := 0 // of those that can be cut
	for _, g := range groups {
		tokens += len(g.Rows) * g.T
		if len(g.Rows) > 1 {
			largest = max(largest, len(g.Rows)*g.T)
		}
	}
	sums, err = t.laneSums(texts, rows, groups)
	if !backend.OutOfMemory(err) {
		return sums, tokens, err
	}
	if t.be.Drop(backend.Weights) { // kept for later steps; this one goes on as if it were the first
		return t.fit(texts, rows)
	}
	if turned, failed := t.engine.recompute(); turned || failed != nil {
		if failed != nil {
			return nil, 0, failed
		}
		t.be.Say("the device has no memory for a training batch's activations: going on without keeping them, each block is computed twice")
		runtime.GC()
		return t.fit(texts, rows)
	}
	if largest == 0 {
		return nil, 0, err
	}
	t.room = largest / 2
	t.be.Say(fmt.Sprintf("the device has no memory for a training batch of %d tokens at once: going on with half of it", largest))
	runtime.GC() // the sums so far hold memory of the device
	return t.fit(texts, rows)
}

// laneSums computes the device batches in a fixed number of lanes, several at once, and adds
// the lanes up in order: which batch goes where does not depend on the machine's cores.
func (t *trainer) laneSums(texts []encoder.Encoding, rows []int, groups []encoder.Group) ([]*tensors.Tensor, error) {
	if err := t.be.Place(t.state.params); err != nil {
		return nil, err
	}
	lanes := make([][]*tensors.Tensor, min(t.be.Lanes(), len(groups)))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for lane := range lanes {
		work.Go(func() error {
			for part := lane; part < len(groups); part += len(lanes) {
				out, err := t.deviceBatch(texts, rows, groups[part], part, lanes[lane])
				if err != nil {
					return err
				}
				lanes[lane] = out
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	return t.engine.addUp(lanes)
}

// trainTokens is how many padded tokens a device batch of training holds. On the "go" engine
// even a small batch is cut in two, for two cores; long and short texts go in separate device
// batches anyway. On XLA 8192 tokens hold any batch of the paper whole (32 texts of 128).
//
// It follows from engine and texts alone and is no option: another cut adds the same numbers in
// another order and draws other dropout masks, so that a resumed run would not be the same run.
// Only a device without the memory for it forces another cut (see fit), which is then said.
func trainTokens(engine string, texts []encoder.Encoding) int {
	if engine != "go" {
		return 8192
	}
	total := 0
	for _, e := range texts {
		total += encoder.BucketLength(len(e.IDs), engine, len(e.IDs))
	}
	return min(512, max(64, (total+1)/2))
}

// deviceBatch computes one device batch's gradients and adds the sums so far.
func (t *trainer) deviceBatch(texts []encoder.Encoding, rows []int, g encoder.Group, part int, sums []*tensors.Tensor) ([]*tensors.Tensor, error) {
	picked := make([]encoder.Encoding, len(g.Rows))
	labels := make([]int32, len(g.Rows))
	for i, at := range g.Rows {
		picked[i], labels[i] = texts[at], int32(t.data.Train.Labels[rows[at]])
	}
	b, err := t.vocab.batch(picked, g.T)
	if err != nil {
		return nil, err
	}
	args := append(b.Tensors(), tensors.FromFlatDataAndDimensions(labels, len(labels)), float32(len(rows)), t.dropoutKey(part))
	for _, p := range t.state.params {
		args = append(args, p)
	}
	if sums == nil {
		return t.engine.run(t.engine.first, args)
	}
	donated, err := donate(t.be, sums)
	if err != nil {
		return nil, err
	}
	return t.engine.run(t.engine.more, append(args, donated...))
}

// dropoutKey picks the masks of one device batch by seed, step and part alone.
func (t *trainer) dropoutKey(part int) *tensors.Tensor {
	at := uint64(t.state.step)<<16 | uint64(part)
	bits := generator(t.recipe.Seed, streamDropout, at).Uint64()
	return tensors.FromFlatDataAndDimensions([]uint32{uint32(bits), uint32(bits >> 32)}, 2)
}

// result restores the selected epoch.
func (t *trainer) result() (*Result, error) {
	at := 0
	for i, spec := range t.state.specs {
		if t.state.trained[i] {
			t.state.params[i] = tensors.FromFlatDataAndDimensions(t.best.params[at], spec.Shape...)
			at++
		}
	}
	weights, lora, head, err := t.model()
	if err != nil {
		return nil, err
	}
	r := &Result{Weights: weights, LoRA: lora, Head: head, Epoch: t.best.Epoch, Course: t.course}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("the model of epoch %d: %w", r.Epoch, err)
	}
	return r, nil
}
