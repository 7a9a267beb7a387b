package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/grid"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
)

// gridJob is one `lpft job`.
type gridJob struct {
	gridFlags
	id, keep, reportDir string
	needed              bool
	patience            time.Duration
}

func jobCommand() *cobra.Command {
	j := &gridJob{}
	cmd := &cobra.Command{
		Use:   "job ID",
		Short: "Do one job of lpft plan: what it needs comes from the store",
		Long: `Does one job of lpft plan; profile, tasks, seeds, items and backend must be the plan's, as the command in
each of its lines has them. What the job needs of other jobs comes from the store; what is done already is
not done again, and a training that was stopped goes on from its checkpoint. With LPFT_REMOTE it comes from
that bucket where it is not in the store, and what the job makes goes there: no folder need be shared.

Exit status: 0 done; 75 stopped by SIGTERM or Ctrl-C with its state kept, start it again; 69 another job must
be done first, which is named; 78 the plan cannot be made here or has no such job; 1 anything else.

--keep says what stays of the weights once everything in the plan that reads them is there: all; heads (a
fully trained encoder goes; its head, its course, adapters, features and kernels stay); none (adapters,
trained models' features and kernels go too). A later plan that needs what went trains again.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			j.id = args[0]
			return j.run(cmd.Context())
		},
	}
	j.gridFlags.add(cmd.Flags())
	cmd.Flags().StringVar(&j.keep, "keep", string(session.KeepAll), "what stays of finished trainings: all, heads or none")
	cmd.Flags().StringVar(&j.reportDir, "report", "", "folder to write the report to as well, where this is its job")
	cmd.Flags().DurationVar(&j.patience, "patience", 0, "wait so long for jobs that must be done before, as in 10m")
	cmd.Flags().BoolVar(&j.needed, "needed", false, "do the jobs that it needs first, in this process")
	return cmd
}

// run does the job. Whatever goes wrong before its first step is a wrong request.
func (j *gridJob) run(ctx context.Context) error {
	keep, err := session.ParseKeep(j.keep)
	if err != nil {
		return exitError{fmt.Errorf("--keep: %w", err), exitRequest}
	}
	if _, err := openStore(); err != nil {
		return err
	}
	p, job, err := j.prepare(ctx)
	if err != nil {
		return refused(ctx, err)
	}
	if j.reportDir != "" && job.Kind != reportKind {
		return exitError{fmt.Errorf("--report: job %s makes %s, no report", job.ID, job.Label), exitRequest}
	}
	list := []grid.Job{job}
	if j.needed {
		list = grid.WithNeeded(p.jobs, job)
	}
	if err := j.doAll(ctx, p, list, keep); err != nil {
		return stopped(ctx, err)
	}
	if j.reportDir == "" {
		return nil
	}
	dir, err := filepath.Abs(j.reportDir)
	if err != nil {
		return err
	}
	return p.copyReport(ctx, dir)
}

// doAll does jobs, each with what it needs in the store.
func (j *gridJob) doAll(ctx context.Context, p *gridPlan, list []grid.Job, keep session.Keep) error {
	for _, job := range list {
		if !j.needed {
			first, err := p.await(ctx, job, j.patience)
			if err != nil {
				return err
			}
			if len(first) > 0 {
				return needsFirst(job, first)
			}
		}
		if err := p.do(ctx, job, keep); err != nil {
			return err
		}
		if err := p.push(ctx, job); err != nil {
			return err
		}
	}
	return nil
}

// prepare plans, and finds the job. A job that passes nothing through an encoder needs no engine, so that any machine
// can do it.
func (j *gridJob) prepare(ctx context.Context) (*gridPlan, grid.Job, error) {
	home, err := store.MakeHome()
	if err != nil {
		return nil, grid.Job{}, err
	}
	opt, err := j.sessionOptions(ctx, home)
	if err != nil {
		return nil, grid.Job{}, err
	}
	s, err := session.Open(ctx, opt)
	if err != nil {
		return nil, grid.Job{}, err
	}
	_, failed := s.Backend()
	if failed != nil {
		if s, err = j.planSession(ctx, home); err != nil {
			return nil, grid.Job{}, err
		}
	}
	p, err := j.planOf(ctx, s, 0)
	if err != nil {
		return nil, grid.Job{}, err
	}
	job, err := p.findJob(j.id)
	if err != nil {
		return p, job, err
	}
	if j.needed {
		err = p.lookBehind(ctx, func(session.Planned) bool { return true })
	} else {
		err = p.lookAround(ctx, job)
	}
	if err != nil {
		return p, job, unreachable{err}
	}
	if failed != nil && (job.GPU || j.needed) {
		err = failed
	}
	return p, job, err
}

// unreachable is the error of a bucket that does not answer: it may, later.
type unreachable struct{ error }

func (e unreachable) Unwrap() error { return e.error }

// refused gives the error of a plan that cannot be made its exit status. An engine that cannot be opened may be there on
// another machine, or later.
func refused(ctx context.Context, err error) error {
	for _, here := range []error{backend.ErrNoCard, backend.ErrNoDevice, backend.ErrNoPlugin, backend.ErrNoCgo} {
		if errors.Is(err, here) {
			return err
		}
	}
	if ctx.Err() != nil {
		return stopped(ctx, err)
	}
	if errors.As(err, new(unreachable)) {
		return err
	}
	return exitError{err, exitRequest}
}

// stopped gives the error of a job that a signal stopped its exit status.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return exitError{err, exitStopped}
	}
	return err
}

// needsFirst names the jobs that must be done before.
func needsFirst(job grid.Job, first []grid.Job) error {
	const most = 3
	var names []string
	for _, j := range first[:min(most, len(first))] {
		names = append(names, fmt.Sprintf("%s (%s)", j.ID, j.Label))
	}
	more := ""
	if len(first) > most {
		more = fmt.Sprintf(" and %d more", len(first)-most)
	}
	return exitError{fmt.Errorf("job %s (%s) needs %s%s first: lpft job %s", job.ID, job.Label, strings.Join(names, ", "), more, first[0].ID), exitNeeds}
}

// await waits until the job needs no other, at most so long, and returns those that it still needs.
func (p *gridPlan) await(ctx context.Context, job grid.Job, patience time.Duration) ([]grid.Job, error) {
	const look = 5 * time.Second
	for end := time.Now().Add(patience); ; {
		first := p.missing(job)
		if len(first) == 0 || time.Until(end) <= 0 {
			return first, nil
		}
		select {
		case <-ctx.Done():
			return first, nil
		case <-time.After(min(look, time.Until(end))):
		}
		for i, step := range p.steps {
			p.steps[i].Cached = step.Cached || p.session.Store.Look(step.Step.Kind, step.Key) != store.Absent
		}
		if err := p.lookAround(ctx, job); err != nil {
			return nil, err
		}
	}
}

// missing are the jobs whose results the job's missing steps read and do not find.
func (p *gridPlan) missing(job grid.Job) []grid.Job {
	there := map[string]bool{}
	for _, step := range p.steps {
		there[step.Key] = step.Cached
	}
	wanted := map[string]bool{}
	for _, step := range p.stepsOf(job) {
		for _, key := range step.Needs {
			wanted[key] = wanted[key] || !step.Cached && !there[key]
		}
	}
	return slices.DeleteFunc(slices.Clone(p.jobs), func(other grid.Job) bool {
		return other.ID == job.ID || !slices.ContainsFunc(other.Steps, func(key string) bool { return wanted[key] })
	})
}

// do makes a job's missing steps, and then drops what the policy does not keep.
func (p *gridPlan) do(ctx context.Context, job grid.Job, keep session.Keep) error {
	for i, step := range p.steps {
		if step.Cached || !slices.Contains(job.Steps, step.Key) {
			continue
		}
		if err := step.Do(ctx); err != nil {
			return err
		}
		p.steps[i].Cached = true
	}
	return p.shed(job, keep)
}

// shed drops what the policy does not keep of a job that is done, unless a step of another job will read it.
func (p *gridPlan) shed(job grid.Job, keep session.Keep) error {
	wanted := map[string]bool{}
	for _, step := range p.steps {
		if step.Cached || step.Unit.Kind == reportKind {
			continue // the report reads heads, courses and measures
		}
		for _, key := range step.Needs {
			wanted[key] = true
		}
	}
	freed := int64(0)
	for _, step := range p.stepsOf(job) {
		if wanted[step.Key] {
			continue
		}
		n, err := p.session.Shed(step, keep)
		if err != nil {
			return err
		}
		freed += n
	}
	if freed > 0 {
		say(fmt.Sprintf("job %s: %s that nothing in the plan reads any more dropped", job.ID, bytesText(freed)))
	}
	return nil
}
