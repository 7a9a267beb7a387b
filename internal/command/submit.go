package command

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"lpft/lpftlib/grid/slurm"
	"lpft/lpftlib/session"
)

func submitCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "submit", Short: "Hand the jobs of lpft plan to a scheduler"}
	cmd.AddCommand(submitSlurmCommand(), submitKubernetesCommand())
	return cmd
}

// slurmRequest is one `lpft submit slurm`.
type slurmRequest struct {
	gridFlags
	partition, gres, keep string
	max                   int
	dry                   bool
}

func submitSlurmCommand() *cobra.Command {
	r := &slurmRequest{}
	cmd := &cobra.Command{
		Use:   "slurm [flags] [-- sbatch's own flags]",
		Short: "Send what is missing as job arrays with dependencies",
		Long: `Sends the jobs of lpft plan that are neither done nor in the queue, as job arrays: jobs that wait for the
same jobs are one array. A task waits for those of others that it needs (afterok, aftercorr), and one whose
need has failed leaves the queue. The same command sends what is missing then.

A job is told 120 seconds before its time is up, and when it is preempted; it keeps its state, ends with
status 75 and goes back into the queue. LPFT_HOME must be a folder that all nodes share: the store is in it,
and below slurm/ what was sent, with every job's log. lpft status shows how far everything is.`,
		Example: `  lpft submit slurm --profile paper --backend xla:cuda --partition gpu --gres gpu:1 --max 16 -- --time=8:00:00 --mem=32G`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.run(cmd, args)
		},
	}
	f := cmd.Flags()
	r.gridFlags.add(f)
	f.StringVar(&r.partition, "partition", "", "partition (default Slurm's own)")
	f.StringVar(&r.gres, "gres", "", "resources of a job that needs a GPU (default gpu:1 for xla:cuda)")
	f.StringVar(&r.keep, "keep", string(session.KeepAll), "what stays of finished trainings: all, heads or none; see lpft job")
	f.IntVar(&r.max, "max", 0, "so many tasks of an array at a time (0: no limit)")
	f.BoolVar(&r.dry, "dry-run", false, "print what would be sent, send nothing")
	return cmd
}

func (r *slurmRequest) run(cmd *cobra.Command, more []string) error {
	if _, err := session.ParseKeep(r.keep); err != nil {
		return fmt.Errorf("--keep: %w", err)
	}
	if r.max < 0 {
		return fmt.Errorf("--max %d: expected a number of tasks, or 0", r.max)
	}
	p, home, err := r.plan(cmd.Context(), 0)
	if err != nil {
		return err
	}
	if err := os.Setenv("LPFT_HOME", home); err != nil { // jobs inherit it, as an absolute path
		return err
	}
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	if r.gres == "" && p.onCards() {
		r.gres = "gpu:1"
	}
	opt := slurm.Options{Dir: slurmDir(home), Binary: binary, Arguments: []string{"--keep", r.keep}, Partition: r.partition, Gres: r.gres, Max: r.max, Sbatch: more}
	if r.dry {
		opt.DryRun = cmd.OutOrStdout()
	}
	sent, err := slurm.Submit(cmd.Context(), p.jobs, opt)
	if sent != nil {
		sayWhatWasSent(cmd.OutOrStdout(), sent, r.dry)
	}
	return err
}

// slurmDir is where submissions are kept.
func slurmDir(home string) string { return filepath.Join(home, "slurm") }

func sayWhatWasSent(out io.Writer, sent *slurm.Sent, dry bool) {
	verb := "sent"
	if dry {
		verb = "to send"
	}
	fmt.Fprintf(out, "%s: %d jobs in %d arrays; %d are done, %d in the queue already\n", verb, sent.Jobs, sent.Arrays, sent.Done, sent.Queued)
	if sent.Dir != "" && !dry {
		fmt.Fprintf(out, "logs: %s; lpft status with the same flags shows how far they are\n", sent.Dir)
	}
}
