package store

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

type inputs struct {
	Data  string             `json:"data"`
	Seed  uint64             `json:"seed"`
	Rate  float64            `json:"rate"`
	Norms []float64          `json:"norms"`
	Extra map[string]float64 `json:"extra"`
}

func sample() inputs {
	return inputs{"sha", 1001, 1e-5, []float64{1, 2.5}, map[string]float64{"a": 1, "b": 2, "c": 3}}
}

func keyOf(t *testing.T, kind string, version int, in any) string {
	key, err := Step{Kind: kind, Version: version, Inputs: in}.Key()
	require.NoError(t, err)
	require.Regexp(t, "^[0-9a-f]{64}$", key)
	return key
}

// TestKeyIsStable: the same inputs hash alike in any order, type and spelling, in any run.
func TestKeyIsStable(t *testing.T) {
	want := keyOf(t, "probe", 1, sample())
	const text = `{"inputs":{"data":"sha","extra":{"a":1,"b":2,"c":3},"norms":[1,2.5],"rate":0.00001,"seed":1001},"kind":"probe","version":1}`
	require.Equal(t, fmt.Sprintf("%x", sha256.Sum256([]byte(text))), want, "another key would lose every artefact on disk")
	reordered := struct {
		Extra map[string]int `json:"extra"`
		Norms []float32      `json:"norms"`
		Rate  float64        `json:"rate"`
		Seed  int            `json:"seed"`
		Data  string         `json:"data"`
	}{map[string]int{"c": 3, "a": 1, "b": 2}, []float32{1, 2.5}, 0.00001, 1001, "sha"}
	for range 20 { // maps are walked in another order each time
		require.Equal(t, want, keyOf(t, "probe", 1, reordered))
	}
	raw := json.RawMessage(`{ "seed":1001, "rate":0.1e-4, "norms":[1.0,25e-1], "extra":{"b":2,"a":1.00,"c":3}, "data":"sh\u0061" }`)
	require.Equal(t, want, keyOf(t, "probe", 1, raw))
}

func TestKeyIgnoresLabel(t *testing.T) {
	a, err := Step{Kind: "probe", Label: "one"}.Key()
	require.NoError(t, err)
	require.Equal(t, a, keyOf(t, "probe", 0, nil))
}

// TestKeyFeelsEveryInput changes one thing at a time; all keys must differ.
func TestKeyFeelsEveryInput(t *testing.T) {
	seen := map[string]string{}
	add := func(name, kind string, version int, change func(*inputs)) {
		in := sample()
		change(&in)
		key := keyOf(t, kind, version, in)
		require.Empty(t, seen[key], "%s has the key of %s", name, seen[key])
		seen[key] = name
	}
	add("nothing", "probe", 1, func(*inputs) {})
	add("kind", "features", 1, func(*inputs) {})
	add("version", "probe", 2, func(*inputs) {})
	add("data", "probe", 1, func(in *inputs) { in.Data = "shb" })
	add("seed", "probe", 1, func(in *inputs) { in.Seed++ })
	add("last bit of the rate", "probe", 1, func(in *inputs) { in.Rate = math.Nextafter(in.Rate, 1) })
	add("order of norms", "probe", 1, func(in *inputs) { in.Norms = []float64{2.5, 1} })
	add("no norms", "probe", 1, func(in *inputs) { in.Norms = nil })
	add("empty norms", "probe", 1, func(in *inputs) { in.Norms = []float64{} })
	add("key in a map", "probe", 1, func(in *inputs) { in.Extra = map[string]float64{"a": 1, "b": 2, "d": 3} })
	for _, seed := range []uint64{1 << 53, 1<<53 + 1, math.MaxUint64, math.MaxUint64 - 1} { // float64 would merge these
		add(fmt.Sprint("seed ", seed), "probe", 1, func(in *inputs) { in.Seed = seed })
	}
}

func TestKeyRefuses(t *testing.T) {
	for _, kind := range []string{"", "A", "a/b", "..", ".staging", "a b", "log.jsonl"} {
		_, err := Step{Kind: kind}.Key()
		require.ErrorContains(t, err, "kind must be", kind)
	}
	_, err := Step{Kind: "probe", Label: "LP cb", Inputs: math.NaN()}.Key()
	require.ErrorContains(t, err, `step probe "LP cb": inputs`)
	_, err = Step{Kind: "probe", Inputs: func() {}}.Key()
	require.Error(t, err)
	_, err = Step{Kind: "probe", Inputs: json.RawMessage("1e999")}.Key()
	require.ErrorContains(t, err, "beyond float64")
}
