package store

import "encoding/json"

// Needs says, by key, which of the artefacts each was made from: inputs name artefacts by their keys.
func Needs(list []*Artefact) map[string][]string {
	there := map[string]bool{}
	for _, a := range list {
		there[a.Key] = true
	}
	needs := map[string][]string{}
	for _, a := range list {
		var inputs any
		if json.Unmarshal(a.Manifest.Inputs, &inputs) != nil {
			continue // sealed by the manifest: it was valid JSON
		}
		needs[a.Key] = keysIn(inputs, there, nil)
	}
	return needs
}

// keysIn collects the strings in a tree of JSON that are keys of artefacts.
func keysIn(tree any, there map[string]bool, found []string) []string {
	switch v := tree.(type) {
	case string:
		if there[v] {
			found = append(found, v)
		}
	case []any:
		for _, item := range v {
			found = keysIn(item, there, found)
		}
	case map[string]any:
		for _, item := range v {
			found = keysIn(item, there, found)
		}
	}
	return found
}

// WithNeeded adds to keys all that they were made from.
func WithNeeded(keys []string, needs map[string][]string) map[string]bool {
	out := map[string]bool{}
	var add func(key string)
	add = func(key string) {
		if out[key] {
			return
		}
		out[key] = true
		for _, k := range needs[key] {
			add(k)
		}
	}
	for _, key := range keys {
		add(key)
	}
	return out
}
