package session

import (
	"context"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/measure"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

const placesVersion = 1

// startInputs is everything that a training depends on, and the kernel at its start.
type startInputs struct {
	kernelRunInputs
	Kernel string `json:"kernel"`
}

// placesStep is a training on a kernel's rows whose features are compared layer by layer.
func (s *Session) placesStep(ctx context.Context, run study.KernelRun) (store.Step, error) {
	in, err := s.kernelRunInputs(ctx, run)
	if err != nil {
		return store.Step{}, err
	}
	kernel, err := s.keyOf(s.kernelStep(ctx, run.Spec))
	return store.Step{Kind: "places", Version: placesVersion, Label: "layers of " + run.String(), Inputs: startInputs{in, kernel}}, err
}

// Places says where in the network a training starts to work, by the kernel at its start, and how far it has moved the
// features of each layer at its end.
func (s *Session) Places(ctx context.Context, run study.KernelRun) (*study.Places, error) {
	var k *kernels.NTK
	var job *kernelJob
	step, err := s.placesStep(ctx, run)
	return made(ctx, s, run.Task, &run.Seed, "places.json", step, err, func(ctx context.Context) (err error) {
		if k, err = s.KernelArrays(ctx, run.Spec); err == nil {
			job, err = s.kernelJob(ctx, run, step.Inputs.(startInputs).kernelRunInputs)
		}
		return err
	}, func(ctx context.Context) (*study.Places, error) {
		out := &study.Places{KernelRun: run, Recipe: job.in.Recipe}
		if out.Groups, err = placeShares(k); err != nil {
			return nil, err
		}
		err := s.watched(ctx, job, step.Label, func(ctx context.Context, m *finetune.Moment) (err error) {
			if m.Step == m.Steps {
				out.Layers, err = s.layerMoves(ctx, job, m)
			}
			return err
		})
		return out, err
	})
}

// placeShares are the shares of the head and of each parameter group in a kernel.
func placeShares(k *kernels.NTK) (out []study.PlaceShare, err error) {
	parts, names := []*kernels.Kernel{k.P}, []string{study.HeadGroup}
	for _, g := range k.Groups {
		parts, names = append(parts, g.Train), append(names, g.Name)
	}
	delta, err := kernels.Residuals(k.Logits, k.Labels)
	if err != nil {
		return nil, err
	}
	traces, err := kernels.TraceShares(parts)
	if err != nil {
		return nil, err
	}
	steps, err := kernels.StepShares(parts, delta)
	for i, step := range steps {
		out = append(out, study.PlaceShare{Name: names[i], Trace: traces[i], Step: step})
	}
	return out, err
}

// layerMoves compares the test rows' features after every number of blocks with what they were before the training.
func (s *Session) layerMoves(ctx context.Context, j *kernelJob, m *finetune.Moment) (out []study.LayerMove, err error) {
	before, err := s.resident(ctx)
	if err != nil {
		return nil, err
	}
	weights, lora, _, err := m.Model()
	if err != nil {
		return nil, err
	}
	be, err := s.Backend()
	if err != nil {
		return nil, err
	}
	after, err := weights.Place(be)
	if err != nil {
		return nil, err
	}
	start, err := featuresOfLayers(ctx, before, nil, j.Val.Texts)
	if err != nil {
		return nil, err
	}
	end, err := featuresOfLayers(ctx, after, lora, j.Val.Texts)
	if err != nil {
		return nil, err
	}
	for blocks := range start {
		move, err := layerMove(start[blocks], end[blocks])
		if err != nil {
			return nil, err
		}
		move.Blocks = blocks
		out = append(out, move)
	}
	return out, nil
}

// featuresOfLayers are the features of texts at the first token after 0, 1, … blocks, each [n, h].
func featuresOfLayers(ctx context.Context, model *encoder.Resident, lora *encoder.LoRAWeights, texts []encoder.Encoding) ([]*mat.Dense, error) {
	run, err := model.LayersRunner(lora)
	if err != nil {
		return nil, err
	}
	phi, err := run.Features(ctx, texts, nil)
	if err != nil {
		return nil, err
	}
	h, layers := model.Config.Hidden, model.Config.Layers+1
	all := dense(phi, len(texts), layers*h)
	out := make([]*mat.Dense, layers)
	for l := range out {
		out[l] = mat.DenseCopyOf(all.Slice(0, len(texts), l*h, (l+1)*h))
	}
	return out, nil
}

// layerMove compares features before and after.
func layerMove(before, after *mat.Dense) (out study.LayerMove, err error) {
	if out.Diff, err = measure.FeatureDifference(after, before); err != nil {
		return out, err
	}
	if out.CSStart, err = measure.CosineSimilarity(before); err != nil {
		return out, err
	}
	rows, _ := before.Dims()
	for i := range rows {
		out.Size += floats.Norm(before.RawRowView(i), 2) / float64(rows)
	}
	out.CS, err = measure.CosineSimilarity(after)
	return out, err
}
