package study

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"lpft/lpftlib/measure"
	"lpft/lpftlib/store"
)

// Runs reads the measures of all runs there are in a store, whatever session made them, in the
// order of tasks, methods, scalings and seeds. Of several in one setting, as a raised version of a step leaves them, the
// newest counts. A run that cannot be trusted is left out and among the errors.
func Runs(st *store.Store) ([]Measures, []error) {
	runs, bad := storedRuns(st)
	var rows []Measures
	unread, replaced := 0, 0
	for _, r := range runs {
		switch {
		case r.old != "" && r.measures == nil:
			unread++
		case r.old != "":
			replaced++
		default:
			rows = append(rows, *r.measures)
		}
	}
	if unread > 0 {
		bad = append(bad, fmt.Errorf("%d runs that another version of lpft measured: lpft run makes them anew", unread))
	}
	if replaced > 0 {
		bad = append(bad, fmt.Errorf("%d runs that newer ones in the same setting replace: lpft store log names them", replaced))
	}
	slices.SortStableFunc(rows, compareRuns)
	return rows, bad
}

func compareRuns(a, b Measures) int {
	methods := Methods()
	return cmp.Or(cmp.Compare(a.Setting.Profile, b.Setting.Profile), cmp.Compare(a.Setting.Model, b.Setting.Model), cmp.Compare(a.Setting.Engine, b.Setting.Engine),
		cmp.Compare(a.Task, b.Task), cmp.Compare(a.TestSet, b.TestSet), cmp.Compare(a.Split, b.Split), cmp.Compare(slices.Index(methods, a.Method), slices.Index(methods, b.Method)),
		cmp.Compare(a.Scaling.Reading, b.Scaling.Reading), cmp.Compare(a.Scaling.Norm, b.Scaling.Norm), cmp.Compare(a.Seed, b.Seed))
}

// Average is a run's numbers over seeds.
type Average struct {
	Task    string                    `json:"task"`
	TestSet string                    `json:"test_set"`
	Split   string                    `json:"split"`
	Method  Method                    `json:"method"`
	Scaling Scaling                   `json:"scaling,omitzero"`
	Seeds   []uint64                  `json:"seeds"`
	Rows    int                       `json:"rows"`
	Metrics map[string]measure.Spread `json:"metrics"` // by [Metric].Name; one that is undefined for a seed is absent
	AtLimit Limits                    `json:"at_limit"`

	Undefined map[string]string `json:"undefined,omitempty"` // why a metric is absent, by its name, of one of the seeds
	Setting   Setting           `json:"setting"`
}

// Metric is a column of a table of runs.
type Metric struct {
	Name   string // as in JSON
	Title  string // as in the paper
	Digits int
	Of     func(*Measures) float64 // NaN where undefined
}

// Metrics are the columns of `lpft results`.
func Metrics() []Metric {
	scaled := func(pick func(*Measures) *Scaled, of func(*Scaled) float64) func(*Measures) float64 {
		return func(m *Measures) float64 {
			if s := pick(m); s != nil {
				return of(s)
			}
			return math.NaN()
		}
	}
	published := func(m *Measures) *Scaled { return m.Published }
	exact := func(m *Measures) *Scaled { return m.Exact }
	return []Metric{
		{"score", "score", 2, func(m *Measures) float64 { return m.Score }},
		{"cs_f", "CS(F)", 3, func(m *Measures) float64 { return m.CS }},
		{"diff_f", "Diff(F)", 3, func(m *Measures) float64 { return m.Diff }},
		{"fdr_f", "FDR(F)", 3, func(m *Measures) float64 {
			if m.FDR == nil {
				return math.NaN()
			}
			return *m.FDR
		}},
		{"norm_c", "Norm(C)", 3, func(m *Measures) float64 { return m.NormC }},
		{"ece_wo_ts", "ECE", 2, func(m *Measures) float64 { return m.ECE }},
		{"ece_w_ts", "ECE, TS", 2, scaled(published, func(s *Scaled) float64 { return s.ECE })},
		{"ece_w_exact_ts", "ECE, exact TS", 2, scaled(exact, func(s *Scaled) float64 { return s.ECE })},
		{"mce_wo_ts", "MCE", 2, func(m *Measures) float64 { return m.MCE }},
		{"mce_w_ts", "MCE, TS", 2, scaled(published, func(s *Scaled) float64 { return s.MCE })},
		{"mce_w_exact_ts", "MCE, exact TS", 2, scaled(exact, func(s *Scaled) float64 { return s.MCE })},
		{"temperature", "T", 3, scaled(published, func(s *Scaled) float64 { return s.Temperature.T })},
		{"temperature_exact", "exact T", 3, scaled(exact, func(s *Scaled) float64 { return s.Temperature.T })},
		{"accuracy", "accuracy", 2, func(m *Measures) float64 { return m.Accuracy }},
		{"matthews", "Matthews", 2, func(m *Measures) float64 { return m.Matthews }},
		{"majority", "majority", 2, func(m *Measures) float64 { return m.Majority }},
		{"nll", "NLL", 4, func(m *Measures) float64 { return m.NLL }},
		{"brier", "Brier", 4, func(m *Measures) float64 { return m.Brier }},
		{"norm_start", "Norm(C) at the start", 3, func(m *Measures) float64 { return m.NormStart }},
		{"norm_b", "‖b‖", 3, func(m *Measures) float64 { return m.NormB }},
		{"logit_norm", "‖f(x)‖", 3, func(m *Measures) float64 { return m.LogitNorm }},
		{"kappa", "κ*", 4, func(m *Measures) float64 { return m.Kappa }},
		{"epoch", "epoch", 1, func(m *Measures) float64 { return float64(m.Epoch) }},
	}
}

// Averages takes the mean and the sample deviation over seeds of runs that differ in nothing else:
// runs of other settings are never mixed.
func Averages(rows []Measures) ([]Average, error) {
	var order []string
	groups := map[string][]Measures{}
	for _, r := range rows {
		key, err := store.DigestJSON([]any{r.Task, r.TestSet, r.Split, r.Method, r.Scaling, r.Setting})
		if err != nil {
			return nil, err
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], r)
	}
	var out []Average
	for _, key := range order {
		a, err := average(groups[key])
		if err != nil {
			return nil, err
		}
		out = append(out, *a)
	}
	return out, nil
}

func average(rows []Measures) (*Average, error) {
	first := rows[0]
	a := &Average{Task: first.Task, TestSet: first.TestSet, Split: first.Split, Method: first.Method, Scaling: first.Scaling,
		Rows: first.Rows, AtLimit: limitsOf(rows), Setting: first.Setting, Metrics: map[string]measure.Spread{}}
	for _, r := range rows {
		if slices.Contains(a.Seeds, r.Seed) {
			return nil, fmt.Errorf("%s on %s was measured twice in one setting: this cannot be", r.Spec, r.TestSet)
		}
		a.Seeds = append(a.Seeds, r.Seed)
	}
	for _, r := range rows {
		for name, why := range r.Undefined {
			if a.Undefined == nil {
				a.Undefined = map[string]string{}
			}
			a.Undefined[name] = why
		}
	}
	for _, metric := range Metrics() {
		var values []float64
		for i := range rows {
			values = append(values, metric.Of(&rows[i]))
		}
		if spread, err := measure.Summarise(values); err == nil { // an undefined value of one seed leaves no mean
			a.Metrics[metric.Name] = spread
		}
	}
	return a, nil
}
