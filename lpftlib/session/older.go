package session

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// storedRun is a run in a store.
type storedRun struct {
	artefact *store.Artefact
	measures *study.Measures // nil where another version of lpft measured it
	old      string          // why it no longer counts; "": it does
}

// storedRuns reads all runs and finds out which of them still count.
func storedRuns(st *store.Store) (runs []*storedRun, bad []error) {
	list, bad := st.List("run")
	all, _ := st.Manifests() // what cannot be read there is nothing to prefer
	versions := map[string]int{}
	for _, a := range all {
		versions[a.Key] = a.Manifest.Version
	}
	newest := map[string]*storedRun{}
	for _, a := range list {
		r := &storedRun{artefact: a}
		if a.Manifest.Version != measuresVersion {
			r.old = fmt.Sprintf("measured by version %d of the metrics, this is version %d", a.Manifest.Version, measuresVersion)
			runs = append(runs, r)
			continue
		}
		r.measures = &study.Measures{}
		if err := a.ReadJSON(measuresFile, r.measures); err != nil {
			bad = append(bad, err)
			continue
		}
		runs = append(runs, r)
		m := r.measures
		setting, err := store.DigestJSON([]any{m.Spec, m.TestSet, m.Split, m.Setting})
		if err != nil {
			bad = append(bad, err)
			continue
		}
		other := newest[setting]
		if other == nil {
			newest[setting] = r
			continue
		}
		if newer(r, other, versions) {
			r, other = other, r
		}
		newest[setting] = other
		r.old = fmt.Sprintf("replaced by the run %.12s in the same setting", other.artefact.Key)
	}
	return runs, bad
}

// newer says whether a counts and b does not: its head, its features come from a later version of their step or, where
// these are the same, it was measured later. Versions go first, since a clock may have been set back.
func newer(a, b *storedRun, versions map[string]int) bool {
	inputs := func(r *storedRun) (in measuresInputs) {
		_ = json.Unmarshal(r.artefact.Manifest.Inputs, &in) // sealed by the manifest: it was made from such inputs
		return in
	}
	x, y := inputs(a), inputs(b)
	return cmp.Or(cmp.Compare(versions[x.Head], versions[y.Head]), cmp.Compare(versions[x.Features], versions[y.Features]),
		a.artefact.Manifest.Finished.Compare(b.artefact.Manifest.Finished)) > 0
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
// taken their place, or a newer run in the same setting.
func Older(st *store.Store) map[string]string {
	list, _ := st.Manifests() // [store.Store.Verify] names what cannot be read
	older := map[string]string{}
	for _, a := range list {
		if now, ok := versions()[a.Kind]; ok && a.Manifest.Version != now {
			older[a.Key] = fmt.Sprintf("version %d of the step, this is version %d", a.Manifest.Version, now)
		}
	}
	runs, _ := storedRuns(st)
	for _, r := range runs {
		if r.old != "" {
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
