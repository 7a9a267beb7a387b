package session

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"lpft/lpftlib/finetune"
	"lpft/lpftlib/measure"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// Table 6's batch sizes and learning rates are RoBERTa's. Another model needs its own: a grid
// search on the validation rows with three tuning seeds, as in the paper's Appendix A.3.3.

const (
	tuningVersion = 2
	tunedVersion  = 3 // the deviation of one seed is null
)

// TuningSeeds are the seeds of the grid search; none of them is an evaluation seed. The paper
// does not print its own three.
var TuningSeeds = []uint64{11, 22, 33}

// Grid is the file of `lpft tune --grid`: {"learning_rate": [1e-5, 3e-5], "batch": [16]}.
type Grid struct {
	LearningRate []float64 `json:"learning_rate"`
	Batch        []int     `json:"batch"` // empty: the profile's batch size
}

// ReadGrid reads a grid file; unknown keys are errors.
func ReadGrid(path string) (*Grid, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("grid %s: %v", path, err)
	}
	g := &Grid{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(g); err != nil {
		return nil, fmt.Errorf("grid %s: %v: expected {\"learning_rate\": [1e-5, 3e-5], \"batch\": [16]}", path, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("grid %s: something follows the JSON object", path)
	}
	if err := g.check(); err != nil {
		return nil, fmt.Errorf("grid %s: %w", path, err)
	}
	return g, nil
}

func (g *Grid) check() error {
	if len(g.LearningRate) == 0 {
		return fmt.Errorf("learning_rate is empty: expected at least one rate")
	}
	for _, rate := range g.LearningRate {
		if !(rate > 0) || rate >= 1 {
			return fmt.Errorf("learning rate %g: expected a number between 0 and 1", rate)
		}
	}
	for _, batch := range g.Batch {
		if batch < 1 {
			return fmt.Errorf("batch %d: expected at least 1", batch)
		}
	}
	return nil
}

// points are the grid's points: batch by batch, in each the rates in the file's order.
func (g *Grid) points(batch int) []study.Rates {
	batches := g.Batch
	if len(batches) == 0 {
		batches = []int{batch}
	}
	var out []study.Rates
	for _, b := range batches {
		for _, rate := range g.LearningRate {
			out = append(out, study.Rates{Batch: b, LearningRate: rate})
		}
	}
	return out
}

// atEdge says that a rate or batch is the least or the largest of several.
func (g *Grid) atEdge(r study.Rates) bool {
	return edge(g.LearningRate, r.LearningRate) || edge(g.Batch, r.Batch)
}

func edge[T cmp.Ordered](all []T, v T) bool {
	return len(all) > 0 && slices.Min(all) < slices.Max(all) && (v == slices.Min(all) || v == slices.Max(all))
}

// Tuned is the result of a grid search.
type Tuned struct {
	Task   string       `json:"task"`
	Method study.Method `json:"method"`
	Best   study.Rates  `json:"best"`
	Points []TunedPoint `json:"points"`            // in the grid's order
	AtEdge bool         `json:"at_edge,omitempty"` // the best rate or batch is the least or the largest of several: a better one may lie beyond
	Seeds  []uint64     `json:"seeds"`
}

// TunedPoint is a point of the grid with the validation score of its selected epoch, seed by seed.
type TunedPoint struct {
	study.Rates
	Scores []float64 `json:"scores"` // × 100
	Mean   float64   `json:"mean"`
	Std    *float64  `json:"std"` // sample form, n−1; nil with one seed, which has none
}

// tunedSubject is what a chosen rate is good for: profiles that ask for tuned rates look for it.
type tunedSubject struct {
	Model           string       `json:"model"`
	Data            string       `json:"data"`
	MaxLen          int          `json:"max_len"`
	Method          study.Method `json:"method"`
	PaperCompatible bool         `json:"paper_compatible"`
	Stop            string       `json:"stop,omitempty"` // of linear probing, where the method starts from it
}

type tunedInputs struct {
	tunedSubject
	Runs [][]string `json:"runs"` // keys of the scores, [point][seed]
}

// Tune searches the grid for the batch size and learning rate with the best mean validation score
// over the tuning seeds; the first of equals wins. The choice is stored with its provenance.
func (s *Session) Tune(ctx context.Context, id string, m study.Method, grid *Grid, seeds []uint64) (*Tuned, error) {
	if !m.Trains() {
		return nil, fmt.Errorf("%s has no learning rate to tune: there are ft, lpft, lora, lplora", m.Title())
	}
	plan, err := s.Profile.RatesOf(id, m)
	if err != nil {
		return nil, err
	}
	out := &Tuned{Task: id, Method: m, Seeds: seeds}
	in := tunedInputs{}
	if in.tunedSubject, err = s.tunedSubject(ctx, id, m); err != nil {
		return nil, err
	}
	for _, rates := range grid.points(plan.Batch) {
		point, keys, err := s.tunePoint(ctx, study.Spec{Task: id, Method: m, Rates: rates}, seeds)
		if err != nil {
			return nil, err
		}
		out.Points, in.Runs = append(out.Points, *point), append(in.Runs, keys)
	}
	out.Best = slices.MaxFunc(out.Points, func(a, b TunedPoint) int { return cmp.Compare(a.Mean, b.Mean) }).Rates
	out.AtEdge = grid.atEdge(out.Best)
	return out, s.keepTuned(ctx, out, in)
}

// keepTuned stores a choice, where profiles find it.
func (s *Session) keepTuned(ctx context.Context, t *Tuned, in tunedInputs) error {
	d, _, be, err := s.parts(ctx, t.Task)
	if err != nil {
		return err
	}
	step := store.Step{Kind: "tuned", Version: tunedVersion, Label: fmt.Sprintf("rates of %s on %s", t.Method.Title(), t.Task), Inputs: in}
	_, err = s.Store.Do(ctx, step, func(_ context.Context, w *store.Work) error {
		w.SetProvenance(s.provenance(be, step, d, nil).Finish())
		return w.WriteJSON(tunedFile, t)
	})
	return err
}

const tunedFile = "tuned.json"

// tunePoint trains one point with every seed; of a run only its score is kept.
func (s *Session) tunePoint(ctx context.Context, run study.Spec, seeds []uint64) (*TunedPoint, []string, error) {
	point := &TunedPoint{Rates: run.Rates}
	var keys []string
	for _, seed := range seeds {
		run.Seed = seed
		score, key, err := s.tuneScore(ctx, run)
		if err != nil {
			return nil, nil, err
		}
		point.Scores, keys = append(point.Scores, 100*score), append(keys, key)
	}
	spread, err := measure.Summarise(point.Scores)
	point.Mean = spread.Mean
	if spread.N > 1 {
		point.Std = &spread.Std
	}
	return point, keys, err
}

// tuneScore is the best validation score of one run.
func (s *Session) tuneScore(ctx context.Context, run study.Spec) (float64, string, error) {
	in, err := s.finetuneInputs(ctx, run)
	if err != nil {
		return 0, "", err
	}
	step := store.Step{Kind: "tuning", Version: tuningVersion, Inputs: in,
		Label: fmt.Sprintf("tuning %s", run)}
	var job *job
	before := func(ctx context.Context) (err error) {
		job, err = s.job(ctx, run, in)
		return err
	}
	a, err := s.once(ctx, step, before, func(ctx context.Context, w *store.Work) error {
		return s.train(ctx, w, job, step, func(r *finetune.Result) error {
			return w.WriteJSON("score.json", study.Outcome{Course: r.Course, Epoch: r.Epoch})
		})
	})
	if err != nil {
		return 0, "", err
	}
	var out study.Outcome
	if err := a.ReadJSON("score.json", &out); err != nil {
		return 0, "", err
	}
	return out.Point().Score, a.Key, nil
}

func (s *Session) tunedSubject(ctx context.Context, id string, m study.Method) (tunedSubject, error) {
	d, model, _, err := s.parts(ctx, id)
	if err != nil {
		return tunedSubject{}, err
	}
	return tunedSubject{model.Digest, d.Digest, s.Profile.MaxLen, m, s.Profile.PaperCompatible, s.stopOf(m)}, nil
}

// rates are a method's batch size and learning rate on a task: the profile's, or where the
// profile asks for tuned rates the newest choice of [Session.Tune] for this model and data.
func (s *Session) rates(ctx context.Context, id string, m study.Method) (*study.Rates, error) {
	if !s.Profile.TunedRates && !s.Profile.Plan(id).TunedRates {
		return s.Profile.RatesOf(id, m)
	}
	want, err := s.tunedSubject(ctx, id, m)
	if err != nil {
		return nil, err
	}
	list, _ := s.Store.List("tuned") // one that cannot be trusted is none
	order := s.Store.Order()
	var newest *store.Artefact
	for _, a := range list {
		var in tunedInputs
		if json.Unmarshal(a.Manifest.Inputs, &in) != nil || in.tunedSubject != want {
			continue
		}
		if newest == nil || cmp.Or(cmp.Compare(order[a.Key], order[newest.Key]), a.Manifest.Finished.Compare(newest.Manifest.Finished)) > 0 {
			newest = a
		}
	}
	if newest == nil {
		return nil, fmt.Errorf("profile %s wants tuned rates and there are none for %s on %s with this model and data: run lpft tune --profile %s --task %s --method %s --grid FILE",
			s.Profile.Name, m.Title(), id, s.opt.Profile, id, m)
	}
	var t Tuned
	return &t.Best, newest.ReadJSON(tunedFile, &t)
}
