package study

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/measure"
)

// What ended at a limit is counted over seeds; a record of before says that it does not know.
func TestLimits(t *testing.T) {
	yes, no := true, false
	stuck := &Scaled{Temperature: measure.Temperature{AtLimit: true}}
	row := func(m Method, seed uint64, probe *bool, published *Scaled) Measures {
		return Measures{Spec: Spec{Task: "cb", Method: m, Seed: seed}, ProbeAtLimit: probe, Published: published}
	}
	for want, rows := range map[string][]Measures{
		"no":                           {row(LP, 1, &no, nil), row(LP, 2, &no, &Scaled{})},
		"probe 1/2":                    {row(LPFT, 1, &no, nil), row(LPFT, 2, &yes, nil)},
		"probe 2/2, T 1/2":             {row(LP, 1, &yes, stuck), row(LP, 2, &yes, nil)},
		"T 1/1":                        {row(FT, 1, nil, stuck)},
		"probe unknown 1/1":            {row(LP, 1, nil, nil)},
		"probe 1/2, probe unknown 1/2": {row(LP, 1, nil, nil), row(LP, 2, &yes, nil)},
	} {
		averages, err := Averages(rows)
		require.NoError(t, err)
		require.Len(t, averages, 1)
		require.Equal(t, want, averages[0].AtLimit.String())
	}
	var old Measures
	require.NoError(t, json.Unmarshal([]byte(`{"task": "cb", "method": "lp", "seed": 1, "kappa": 2}`), &old))
	require.Nil(t, old.ProbeAtLimit)
}
