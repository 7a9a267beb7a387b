package command

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
)

// tuneJob is what `lpft tune` was asked for.
type tuneJob struct {
	studyFlags
	task, method, grid, format string
	seeds                      []uint
}

func tuneCommand() *cobra.Command {
	var job tuneJob
	cmd := &cobra.Command{
		Use:   "tune --task T --method M --grid FILE",
		Short: "Grid search for batch size and learning rate on the validation rows",
		Long: `Trains every point of the grid with three tuning seeds and keeps the one with the best mean
validation score, the first of equals. The grid is a JSON file:
  {"learning_rate": [1e-5, 3e-5, 1e-4], "batch": [16]}
Without "batch" the profile's is taken. The choice is stored with its provenance; profiles
with "tuned_rates": true use it for runs with the same model and data.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return job.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	job.studyFlags.add(f)
	f.StringVar(&job.task, "task", "", "task: an id or the path of a task file")
	f.StringVar(&job.method, "method", "", "method: ft, lora, lpft, lplora")
	f.StringVar(&job.grid, "grid", "", "the grid's JSON file")
	f.UintSliceVar(&job.seeds, "seed", nil, fmt.Sprintf("tuning seeds (default %s)", strings.Trim(fmt.Sprint(session.TuningSeeds), "[]")))
	f.StringVar(&job.format, "format", "table", "table or json")
	for _, name := range []string{"task", "method", "grid"} {
		cmd.MarkFlagRequired(name)
	}
	return cmd
}

func (j *tuneJob) run(ctx context.Context, out io.Writer) error {
	if j.format != "table" && j.format != "json" {
		return fmt.Errorf("format %q is not known: there are table, json", j.format)
	}
	m, err := study.ParseMethod(j.method)
	if err != nil {
		return err
	}
	grid, err := session.ReadGrid(j.grid)
	if err != nil {
		return err
	}
	s, err := j.open(ctx, []string{j.task})
	if err != nil {
		return err
	}
	ids, err := s.Tasks(ctx)
	if err != nil {
		return err
	}
	seeds := session.TuningSeeds
	if len(j.seeds) > 0 {
		seeds = nil
		for _, seed := range j.seeds {
			seeds = append(seeds, uint64(seed))
		}
	}
	tuned, err := s.Tune(ctx, ids[0], m, grid, seeds)
	if err != nil {
		return err
	}
	if j.format == "json" {
		return writeJSON(out, tuned)
	}
	return writeTuned(out, tuned)
}

func writeTuned(out io.Writer, t *session.Tuned) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "batch\tlearning rate\tvalidation score, seeds %v\t\n", t.Seeds)
	for _, p := range t.Points {
		mark := ""
		if p.Rates == t.Best {
			mark = "best"
			if t.AtEdge {
				mark = "best, at the edge of the grid: a better one may lie beyond"
			}
		}
		score := fmt.Sprintf("%.2f", p.Mean)
		if p.Std != nil {
			score += fmt.Sprintf(" ± %.2f", *p.Std)
		}
		fmt.Fprintf(w, "%d\t%g\t%s\t%s\n", p.Batch, p.LearningRate, score, mark)
	}
	return w.Flush()
}
