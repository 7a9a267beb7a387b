package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lpft/internal/cellenv"
	"lpft/internal/lab"
	"lpft/internal/module"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/items"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
	"lpft/lpftlib/worker"
	"lpft/lpftlib/worker/server"
)

// reproduction is one `lpft reproduce`.
type reproduction struct {
	studyFlags
	reportDir   string
	tasks, only []string
	seeds       string
	dry         bool

	home, root string
	worker     string // socket at which this process serves the notebooks' cells
	started    time.Time
}

func reproduceCommand() *cobra.Command {
	r := &reproduction{}
	cmd := &cobra.Command{
		Use:   "reproduce",
		Short: "Run the study by executing its notebooks and write report/index.html",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return r.run(cmd.Context()) },
	}
	f := cmd.Flags()
	r.studyFlags.add(f)
	f.StringVar(&r.reportDir, "report", "report", "folder of the report")
	f.StringSliceVar(&r.tasks, "tasks", nil, "only these tasks of the profile")
	f.StringSliceVar(&r.only, "only", nil, "only these tables and figures, as in table1,figure4")
	f.BoolVar(&r.dry, "dry-run", false, "print what would run, what is cached, and an estimate of time and disk; run nothing")
	f.StringVar(&r.seeds, "seeds", "", "seeds, separated by commas (default the profile's)")
	return cmd
}

// run executes the notebooks and writes the report.
func (r *reproduction) run(ctx context.Context) error {
	r.started = time.Now()
	s, chosen, err := r.prepare(ctx)
	if err != nil {
		return err
	}
	if r.dry {
		return dryRun(ctx, os.Stdout, s, chosen)
	}
	env, err := lab.Setup(ctx, lab.Options{Home: r.home, ModuleRoot: r.root, Progress: say})
	if err != nil {
		return err
	}
	runs, err := r.execute(ctx, env, s, chosen)
	if err != nil {
		return err
	}
	return r.write(ctx, s, chosen, runs)
}

// execute runs the notebooks of items. This process is the worker of their cells, so that the model is loaded and programs are
// compiled once for all of them; when it ends, what it computes has left a checkpoint.
func (r *reproduction) execute(ctx context.Context, env *lab.Env, s *session.Session, chosen []items.Item) (runs map[string]executed, err error) {
	dir, end, err := env.Scratch()
	if err != nil {
		return nil, err
	}
	defer end()
	r.worker = filepath.Join(dir, "worker", "socket")
	l, err := worker.Listen(r.worker)
	if err != nil {
		return nil, err
	}
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	engine := func(string) (*backend.Backend, error) { return s.Backend() } // cells have this process's environment
	go func() { ended <- serve(serving, r.home, server.Options{Fills: true}, l, engine) }()
	defer func() {
		stop()
		if failed := <-ended; err == nil {
			err = failed
		}
	}()
	runs = map[string]executed{}
	for _, item := range chosen {
		if runs[item.ID], err = r.executeOnce(ctx, env, s, item); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// prepare checks everything that can be checked before time is spent, and says what will run.
func (r *reproduction) prepare(ctx context.Context) (*session.Session, []items.Item, error) {
	var err error
	if r.reportDir, err = filepath.Abs(r.reportDir); err != nil {
		return nil, nil, err
	}
	if err := writable(r.reportDir); err != nil {
		return nil, nil, err
	}
	if r.home, err = store.MakeHome(); err != nil {
		return nil, nil, err
	}
	if r.root, err = module.Root(); err != nil {
		return nil, nil, err
	}
	s, err := r.session(ctx)
	if err != nil {
		return nil, nil, err
	}
	chosen, err := chosenItems(s, r.only)
	if err != nil {
		return nil, nil, err
	}
	if _, err := s.Backend(); err != nil {
		return nil, nil, err
	}
	m, err := s.Model(ctx)
	if err != nil {
		return nil, nil, err
	}
	if _, err := s.Weights(ctx); err != nil { // a broken checkpoint is named before time is spent
		return nil, nil, err
	}
	say(fmt.Sprintf("model %s from %s", m.Checkpoint.Name, m.Checkpoint.Source))
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, nil, err
	}
	r.tasks = s.TaskArgs(ids)
	say(fmt.Sprintf("profile %s: %s on %s, seeds %v", s.Profile.Name, itemTitles(chosen), strings.Join(ids, ", "), s.Profile.Seeds))
	return s, chosen, nil
}

// writable makes the report's folder and tries to write into it.
func writable(dir string) error {
	if err := tryWriting(dir); err != nil {
		return fmt.Errorf("report folder %w; name another with --report", err)
	}
	return nil
}

func (r *reproduction) session(ctx context.Context) (*session.Session, error) {
	opt, err := r.studyFlags.options(ctx, r.home)
	if err != nil {
		return nil, err
	}
	opt.Tasks = r.tasks
	if r.seeds != "" {
		seeds, err := study.ParseSeeds(r.seeds)
		if err != nil {
			return nil, fmt.Errorf("--seeds: %w", err)
		}
		opt.Seeds = seeds
	}
	return session.Open(ctx, opt)
}

func itemTitles(chosen []items.Item) string {
	var titles []string
	for _, item := range chosen {
		title, _, _ := strings.Cut(item.Title, ":")
		titles = append(titles, title)
	}
	return strings.Join(titles, ", ")
}

// profileName is the profile's name as a folder's name.
func (r *reproduction) profileName() string {
	return strings.TrimSuffix(filepath.Base(r.profile), ".json")
}

// environment is what the cells are told.
func (r *reproduction) environment(feed string) []string {
	profile := r.profile
	if strings.HasSuffix(profile, ".json") {
		if abs, err := filepath.Abs(profile); err == nil {
			profile = abs
		}
	}
	env := []string{"LPFT_HOME=" + r.home, "LPFT_PROFILE=" + profile, "LPFT_TASKS=" + strings.Join(r.tasks, ","), progress.EnvFile + "=" + feed,
		cellenv.Worker + "=" + r.worker}
	if r.seeds != "" {
		env = append(env, "LPFT_SEEDS="+r.seeds)
	}
	return env
}

// write puts the report together from the store, where the notebooks left everything.
func (r *reproduction) write(ctx context.Context, s *session.Session, chosen []items.Item, runs map[string]executed) error {
	out, err := assemble(ctx, s, chosen, runs, r.started)
	if err != nil {
		return err
	}
	if err := report.Write(r.reportDir, out); err != nil {
		return err
	}
	fmt.Print(verdicts(out.Claims))
	c := paper.CountOf(paper.Empirical, out.Claims)
	fmt.Printf("%d of %d claims hold; %s in %s\n", c.Holds, c.Decided, filepath.Join(r.reportDir, "index.html"), out.Ran.Took)
	return nil
}

// assemble builds the items and puts them together, with what is known of their notebooks.
func assemble(ctx context.Context, s *session.Session, chosen []items.Item, runs map[string]executed, started time.Time) (*report.Report, error) {
	out := &report.Report{Title: paper.Title, Profile: s.Profile.Name, Version: version()}
	var err error
	if out.Loud, err = s.StudyNotes(ctx); err != nil {
		return nil, err
	}
	for _, item := range chosen {
		built, err := item.Build(ctx, s, nil)
		if err != nil {
			return nil, err
		}
		section, err := built.Report()
		if err != nil {
			return nil, err
		}
		run := runs[item.ID]
		section.NotebookPath, section.Seconds = run.notebook, run.seconds
		if section.State == "" { // else: what it needs
			section.State = run.state
		}
		out.Items = append(out.Items, section)
		out.Claims = append(out.Claims, built.Claims...)
	}
	out.Claims = items.Once(out.Claims)
	out.Ran, err = ran(ctx, s, chosen, started)
	return out, err
}

// ran says what was run, where, and for how long.
func ran(ctx context.Context, s *session.Session, chosen []items.Item, started time.Time) (report.Ran, error) {
	be, err := s.Backend()
	if err != nil {
		return report.Ran{}, err
	}
	simd := "no"
	if be.SIMD {
		simd = "yes"
	}
	ids, err := s.Tasks(ctx)
	if err != nil {
		return report.Ran{}, err
	}
	took := time.Since(started).Round(time.Second)
	results, err := computing(ctx, s, chosen)
	return report.Ran{
		What:    fmt.Sprintf("%s on %s, seeds %v", whatRan(chosen), strings.Join(s.TaskArgs(ids), ", "), s.Profile.Seeds),
		Machine: fmt.Sprintf("%d cores, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH),
		Backend: be.Arithmetic(), SIMD: simd, Started: started, Took: took, Results: results,
	}, err
}

// verdicts counts the orderings and checks that hold, and what could not be decided, a line each.
func verdicts(claims []paper.Claim) string {
	text := ""
	for _, kind := range []paper.Kind{paper.Ordering, paper.Beyond, paper.Check} {
		if c := paper.CountOf(kind, claims); c.Missing > 0 {
			text += fmt.Sprintf("%d of %d %s hold, %d undecided\n", c.Holds, c.Decided, kind.Plural(), c.Missing)
		} else if c.Decided > 0 {
			text += fmt.Sprintf("%d of %d %s hold\n", c.Holds, c.Decided, kind.Plural())
		}
	}
	if c := paper.CountOf(paper.Empirical, claims); c.Missing > 0 {
		text += fmt.Sprintf("%d claims could not be decided here\n", c.Missing)
	}
	return text
}

// whatRan names the items, or says that it was all of them.
func whatRan(chosen []items.Item) string {
	if len(chosen) == len(items.All()) {
		return "Every table and figure of the paper, its theory, and what goes beyond it,"
	}
	return itemTitles(chosen)
}

// computing is how long the results took when they were computed, as the store's log has it.
func computing(ctx context.Context, s *session.Session, chosen []items.Item) (time.Duration, error) {
	events, err := s.Store.Log()
	if err != nil {
		return 0, err
	}
	seconds := map[string]float64{}
	for _, e := range events {
		if e.What == store.Computed {
			seconds[e.Key] = e.Seconds
		}
	}
	total := 0.0
	for _, item := range chosen {
		steps, err := item.Needs(ctx, s)
		if err != nil {
			return 0, err
		}
		for _, step := range steps {
			total += seconds[step.Key]
			delete(seconds, step.Key) // items share steps
		}
	}
	return time.Duration(total * float64(time.Second)).Round(time.Second), nil
}

// version is the source's commit, as far as it is known.
func version() string {
	p := store.NewProvenance()
	if p.Commit == "" {
		return "unknown commit"
	}
	text := p.Commit[:min(12, len(p.Commit))]
	if p.Dirty {
		text += " with changes"
	}
	return text
}
