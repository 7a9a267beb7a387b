package command

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"lpft/lpftlib/grid"
	"lpft/lpftlib/grid/slurm"
)

// statusRequest is one `lpft status`.
type statusRequest struct {
	gridFlags
	jobs bool
}

func statusCommand() *cobra.Command {
	r := &statusRequest{}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "How far the jobs of lpft plan are, by the store and, where there is one, Slurm",
		Long: `Joins the jobs of lpft plan with what the store holds, what processes on any machine work on, and, where
Slurm is, with squeue and sacct. It ends with one line: "23 of 60 done, 4 running, 2 failed: …".
--jobs lists every job that is not done, with the log of those that failed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, home, err := r.plan(cmd.Context(), 0)
			if err != nil {
				return err
			}
			return r.write(cmd.OutOrStdout(), p.standings(cmd.Context(), home))
		},
	}
	r.gridFlags.add(cmd.Flags())
	cmd.Flags().BoolVar(&r.jobs, "jobs", false, "list the jobs that are not done")
	return cmd
}

// standings finds out each job's state. The store goes first: what is there is done, whatever a scheduler says.
func (p *gridPlan) standings(ctx context.Context, home string) []grid.Standing {
	states := slurm.Read(ctx, slurmDir(home))
	if states.Silent != nil {
		say("by the store alone, for Slurm does not answer: " + oneLine(states.Silent))
	}
	workers := p.workers()
	var out []grid.Standing
	for _, job := range p.jobs {
		s := grid.Standing{Job: job, State: grid.Left}
		task, queued := states.Queued[job.ID]
		ended, failed := states.Ended[job.ID]
		switch {
		case job.Done:
			s.State = grid.Done
		case queued && task.State == "RUNNING":
			s.State, s.Note = grid.Running, task.Why
		case workers[job.ID] != "":
			s.State, s.Note = grid.Running, workers[job.ID]
		case queued:
			s.State, s.Note = grid.Queued, task.State+" "+task.Why
		case failed:
			s.State, s.Note = grid.Failed, ended.Why+", "+ended.Log
		}
		out = append(out, s)
	}
	return out
}

// workers are the processes that work on jobs, by job, as the store's locks have it.
func (p *gridPlan) workers() map[string]string {
	who := map[string]string{}
	for _, step := range p.steps {
		if owner := p.session.Store.Worker(step.Step.Kind, step.Key); !step.Cached && owner != "" {
			who[step.Key] = owner
		}
	}
	out := map[string]string{}
	for _, job := range p.jobs {
		for _, key := range job.Steps {
			if who[key] != "" {
				out[job.ID] = who[key]
			}
		}
	}
	return out
}

// write prints the table of kinds, the jobs if they are wanted, and the summary.
func (r *statusRequest) write(out io.Writer, all []grid.Standing) error {
	states := []grid.State{grid.Done, grid.Running, grid.Queued, grid.Failed, grid.Left}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "kind")
	for _, state := range states {
		fmt.Fprintf(w, "\t%s", state)
	}
	fmt.Fprintln(w)
	kinds, counts := grid.ByKind(all)
	for _, kind := range kinds {
		fmt.Fprint(w, kind)
		for _, state := range states {
			fmt.Fprintf(w, "\t%d", counts[kind][state])
		}
		fmt.Fprintln(w)
	}
	if r.jobs {
		fmt.Fprintln(w)
		for _, s := range all {
			if s.State != grid.Done {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.ID, s.State, s.Label, s.Note)
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, grid.Summary(all))
	return err
}
