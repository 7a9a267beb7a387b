package session

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// storedRun is a run in a store.
type storedRun struct {
	artefact *store.Artefact
	measures *study.Measures // nil where another version of lpft measured it
	setting  string          // of its measures, with all that tells runs apart
	old      string          // why it does not count; "": it does
	later    bool            // since a later version of lpft measured it
}

// storedRuns reads all runs and finds out which of them still count.
func storedRuns(st *store.Store) (runs []*storedRun, bad []error) {
	list, bad := st.ManifestsOf("run")
	read, errs := make([]*storedRun, len(list)), make([]error, len(list))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, a := range list {
		work.Go(func() error {
			read[i], errs[i] = readRun(a)
			return nil
		})
	}
	_ = work.Wait() // errors are kept one by one
	versions, order := sync.OnceValue(func() map[string]int { return versionsOf(st) }), sync.OnceValue(st.Order)
	newest := map[string]*storedRun{}
	for i, r := range read {
		if errs[i] != nil {
			bad = append(bad, errs[i])
			continue
		}
		runs = append(runs, r)
		if r.measures == nil {
			continue
		}
		other := newest[r.setting]
		if other == nil {
			newest[r.setting] = r
			continue
		}
		if newer(r, other, versions(), order()) {
			r, other = other, r
		}
		newest[r.setting] = other
		r.old = fmt.Sprintf("replaced by the run %.12s in the same setting", other.artefact.Key)
	}
	return runs, bad
}

// readRun reads one run.
func readRun(a *store.Artefact) (*storedRun, error) {
	r := &storedRun{artefact: a}
	if a.Manifest.Version != measuresVersion {
		r.old = fmt.Sprintf("measured by version %d of the metrics, this is version %d", a.Manifest.Version, measuresVersion)
		r.later = a.Manifest.Version > measuresVersion
		return r, nil
	}
	m := &study.Measures{}
	if err := a.ReadJSON(measuresFile, m); err != nil {
		return nil, err
	}
	setting, err := json.Marshal([]any{m.Spec, m.TestSet, m.Split, m.Setting})
	r.measures, r.setting = m, string(setting)
	return r, err
}

// versionsOf are the versions of all steps in a store, by key.
func versionsOf(st *store.Store) map[string]int {
	all, _ := st.Manifests() // what cannot be read there is nothing to prefer
	versions := map[string]int{}
	for _, a := range all {
		versions[a.Key] = a.Manifest.Version
	}
	return versions
}

// newer says whether a counts and b does not: its head, its features come from a later version of their step or, where
// these are the same, it came to the store later. The clocks under which they were measured count only where the store's
// log knows neither.
func newer(a, b *storedRun, versions, order map[string]int) bool {
	inputs := func(r *storedRun) (in measuresInputs) {
		_ = json.Unmarshal(r.artefact.Manifest.Inputs, &in) // sealed by the manifest: it was made from such inputs
		return in
	}
	x, y := inputs(a), inputs(b)
	return cmp.Or(cmp.Compare(versions[x.Head], versions[y.Head]), cmp.Compare(versions[x.Features], versions[y.Features]),
		cmp.Compare(order[a.artefact.Key], order[b.artefact.Key]), a.artefact.Manifest.Finished.Compare(b.artefact.Manifest.Finished)) > 0
}

// versions are those of the steps, by kind.
func versions() map[string]int {
	return map[string]int{"features": featuresVersion, "probe": probeVersion, "probe-path": pathVersion, "finetune": finetuneVersion,
		"run": measuresVersion, "kernel": kernelVersion, "kernel-stats": kernelStatVersion, "pretrain-stats": pretrainVersion,
		"layout": layoutVersion, "tuning": tuningVersion, "tuned": tuningVersion}
}

// intermediate are the kinds that are made for others and shown by none: without one that needs them they only take room.
var intermediate = []string{"features", "finetune", "kernel"}

// Older says, by key, why artefacts of a store are used no more: another version of their step, or of one before it, has
// taken their place, or a newer run in the same setting. What a later version of lpft has made is not older: two that share
// a store leave each other's results alone.
func Older(st *store.Store) map[string]string {
	list, _ := st.Manifests() // [store.Store.Verify] names what cannot be read
	older := map[string]string{}
	for _, a := range list {
		if now, ok := versions()[a.Kind]; ok && a.Manifest.Version < now {
			older[a.Key] = fmt.Sprintf("version %d of the step, this is version %d", a.Manifest.Version, now)
		}
	}
	runs, _ := storedRuns(st)
	for _, r := range runs {
		if r.old != "" && !r.later {
			older[r.artefact.Key] = r.old
		}
	}
	needs := store.Needs(list)
	for grown := true; grown; { // what is made from something older is older itself
		grown = false
		for _, a := range list {
			for _, key := range needs[a.Key] {
				if older[key] != "" && older[a.Key] == "" {
					older[a.Key], grown = fmt.Sprintf("made from %.12s, which is older", key), true
				}
			}
		}
	}
	return older
}

// Unneeded says, by key, which artefacts only take room: models, features and kernels that nothing in the store needs.
func Unneeded(st *store.Store) map[string]string {
	list, _ := st.Manifests()
	needed := map[string]bool{}
	for _, keys := range store.Needs(list) {
		for _, key := range keys {
			needed[key] = true
		}
	}
	out := map[string]string{}
	for _, a := range list {
		if slices.Contains(intermediate, a.Kind) && !needed[a.Key] {
			out[a.Key] = "nothing in the store is made from it"
		}
	}
	return out
}
