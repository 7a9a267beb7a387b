package command

import (
	"context"
	"fmt"
	"slices"

	"lpft/lpftlib/grid"
	"lpft/lpftlib/session"
)

// lookBehind looks in the bucket behind the store, if there is one, for those steps that are wanted and not here, and makes
// the jobs anew with what it finds.
func (p *gridPlan) lookBehind(ctx context.Context, wanted func(session.Planned) bool) error {
	if p.session.Remote() == nil {
		return nil
	}
	steps, err := p.session.LookBehind(ctx, p.steps, wanted)
	if err != nil {
		return err
	}
	p.steps = steps
	return p.makeJobs(ctx)
}

// around says which steps a job is about: its own, and those that these need.
func (p *gridPlan) around(job grid.Job) (own, needed map[string]bool) {
	own, needed = map[string]bool{}, map[string]bool{}
	for _, step := range p.stepsOf(job) {
		own[step.Key] = true
		for _, key := range step.Needs {
			needed[key] = true
		}
	}
	return own, needed
}

// lookAround looks in the bucket for what a job is about, and for the steps that need its own: what these have read may be
// dropped.
func (p *gridPlan) lookAround(ctx context.Context, job grid.Job) error {
	own, needed := p.around(job)
	return p.lookBehind(ctx, func(step session.Planned) bool {
		return own[step.Key] || needed[step.Key] || step.Unit.Kind != reportKind && slices.ContainsFunc(step.Needs, func(key string) bool { return own[key] })
	})
}

// push gives the bucket what a job has made here, what it needs included: of that, what was damaged there was made anew.
func (p *gridPlan) push(ctx context.Context, job grid.Job) error {
	r := p.session.Remote()
	if r == nil {
		return nil
	}
	own, needed := p.around(job)
	pushed := 0
	for _, step := range p.steps {
		if !own[step.Key] && !needed[step.Key] {
			continue
		}
		a, ok, err := p.session.Store.Lookup(step.Step)
		if err != nil {
			return err
		}
		if !ok { // it is in the bucket, and was not needed here
			continue
		}
		did, err := r.Push(ctx, a)
		if err != nil {
			return fmt.Errorf("job %s is done here, but not in the bucket: %w; the same command goes on", job.ID, err)
		}
		if did {
			pushed++
		}
	}
	say(fmt.Sprintf("job %s: %d results new in %s; %d requests so far", job.ID, pushed, r, r.Requests()))
	return nil
}
