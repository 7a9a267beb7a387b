package command

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"lpft/lpftlib/items"
	"lpft/lpftlib/session"
)

// dryRun prints, item by item, which steps are in the store and what the others would take by this
// machine's measured rate. A step that several items share counts where it comes first.
func dryRun(ctx context.Context, out io.Writer, s *session.Session, chosen []items.Item) error {
	ids, err := s.Tasks(ctx)
	if err != nil {
		return err
	}
	rate, err := s.Rate(ctx, ids[0])
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "item\tnotebook\tcached\tto compute\tmillion tokens\tabout\tdisk")
	seen := map[string]bool{}
	var total need
	var left []session.Planned
	for _, item := range chosen {
		steps, err := item.Needs(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", item.ID, err)
		}
		var n need
		for _, step := range steps {
			if !seen[step.Key] {
				seen[step.Key] = true
				n.add(step)
				if !step.Cached {
					left = append(left, step)
				}
			}
		}
		total.plus(n)
		fmt.Fprintf(w, "%s\t%s\t%s\n", item.ID, item.Notebook, n.line(rate))
	}
	fmt.Fprintf(w, "all\t\t%s\n", total.line(rate))
	if err := w.Flush(); err != nil {
		return err
	}
	for _, step := range left {
		fmt.Fprintf(out, "to compute: %s\n", step.Step.Label)
	}
	_, err = fmt.Fprintf(out, "measured now: %.0f tokens a second pass forward through the encoder on %s; a training token counts as three\n", rate, ids[0])
	return err
}

// need is what some steps would take.
type need struct {
	cached, steps int
	tokens        float64
	disk          int64
}

func (n *need) add(step session.Planned) {
	if step.Cached {
		n.cached++
		return
	}
	n.steps++
	n.tokens += step.Tokens
	n.disk += step.Disk
}

func (n *need) plus(other need) {
	n.cached += other.cached
	n.steps += other.steps
	n.tokens += other.tokens
	n.disk += other.disk
}

func (n *need) line(rate float64) string {
	took := time.Duration(n.tokens / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%d\t%d\t%.1f\t%s\t%.2f GiB", n.cached, n.steps, n.tokens/1e6, took, float64(n.disk)/(1<<30))
}
