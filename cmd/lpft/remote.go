package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"lpft/lpftlib/grid"
	"lpft/lpftlib/store"
	"lpft/lpftlib/store/bucket"
)

// fetch brings what a job's missing steps read, and those steps themselves, from the object store where it has them. What is
// damaged there counts as not there, and is replaced when the job is done.
func (p *gridPlan) fetch(ctx context.Context, r *bucket.Remote, jobs []grid.Job) (damaged map[string]bool, err error) {
	damaged = map[string]bool{}
	wanted := map[string]bool{}
	for _, job := range jobs {
		for _, step := range p.stepsOf(job) {
			if !step.Cached {
				wanted[step.Key] = true
				for _, key := range step.Needs {
					wanted[key] = true
				}
			}
		}
	}
	for i, step := range p.steps {
		if !wanted[step.Key] || step.Cached {
			continue
		}
		p.steps[i].Cached, err = r.Pull(ctx, p.session.Store, step.Step.Kind, step.Key)
		if errors.Is(err, bucket.ErrDamaged) {
			say("refused: " + oneLine(err))
			damaged[step.Key] = true
			continue
		}
		if err != nil {
			return damaged, err
		}
	}
	return damaged, nil
}

// deliver sends what a job has made to the object store.
func (p *gridPlan) deliver(ctx context.Context, r *bucket.Remote, jobs []grid.Job, damaged map[string]bool) error {
	for _, job := range jobs {
		for _, step := range p.stepsOf(job) {
			a, ok, err := p.session.Store.Lookup(step.Step)
			if err != nil || !ok {
				return err
			}
			if err := push(ctx, r, a, damaged[step.Key]); err != nil {
				return err
			}
		}
	}
	return nil
}

// push sends an artefact that the object store does not have.
func push(ctx context.Context, r *bucket.Remote, a *store.Artefact, force bool) error {
	there := false
	if !force {
		var err error
		if there, err = r.Has(ctx, a); err != nil || there {
			return err
		}
	}
	return r.Push(ctx, a, force)
}

func storeSyncCommand() *cobra.Command {
	var pull, pushing bool
	cmd := &cobra.Command{
		Use:   "sync URL [--pull | --push]",
		Short: "Copy artefacts to and from an object store, each that the other side lacks",
		Long: `Copies artefacts between the store and s3://bucket?region=…, gs://bucket or file:///folder, both ways unless
--pull or --push names one. Every file is checked against its digest on its way; what is damaged is named and
left out. A second call copies nothing.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := openStore()
			if err != nil {
				return err
			}
			r, err := bucket.Open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer r.Close()
			return syncStore(cmd.Context(), cmd.OutOrStdout(), st, r, pull || !pushing, pushing || !pull)
		},
	}
	cmd.Flags().BoolVar(&pull, "pull", false, "only from there to here")
	cmd.Flags().BoolVar(&pushing, "push", false, "only from here to there")
	return cmd
}

func syncStore(ctx context.Context, out io.Writer, st *store.Store, r *bucket.Remote, pull, pushing bool) error {
	pulled, pushed := 0, 0
	var bad problemList
	if pull {
		names, err := r.List(ctx)
		if err != nil {
			return err
		}
		for _, n := range names {
			if st.Look(n.Kind, n.Key) != store.Absent {
				continue
			}
			ok, err := r.Pull(ctx, st, n.Kind, n.Key)
			if errors.Is(err, bucket.ErrDamaged) {
				bad = append(bad, oneLine(err))
				continue
			}
			if err != nil {
				return err
			}
			if ok {
				pulled++
			}
		}
	}
	if pushing {
		sound, damaged := st.Verify(func(*store.Artefact) {})
		for _, err := range damaged {
			bad = append(bad, oneLine(err))
		}
		for _, a := range sound {
			there, err := r.Has(ctx, a)
			if err != nil {
				return err
			}
			if there {
				continue
			}
			if err := r.Push(ctx, a, false); err != nil {
				return err
			}
			pushed++
		}
	}
	fmt.Fprintf(out, "%d artefacts pulled, %d pushed; %d requests\n", pulled, pushed, r.Requests())
	if len(bad) > 0 {
		return bad
	}
	return nil
}
