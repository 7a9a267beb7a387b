package command

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"lpft/lpftlib/report"
)

func compareCommand() *cobra.Command {
	var tolerance float64
	cmd := &cobra.Command{
		Use:   "compare REPORT_A REPORT_B",
		Short: "Two reports number by number: of two machines, two engines, two commits; exit status 1 if they differ",
		Long: `Compares every number of the tables and claims of two folders that lpft reproduce --report made, and lists
what differs by more than --tolerance times the larger number and one unit of the last digit printed. Two runs
on the engine "go" give the same numbers; engines differ by about 1e-3 in linear probes, and trained models as
two seeds do.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !(tolerance >= 0) || math.IsInf(tolerance, 0) {
				return fmt.Errorf("--tolerance %v: expected a number from 0", tolerance)
			}
			c, err := report.Compare(args[0], args[1], tolerance)
			if err != nil {
				return err
			}
			if err := writeComparison(cmd.OutOrStdout(), c); err != nil {
				return err
			}
			if n := len(c.Differences); n > 0 {
				return fmt.Errorf("%d cells differ between %s and %s", n, args[0], args[1])
			}
			return nil
		},
	}
	cmd.Flags().Float64Var(&tolerance, "tolerance", 1e-3, "by which numbers may differ, of the larger")
	return cmd
}

func writeComparison(out io.Writer, c *report.Comparison) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(c.Differences) > 0 {
		fmt.Fprintln(w, "where\tA\tB\tdiffers by\tallowed")
	}
	for _, d := range c.Differences {
		by, allowed := "-", "-"
		if !math.IsNaN(d.By) {
			by, allowed = fmt.Sprintf("%.3g", d.By), fmt.Sprintf("%.3g", d.Tolerance)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.Where, dash(d.A), dash(d.B), by, allowed)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d numbers are the same, %d within the tolerance; %d cells differ\n", c.Equal, c.Within, len(c.Differences))
	return err
}

// dash stands for what is not there.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
