package command

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"lpft/lpftlib/items"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
)

// resultsJob is what `lpft results` was asked for.
type resultsJob struct {
	tasks, methods []string
	profile        string
	format         string
	claims         bool
}

func resultsCommand() *cobra.Command {
	var job resultsJob
	cmd := &cobra.Command{
		Use:   "results",
		Short: "All runs there are: mean ± sample deviation (n−1) over seeds",
		Long: `Lists the measures of all runs in the store, averaged over seeds: mean ± sample deviation
(n−1). Runs of different settings (model, data, recipe, backend, ...) are never mixed.
"at limit" says how many seeds have a linear probe, or a temperature, whose search ended at
its limit of iterations. --format csv has mean, deviation and n of every metric in columns of their own, json the
settings too. --claims judges the paper's claims on these runs instead.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return job.run(cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&job.tasks, "task", nil, "only runs of these tasks")
	f.StringSliceVar(&job.methods, "method", nil, "only runs of these methods")
	f.StringVar(&job.profile, "profile", "", "only runs of this profile")
	f.StringVar(&job.format, "format", "table", "table, csv or json")
	f.BoolVar(&job.claims, "claims", false, "judge the paper's claims on these runs")
	return cmd
}

func (j *resultsJob) run(out io.Writer) error {
	if err := checkFormat(j.format); err != nil {
		return err
	}
	st, err := openStore()
	if err != nil {
		return err
	}
	rows, bad := session.Runs(st)
	for _, err := range bad {
		say("left out: " + oneLine(err))
	}
	rows = slices.DeleteFunc(rows, func(m study.Measures) bool { return !j.wants(m) })
	if len(rows) == 0 {
		return fmt.Errorf("no runs in %s: lpft run --task cb --method lp makes one", st.Dir())
	}
	if j.claims {
		if err := oneProfile(rows); err != nil {
			return err
		}
		return writeClaims(out, j.format, items.Claims(rows))
	}
	return writeRuns(out, j.format, rows)
}

// oneProfile refuses runs of several profiles: a claim counts data sets and seeds, and the same data
// set at two sizes would count twice.
func oneProfile(rows []study.Measures) error {
	var profiles []string
	for _, r := range rows { // sorted by profile
		if !slices.Contains(profiles, r.Setting.Profile) {
			profiles = append(profiles, r.Setting.Profile)
		}
	}
	if len(profiles) > 1 {
		return fmt.Errorf("there are runs of the profiles %s: claims are judged on one; choose it with --profile", strings.Join(profiles, ", "))
	}
	return nil
}

func (j *resultsJob) wants(m study.Measures) bool {
	return (len(j.tasks) == 0 || slices.Contains(j.tasks, m.Task)) &&
		(len(j.methods) == 0 || slices.Contains(j.methods, string(m.Method))) &&
		(j.profile == "" || j.profile == m.Setting.Profile)
}

func checkFormat(format string) error {
	if !slices.Contains([]string{"table", "csv", "json"}, format) {
		return fmt.Errorf("format %q is not known: there are table, csv, json", format)
	}
	return nil
}

// writeRuns writes runs averaged over seeds.
func writeRuns(out io.Writer, format string, rows []study.Measures) error {
	averages, err := study.Averages(rows)
	if err != nil {
		return err
	}
	switch format {
	case "json":
		return writeJSON(out, averages)
	case "csv":
		return writeCSV(out, averages)
	}
	return writeTable(out, averages)
}

func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// nameColumns name a run in tables.
var nameColumns = []string{"profile", "model", "backend", "task", "test set", "method", "scaling", "seeds", "rows"}

func names(a study.Average) []string {
	set := a.TestSet
	if a.Split != "test" {
		set += " (" + a.Split + ")"
	}
	seeds := strings.Trim(strings.ReplaceAll(fmt.Sprint(a.Seeds), " ", "+"), "[]")
	return []string{a.Setting.Profile, a.Setting.Model, a.Setting.Engine, a.Task, set, a.Method.Title(), a.Scaling.String(), seeds, fmt.Sprint(a.Rows)}
}

// tableMetrics are as many columns as a terminal takes; CSV and JSON have all.
const tableMetrics = 7

func writeTable(out io.Writer, averages []study.Average) error {
	metrics := study.Metrics()[:tableMetrics]
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	head := slices.Clone(nameColumns)
	for _, m := range metrics {
		head = append(head, m.Title)
	}
	head = append(head, "at limit")
	fmt.Fprintln(w, strings.Join(head, "\t"))
	for _, a := range averages {
		line := names(a)
		for _, m := range metrics {
			line = append(line, cellOf(a, m))
		}
		line = append(line, a.AtLimit.String())
		fmt.Fprintln(w, strings.Join(line, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, a := range averages {
		for _, m := range metrics {
			if why := a.Undefined[m.Name]; why != "" {
				fmt.Fprintf(out, "%s of %s on %s is undefined: %s\n", m.Title, a.Method.Title(), a.TestSet, why)
			}
		}
	}
	return nil
}

func cellOf(a study.Average, m study.Metric) string {
	spread, ok := a.Metrics[m.Name]
	switch {
	case !ok && a.Undefined[m.Name] != "":
		return "undefined"
	case !ok:
		return "-"
	case spread.N > 1:
		return fmt.Sprintf("%.*f ± %.*f", m.Digits, spread.Mean, m.Digits, spread.Std)
	}
	return fmt.Sprintf("%.*f", m.Digits, spread.Mean)
}

func writeCSV(out io.Writer, averages []study.Average) error {
	w := csv.NewWriter(out)
	head := slices.Clone(nameColumns)
	for _, m := range study.Metrics() {
		head = append(head, m.Name, m.Name+"_std", m.Name+"_n")
	}
	head = append(head, "at_limit")
	if err := w.Write(head); err != nil {
		return err
	}
	for _, a := range averages {
		line := names(a)
		for _, m := range study.Metrics() {
			spread, ok := a.Metrics[m.Name]
			if !ok {
				line = append(line, "", "", "0")
				continue
			}
			std := ""
			if spread.N > 1 {
				std = fmt.Sprint(spread.Std)
			}
			line = append(line, fmt.Sprint(spread.Mean), std, fmt.Sprint(spread.N))
		}
		line = append(line, a.AtLimit.String())
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// writeClaims writes judged claims.
func writeClaims(out io.Writer, format string, claims []paper.Claim) error {
	switch format {
	case "json":
		return writeJSON(out, claimsJSON(claims))
	case "csv":
		w := csv.NewWriter(out)
		w.Write([]string{"id", "claim", "statistic", "threshold", "n", "outcome", "explanation"})
		for _, c := range claims {
			w.Write([]string{c.ID, c.Text, fmt.Sprint(c.Statistic), fmt.Sprint(c.Threshold), fmt.Sprint(c.N), string(c.Outcome), c.Explanation})
		}
		w.Flush()
		return w.Error()
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "claim\tstatistic\tthreshold\tn\toutcome\t")
	for _, c := range claims {
		fmt.Fprintf(w, "%s %s\t%.4g\t%.4g\t%d\t%s\t%s\n", c.ID, c.Text, c.Statistic, c.Threshold, c.N, c.Outcome, c.Explanation)
	}
	return w.Flush()
}

// claimJSON is a claim with null for a statistic that there is not.
type claimJSON struct {
	ID          string        `json:"id"`
	Claim       string        `json:"claim"`
	Statistic   *float64      `json:"statistic"`
	Threshold   float64       `json:"threshold"`
	N           int           `json:"n"`
	Outcome     paper.Outcome `json:"outcome"`
	Explanation string        `json:"explanation"`
	Good        *int          `json:"good,omitempty"`     // of the n cases
	Interval    []float64     `json:"interval,omitempty"` // of their share, 95 %, exact binomial
}

func claimsJSON(claims []paper.Claim) []claimJSON {
	out := make([]claimJSON, len(claims))
	for i, c := range claims {
		out[i] = claimJSON{ID: c.ID, Claim: c.Text, Threshold: c.Threshold, N: c.N, Outcome: c.Outcome, Explanation: c.Explanation}
		if !math.IsNaN(c.Statistic) {
			out[i].Statistic = &claims[i].Statistic
		}
		if c.Interval != (paper.Interval{}) {
			out[i].Good, out[i].Interval = &claims[i].Good, []float64{c.Interval.Low, c.Interval.High}
		}
	}
	return out
}
