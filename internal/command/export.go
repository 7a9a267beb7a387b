package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"lpft/lpftlib/study"
)

// exportJob is what `lpft export` was asked for.
type exportJob struct {
	studyFlags
	task, method string
	seed         uint64
	norm         float64
	reading      string
}

func exportCommand() *cobra.Command {
	var job exportJob
	cmd := &cobra.Command{
		Use:   "export --task T --method M --seed S DIR",
		Short: "A run's model as Python loads it: transformers, or a PEFT adapter",
		Long: `Writes the model of a run into DIR, which must be empty or not there: of pretrained, lp, ft and lpft
what transformers' AutoModelForSequenceClassification.from_pretrained(DIR) loads, of lora and lplora a
PEFT adapter with its head. DIR/README.md shows the lines of Python; head.npz is the linear head by
itself, lpft.json the provenance. A run that is not in the store is trained first.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return job.run(cmd.Context(), args[0]) },
	}
	f := cmd.Flags()
	job.add(f)
	f.StringVar(&job.task, "task", "", taskHelp())
	f.StringVar(&job.method, "method", "", "pretrained, lp, ft, lora, lpft or lplora")
	f.Uint64Var(&job.seed, "seed", 1001, "of the run")
	f.Float64Var(&job.norm, "norm", 0, "classifier norm at the start of the FT stage (default: unscaled)")
	f.StringVar(&job.reading, "norm-reading", "A", "A: ‖V‖ was set to the norm; B: V was multiplied by it")
	cmd.MarkFlagRequired("task")
	cmd.MarkFlagRequired("method")
	return cmd
}

func (j *exportJob) run(ctx context.Context, dir string) error {
	run := study.Spec{Seed: j.seed}
	var err error
	if run.Method, err = study.ParseMethod(j.method); err != nil {
		return err
	}
	if j.norm != 0 {
		if run.Scaling, err = study.ParseScaling(j.norm, j.reading); err != nil {
			return err
		}
	}
	s, err := j.open(ctx, []string{j.task})
	if err != nil {
		return err
	}
	ids, err := s.Tasks(ctx)
	if err != nil {
		return err
	}
	run.Task = ids[0]
	if err := s.Export(ctx, run, dir); err != nil {
		return err
	}
	say(fmt.Sprintf("%s is in %s", run, dir))
	return nil
}
