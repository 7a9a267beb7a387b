package command

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
)

// runJob is what `lpft run` was asked for.
type runJob struct {
	studyFlags
	tasks, methods, testSets []string
	seeds                    []uint
	norms                    []float64
	reading, split, format   string
	rates                    study.Rates
}

func runCommand() *cobra.Command {
	var job runJob
	cmd := &cobra.Command{
		Use:   "run --task T --method M [--seed S]",
		Short: "Train and measure methods on tasks, seed by seed",
		Long: `Runs every combination of the tasks, methods, seeds and norms given, measures each on the
task's test set and on the shifted test sets the profile names, and keeps everything in the
store: a run that is there is not computed again, one that was interrupted goes on.
A task is an id or the path of a task file (.json) of your own. Methods: pretrained, lp, ft,
lora, lpft, lplora. --norm scales the head before the FT stage: reading A sets ‖V‖ to the norm,
B multiplies V by it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return job.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	job.studyFlags.add(f)
	f.StringSliceVar(&job.tasks, "task", nil, "tasks: ids or paths of task files")
	f.StringSliceVar(&job.methods, "method", nil, "methods: pretrained, lp, ft, lora, lpft, lplora")
	f.UintSliceVar(&job.seeds, "seed", nil, "seeds (default the profile's)")
	f.Float64SliceVar(&job.norms, "norm", nil, "classifier norms at the start of the FT stage (default: unscaled)")
	f.StringVar(&job.reading, "norm-reading", "A", "A: ‖V‖ is set to the norm; B: V is multiplied by it")
	f.StringSliceVar(&job.testSets, "test-set", nil, "test sets: ids or paths of task files (default the task's own and the profile's shifted ones)")
	f.StringVar(&job.split, "split", "test", "rows that are measured: test or train")
	f.IntVar(&job.rates.Batch, "batch", 0, "batch size instead of the profile's; with --learning-rate")
	f.Float64Var(&job.rates.LearningRate, "learning-rate", 0, "learning rate instead of the profile's; with --batch")
	f.StringVar(&job.format, "format", "table", "table, csv or json")
	cmd.MarkFlagRequired("task")
	cmd.MarkFlagRequired("method")
	return cmd
}

func (j *runJob) run(ctx context.Context, out io.Writer) error {
	if err := j.check(); err != nil {
		return err
	}
	s, err := j.open(ctx, j.tasks)
	if err != nil {
		return err
	}
	specs, err := j.specs(ctx, s)
	if err != nil {
		return err
	}
	var rows []study.Measures
	for _, spec := range specs {
		sets, err := j.sets(ctx, s, spec.Task)
		if err != nil {
			return err
		}
		for _, set := range sets {
			m, err := s.MeasureOn(ctx, spec, set, j.split)
			if err != nil {
				return err
			}
			rows = append(rows, *m)
		}
	}
	return writeRuns(out, j.format, rows)
}

// check refuses what cannot work before anything is loaded.
func (j *runJob) check() error {
	if (j.rates.Batch == 0) != (j.rates.LearningRate == 0) {
		return fmt.Errorf("--batch and --learning-rate go together: give both or none")
	}
	if j.rates.Batch < 0 || j.rates.LearningRate < 0 {
		return fmt.Errorf("--batch %d, --learning-rate %g: expected positive numbers", j.rates.Batch, j.rates.LearningRate)
	}
	for _, norm := range j.norms {
		if _, err := study.ParseScaling(norm, j.reading); err != nil {
			return fmt.Errorf("--norm: %w", err)
		}
	}
	return checkFormat(j.format)
}

// specs are the runs asked for, one method after the other on a task.
func (j *runJob) specs(ctx context.Context, s *session.Session) ([]study.Spec, error) {
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	seeds := s.Profile.Seeds
	if len(j.seeds) > 0 {
		seeds = nil
		for _, seed := range j.seeds {
			seeds = append(seeds, uint64(seed))
		}
		if err := study.CheckSeeds(seeds); err != nil {
			return nil, fmt.Errorf("--seed: %w", err)
		}
	}
	scalings := []study.Scaling{{}}
	if len(j.norms) > 0 {
		scalings = nil
		for _, norm := range j.norms {
			scaling, err := study.ParseScaling(norm, j.reading)
			if err != nil {
				return nil, err
			}
			scalings = append(scalings, scaling)
		}
	}
	var specs []study.Spec
	for _, id := range ids {
		for _, name := range j.methods {
			m, err := study.ParseMethod(strings.TrimSpace(name))
			if err != nil {
				return nil, err
			}
			for _, scaling := range scalings {
				for _, seed := range seeds {
					specs = append(specs, study.Spec{Task: id, Method: m, Seed: seed, Scaling: scaling, Rates: j.rates})
				}
			}
		}
	}
	return specs, nil
}

// sets are the test sets of a task's models.
func (j *runJob) sets(ctx context.Context, s *session.Session, id string) ([]string, error) {
	if len(j.testSets) == 0 && j.split == "train" {
		return []string{id}, nil
	}
	if len(j.testSets) == 0 {
		return s.TestSets(ctx, id)
	}
	var sets []string
	for _, name := range j.testSets {
		set, err := s.AdoptTask(ctx, strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return sets, nil
}
