package session

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/store"
	"lpft/lpftlib/store/remote"
)

// Remote is the bucket behind the store, nil for none.
func (s *Session) Remote() *remote.Remote { return s.remote }

// Reads tells whether results are only read here: they are other machines' work, or the store cannot be written.
func (s *Session) Reads() bool { return s.opt.Reads || s.Store.ReadOnly() }

// there finds a step's artefact where nothing is computed.
func (s *Session) there(ctx context.Context, step store.Step) (*store.Artefact, error) {
	a, ok, err := s.Store.Find(ctx, step)
	if err == nil && !ok {
		err = fmt.Errorf("%s is not there, and results are only read here: lpft plan lists the job that makes it", step.Label)
	}
	return a, err
}

// questions is how many looks at the remote are under way at a time.
const questions = 64

// LookBehind looks in the remote, if there is one, for those of a plan's steps that are wanted and not here with every file:
// one request a step. The plan says then what both hold.
func (s *Session) LookBehind(ctx context.Context, steps []Planned, wanted func(Planned) bool) ([]Planned, error) {
	if s.remote == nil {
		return steps, nil
	}
	steps = slices.Clone(steps)
	group, asking := errgroup.WithContext(ctx)
	group.SetLimit(questions)
	for i, step := range steps {
		if step.Cached && !step.Light || !wanted(step) {
			continue
		}
		group.Go(func() error {
			presence, err := s.Store.LookBehind(asking, step.Step.Kind, step.Key)
			steps[i].Cached, steps[i].Light = presence != store.Absent, presence == store.Light
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return Join(steps), nil
}
