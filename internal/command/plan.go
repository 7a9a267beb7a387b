package command

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"lpft/lpftlib/grid"
	"lpft/lpftlib/session"
)

// planRequest is one `lpft plan`.
type planRequest struct {
	gridFlags
	rate, diskRate float64
	devices        []int
}

func planCommand() *cobra.Command {
	r := &planRequest{}
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "A study as independent jobs, one JSON line each, for a scheduler",
		Long: `Prints the jobs of a study, one JSON object a line: id, kind, label, needs (ids of jobs that must be done
before), command (does it: lpft job ID …), tokens that are left to compute and the seconds they take, bytes
read and written, gpu (it passes texts through the encoder), done (all of it is in the store), level. Jobs
come after those that they need, and the same study prints the same bytes. Nothing is computed; an engine
that is named (--backend, GOMLX_BACKEND) is not opened, so that a machine without its card can plan.

--simulate 1,8,64 prints how long what is left takes on so many devices instead, and what bounds it.`,
		Example: `  lpft plan --profile paper --backend xla:cuda --simulate 1,8,64
  lpft plan --profile paper | jq -r 'select(.done | not) | .command | @sh' | xargs -I{} sh -c {}`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, _, err := r.plan(cmd.Context(), r.rate)
			if err != nil {
				return err
			}
			if len(r.devices) > 0 {
				return r.simulate(cmd.OutOrStdout(), p)
			}
			return writeJobs(cmd.OutOrStdout(), p.jobs)
		},
	}
	f := cmd.Flags()
	r.gridFlags.add(f)
	f.Float64Var(&r.rate, "rate", 0, "tokens a second forward through the encoder (default: measured on what is done, else 45000)")
	f.IntSliceVar(&r.devices, "simulate", nil, "numbers of devices to estimate the time for, instead of the jobs")
	f.Float64Var(&r.diskRate, "disk-rate", 200, "with --simulate: MB a second that all devices together read from the store and write to it")
	return cmd
}

// writeJobs prints one job a line.
func writeJobs(out io.Writer, jobs []grid.Job) error {
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, j := range jobs {
		if err := enc.Encode(j); err != nil {
			return err
		}
	}
	return w.Flush()
}

// simulate prints the estimate.
func (r *planRequest) simulate(out io.Writer, p *gridPlan) error {
	for _, n := range r.devices {
		if n < 1 {
			return fmt.Errorf("--simulate %d: expected numbers of devices from 1", n)
		}
	}
	if !(r.diskRate > 0) {
		return fmt.Errorf("--disk-rate %g: expected MB a second", r.diskRate)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "devices\ttakes\twork shared evenly\tlongest chain\tlongest job\tI/O\tbound by")
	for _, e := range grid.Simulate(p.jobs, r.devices, r.diskRate*1e6) {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Devices, clock(e.Makespan), clock(e.Work), clock(e.Chain), clock(e.Longest), clock(e.IO), e.Bound())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	left, done := 0, 0
	for _, j := range p.jobs {
		if j.Done {
			done++
		} else {
			left++
		}
	}
	fmt.Fprintf(out, "%d jobs, %d of them done; at %.0f tokens a second (%s), %d s more a job, and %.0f MB/s of disk\n", left+done, done, p.rate, p.rateOf, jobStart, r.diskRate)
	if left == 0 {
		return nil
	}
	var chain []string
	for _, j := range grid.LongestChain(p.jobs) {
		chain = append(chain, fmt.Sprintf("%s (%s)", j.Label, clock(j.Seconds)))
	}
	fmt.Fprintf(out, "longest chain: %s\n", strings.Join(chain, ", then "))
	return writeKept(out, p)
}

// writeKept says how much disk what is left takes by what is kept of finished trainings.
func writeKept(out io.Writer, p *gridPlan) error {
	var parts []string
	for _, keep := range []session.Keep{session.KeepAll, session.KeepHeads, session.KeepNone} {
		bytes := int64(0)
		for _, step := range p.steps {
			if !step.Cached {
				bytes += keep.Left(step)
			}
		}
		parts = append(parts, fmt.Sprintf("%s with --keep %s", bytesText(bytes), keep))
	}
	_, err := fmt.Fprintf(out, "disk: %s\n", strings.Join(parts, ", "))
	return err
}

// clock is a duration in seconds for people.
func clock(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d >= 10*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	case d >= time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	case d >= time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f s", seconds)
}
