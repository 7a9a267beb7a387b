package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/grid"
	"lpft/lpftlib/items"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// gridFlags are the flags of every command about the jobs of a study.
type gridFlags struct {
	studyFlags
	tasks, only []string
	seeds       string
}

func (g *gridFlags) add(f *pflag.FlagSet) {
	g.studyFlags.add(f)
	f.StringSliceVar(&g.tasks, "tasks", nil, "only these tasks of the profile")
	f.StringSliceVar(&g.only, "only", nil, "only these tables and figures, as in table1,figure4")
	f.StringVar(&g.seeds, "seeds", "", "seeds, separated by commas (default the profile's)")
}

// plannedRate is what seconds are reckoned at where nothing better is known, in tokens a second: the README's hours.
const plannedRate = 45000

// jobStart is what a job takes besides its tokens, in seconds: start, model, compiled programs.
const jobStart = 15

// gridPlan is a study's plan as jobs.
type gridPlan struct {
	session *session.Session
	items   []items.Item
	ids     []string // tasks
	args    []string // flags with which another process plans the same
	engine  string   // as jobs are told it
	steps   []session.Planned
	jobs    []grid.Job
	rate    float64
	rateOf  string // where the rate comes from
}

// plan makes the jobs, opening no engine where one is named; rate 0 is a measured or the documented one. home is LPFT_HOME.
func (g *gridFlags) plan(ctx context.Context, rate float64) (p *gridPlan, home string, err error) {
	if rate < 0 {
		return nil, "", fmt.Errorf("--rate %g: expected tokens a second", rate)
	}
	if home, err = store.MakeHome(); err != nil {
		return nil, "", err
	}
	s, err := g.planSession(ctx, home)
	if err != nil {
		return nil, "", err
	}
	if p, err = g.planOf(ctx, s, rate); err != nil {
		return nil, "", err
	}
	return p, home, p.lookBehind(ctx, func(session.Planned) bool { return true })
}

// planSession opens the study for planning: an engine that has a name is not opened.
func (g *gridFlags) planSession(ctx context.Context, home string) (*session.Session, error) {
	opt, err := g.sessionOptions(ctx, home)
	if err != nil {
		return nil, err
	}
	open := opt.Open
	opt.Open = func(spec string) (*backend.Backend, error) {
		be, named, err := backend.Named(spec)
		if err != nil || named {
			return be, err
		}
		return open(spec)
	}
	return session.Open(ctx, opt)
}

// sessionOptions are the flags as a study's options.
func (g *gridFlags) sessionOptions(ctx context.Context, home string) (session.Options, error) {
	opt, err := g.studyFlags.options(ctx, home)
	if err != nil {
		return opt, err
	}
	opt.Tasks = g.tasks
	if g.seeds != "" {
		if opt.Seeds, err = study.ParseSeeds(g.seeds); err != nil {
			return opt, fmt.Errorf("--seeds: %w", err)
		}
	}
	return opt, nil
}

// planOf plans an open study.
func (g *gridFlags) planOf(ctx context.Context, s *session.Session, rate float64) (*gridPlan, error) {
	p := &gridPlan{session: s, rate: rate, rateOf: "--rate"}
	var err error
	if p.items, err = chosenItems(s, g.only); err != nil {
		return nil, err
	}
	if p.ids, err = s.Tasks(ctx); err != nil {
		return nil, err
	}
	be, err := s.Backend()
	if err != nil {
		return nil, err
	}
	p.engine = be.Arithmetic()
	if err := p.planSteps(ctx); err != nil {
		return nil, err
	}
	if rate == 0 {
		p.rate, p.rateOf = measuredRate(s.Store, p.steps)
	}
	p.args = g.args(p)
	return p, p.makeJobs(ctx)
}

// makeJobs makes the steps' jobs.
func (p *gridPlan) makeJobs(ctx context.Context) error {
	m, err := p.session.Model(ctx)
	if err != nil {
		return err
	}
	p.jobs, err = grid.Jobs(gridSteps(p.steps), grid.Options{Rate: p.rate, Start: jobStart, ModelBytes: int64(m.Config.NumParameters()) * 4,
		Command: func(id string) []string { return append([]string{"lpft", "job", id}, p.args...) }, Label: unitLabel})
	return err
}

// planSteps plans all items and the report on them.
func (p *gridPlan) planSteps(ctx context.Context) error {
	var plans [][]session.Planned
	for _, item := range p.items {
		steps, err := item.Needs(ctx, p.session)
		if err != nil {
			return fmt.Errorf("%s: %w", item.ID, err)
		}
		plans = append(plans, steps)
	}
	p.steps = session.Join(plans...)
	report, err := p.reportStep()
	p.steps = append(p.steps, report)
	return err
}

// args are the flags with which another process plans the same.
func (g *gridFlags) args(p *gridPlan) []string {
	s := p.session
	profile := s.Profile.From
	if strings.HasSuffix(profile, ".json") {
		if abs, err := filepath.Abs(profile); err == nil {
			profile = abs
		}
	}
	seeds := strings.ReplaceAll(strings.Trim(fmt.Sprint(s.Profile.Seeds), "[]"), " ", ",")
	args := []string{"--profile", profile, "--tasks", strings.Join(s.TaskArgs(p.ids), ","), "--seeds", seeds, "--backend", p.engineSpec()}
	if len(g.only) > 0 {
		args = append(args, "--only", strings.Join(g.only, ","))
	}
	return args
}

// engineSpec is the engine as a flag names it.
func (p *gridPlan) engineSpec() string { return strings.Replace(p.engine, ",tf32", ",tf32=true", 1) }

// onCards tells whether jobs compute on cards.
func (p *gridPlan) onCards() bool { return strings.HasPrefix(p.engine, "xla:cuda") }

// gridSteps are planned steps as package grid knows them.
func gridSteps(steps []session.Planned) []grid.Step {
	out := make([]grid.Step, len(steps))
	for i, s := range steps {
		out[i] = grid.Step{Key: s.Key, Label: s.Step.Label, Unit: grid.Unit(s.Unit), Tokens: s.Tokens, Bytes: s.Disk, Needs: s.Needs, Done: s.Cached}
	}
	return out
}

// unitLabel names a job by its task, or by what its first step makes.
func unitLabel(u grid.Unit, steps []grid.Step) string {
	switch u.Kind {
	case session.FeaturesUnit, session.KernelsUnit:
		return u.Kind + " of " + u.Of
	case session.HeadsUnit:
		return "heads of " + u.Of + " on shifted sets"
	}
	return steps[0].Label
}

// measuredRate is the rate of what the store holds of the plan, in tokens a second, or the documented one.
func measuredRate(st *store.Store, steps []session.Planned) (rate float64, of string) {
	tokens, seconds := 0.0, 0.0
	took := map[string]float64{}
	events, _ := st.Log() // without it nothing was measured
	for _, e := range events {
		if e.What == store.Computed {
			took[e.Key] = e.Seconds
		}
	}
	for _, s := range steps {
		if s.Tokens > 0 && took[s.Key] > 0 {
			tokens, seconds = tokens+s.Tokens, seconds+took[s.Key]
		}
	}
	if seconds == 0 {
		return plannedRate, "the README's hours"
	}
	return tokens / seconds, "measured on the steps that are done"
}

// findJob finds a job of the plan.
func (p *gridPlan) findJob(id string) (grid.Job, error) {
	job, ok := grid.Find(p.jobs, id)
	if !ok {
		return job, fmt.Errorf("job %q is none of the %d of this plan: lpft plan with the same flags lists them", id, len(p.jobs))
	}
	return job, nil
}

// stepsOf are a job's steps.
func (p *gridPlan) stepsOf(job grid.Job) []session.Planned {
	return slices.DeleteFunc(slices.Clone(p.steps), func(s session.Planned) bool { return !slices.Contains(job.Steps, s.Key) })
}

// chosenItems are the items that are asked for, or the profile's, each once.
func chosenItems(s *session.Session, only []string) ([]items.Item, error) {
	ids := only
	if len(ids) == 0 {
		ids = s.Profile.Items
	}
	var chosen []items.Item
	for _, id := range ids {
		item, err := items.ByID(id)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(chosen, func(other items.Item) bool { return other.ID == item.ID }) {
			chosen = append(chosen, item)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("no table or figure is asked for: --only names them")
	}
	return chosen, nil
}
