package study

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"lpft/lpftlib/measure"
)

// CompareRuns orders runs as they are listed: by setting, tasks, methods, scalings and seeds.
func CompareRuns(a, b Measures) int {
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

// Averages takes the mean and the sample deviation over seeds of runs that differ in nothing else:
// runs of other settings are never mixed.
func Averages(rows []Measures) ([]Average, error) {
	var order []string
	groups := map[string][]Measures{}
	for _, r := range rows {
		text, err := json.Marshal([]any{r.Task, r.TestSet, r.Split, r.Method, r.Scaling, r.Setting})
		if err != nil {
			return nil, err
		}
		key := string(text)
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

// average is the average of runs that differ in the seed only.
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
