package task

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/dataset"
)

var background = context.Background()

// tree writes files below a new folder. Line ends and byte order marks are spelled out in the strings.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

// offline are options that ask no network and no cache of the user's.
func offline(t *testing.T, dir string) Options {
	return Options{Dir: dir, Hub: HubOptions{Offline: true, CacheDir: t.TempDir()}}
}

func TestCatalogue(t *testing.T) {
	require.Equal(t, strings.Fields(`cb rte boolq wic wsc cola sst2 mrpc amazon dynasent semeval sst5 pubmed
		boolq-standin amazon-standin toy toy-ood`), IDs())
	classes := map[string]int{"cb": 3, "pubmed": 5, "amazon": 3, "dynasent": 3, "semeval": 3, "sst5": 3, "amazon-standin": 3, "toy": 3, "toy-ood": 3}
	for _, id := range IDs() {
		task, err := Get(id)
		require.NoError(t, err)
		want := 2
		if n, ok := classes[id]; ok {
			want = n
		}
		require.Len(t, task.Classes, want, id)
		require.Equal(t, id == "cola", task.Metric == Matthews, id)
		require.Equal(t, strings.HasSuffix(id, "-standin"), task.StandIn != "", id)
		if task.TestOnly {
			on, err := Get(task.TrainedOn)
			require.NoError(t, err)
			require.Equal(t, on.Classes, task.Classes)
		} else {
			require.Empty(t, task.TrainedOn)
		}
	}
	_, err := Get("mnli")
	require.ErrorContains(t, err, `task "mnli" is not known: there are cb, rte,`)
}

func TestGetReturnsACopy(t *testing.T) {
	a, err := Get("boolq")
	require.NoError(t, err)
	a.Classes[0] = "changed"
	b, err := Get("boolq")
	require.NoError(t, err)
	require.Equal(t, "False", b.Classes[0])
	c, err := Get("wic")
	require.NoError(t, err)
	require.Equal(t, "False", c.Classes[0])
}

func TestLabels(t *testing.T) {
	cb, err := Get("cb")
	require.NoError(t, err)
	for text, want := range map[string]int{"entailment": 0, " Contradiction ": 1, "2": 2, "1.0": 1, "2.00": 2} {
		got, ok := cb.label(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "3", "-1", "1.5", "1.", "3.0", "-1.0", "1e0", "not_entailment", "99999999999999999999", "0x1", "+1"} {
		_, ok := cb.label(text)
		require.False(t, ok, text)
	}
	stars := &Task{Classes: []string{"1", "2"}}
	got, ok := stars.label("2")
	require.True(t, ok)
	require.Equal(t, 1, got)
	_, ok = stars.label("0") // a name, not an index
	require.False(t, ok)
	got, ok = stars.label("2.0")
	require.True(t, ok)
	require.Equal(t, 1, got)
	half := &Task{Classes: []string{"0.5", "1.0"}}
	got, ok = half.label("1.0")
	require.True(t, ok)
	require.Equal(t, 1, got)
	for _, text := range []string{"0", "1"} { // neither name, and no index either
		_, ok = half.label(text)
		require.False(t, ok, text)
	}
}

// TestSplitOff checks the sizes of docs/protocol.md, Splits, and Table 7: n rows leave ⌈0.1·n⌉ for validation.
func TestSplitOff(t *testing.T) {
	for n, want := range map[int]int{250: 25, 2490: 249, 9427: 943, 5428: 543, 554: 56, 8551: 856, 67349: 6735, 3668: 367, 30000: 3000, 2: 1, 11: 2} {
		rows := make([]Example, n)
		for i := range rows {
			rows[i].Row = i
		}
		train, val := splitOff(rows)
		require.Len(t, val, want)
		require.Len(t, train, n-want)
		require.Equal(t, n-want, val[0].Row, "the last rows, in file order")
		require.Equal(t, n-1, val[want-1].Row)
	}
}

const tinySST = "sentence\tlabel\none \t1\ntwo \t0\nthree \t1\nfour \t0\n"

func TestSplitsDigestAndFirstRows(t *testing.T) {
	dir := tree(t, map[string]string{"SST-2/train.tsv": tinySST, "SST-2/dev.tsv": tinySST})
	d, err := Load(background, "sst2", offline(t, dir))
	require.NoError(t, err)
	require.Equal(t, Counts{Train: 3, Val: 1, Test: 4}, d.Counts())
	require.Equal(t, "folder "+filepath.Join(dir, "SST-2"), d.Source)
	for name, n := range map[string]int{"train": 3, "val": 1, "test": 4} {
		rows, err := d.Split(name)
		require.NoError(t, err)
		require.Len(t, rows, n)
	}
	_, err = d.Split("dev")
	require.ErrorContains(t, err, "train, val, test")

	again, err := Load(background, "sst2", offline(t, dir))
	require.NoError(t, err)
	require.Equal(t, d.Digest, again.Digest)

	o := offline(t, dir)
	o.FirstRows = 2
	cut, err := Load(background, "sst2", o)
	require.NoError(t, err)
	require.Equal(t, Counts{Train: 1, Val: 1, Test: 4}, cut.Counts())
	require.NotEqual(t, d.Digest, cut.Digest)
	require.Contains(t, cut.Source, "first 2 training rows")

	o.FirstRows = 1
	_, err = Load(background, "sst2", o)
	require.ErrorContains(t, err, "expected at least 2")
	o.FirstRows = -1
	_, err = Load(background, "sst2", o)
	require.ErrorContains(t, err, "FirstRows is -1")
}

// TestDigestCoversEverything changes one thing at a time.
func TestDigestCoversEverything(t *testing.T) {
	fresh := func() *Data {
		return &Data{Task: &Task{Classes: []string{"x", "y"}},
			Train: []Example{{A: "a", B: "b", Pair: true}, {A: "c", Label: 1}}, Val: []Example{{A: "d"}}, Test: []Example{{A: "e"}}}
	}
	seen := map[string]string{fresh().digest(): "unchanged"}
	for name, change := range map[string]func(*Data){
		"text":     func(d *Data) { d.Train[0].A = "A" },
		"second":   func(d *Data) { d.Train[0].B = "B" },
		"boundary": func(d *Data) { d.Train[0].A, d.Train[0].B = "ab", "" },
		"pair":     func(d *Data) { d.Train[0].Pair = false },
		"label":    func(d *Data) { d.Test[0].Label = 1 },
		"order":    func(d *Data) { d.Train[0], d.Train[1] = d.Train[1], d.Train[0] },
		"split":    func(d *Data) { d.Train, d.Val = d.Train[:1], []Example{d.Train[1], d.Val[0]} },
		"classes":  func(d *Data) { d.Task.Classes = []string{"y", "x"} },
	} {
		d := fresh()
		change(d)
		require.NotContains(t, seen, d.digest(), name)
		seen[d.digest()] = name
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, err := Load(ctx, "toy", Options{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestTable7(t *testing.T) {
	toy, err := Load(background, "toy", Options{})
	require.NoError(t, err)
	dir := tree(t, map[string]string{"SST-2/train.tsv": tinySST, "SST-2/dev.tsv": tinySST})
	sst, err := Load(background, "sst2", offline(t, dir))
	require.NoError(t, err)
	rows := Table7(toy, sst)
	require.Len(t, rows, 14)
	require.Equal(t, "cb", rows[0].ID)
	require.Equal(t, Counts{Train: 225, Val: 25, Test: 57}, rows[0].Printed)
	require.Nil(t, rows[0].Real)
	require.Contains(t, rows[0].Remark, "56 rows")
	require.Equal(t, "sst2", rows[6].ID)
	require.Equal(t, Counts{Train: 60614, Val: 6735, Test: 872}, rows[6].Printed)
	require.Equal(t, &Counts{Train: 3, Val: 1, Test: 4}, rows[6].Real)
	require.Equal(t, "abstracts", rows[12].PrintedUnit)
	require.Equal(t, "toy", rows[13].ID)
	require.Zero(t, rows[13].Printed)
}

// What profiles are ordered by is the catalogue's order.
func TestIDsAreTheCatalogues(t *testing.T) { require.Equal(t, dataset.IDs(), IDs()) }
