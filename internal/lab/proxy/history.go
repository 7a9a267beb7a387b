package proxy

import (
	"regexp"
	"slices"
	"strings"
)

// history is what was executed since the kernel started: Jupyter's session 1.
type history struct{ entries []entry }

type entry struct {
	line int
	code string
}

func (h *history) add(line int, code string) { h.entries = append(h.entries, entry{line, code}) }

// historyRequest is what a front end asks for.
type historyRequest struct {
	Output  bool   `json:"output"`
	Access  string `json:"hist_access_type"` // "range", "tail" or "search"
	Session int    `json:"session"`
	Start   int    `json:"start"`
	Stop    int    `json:"stop"`
	N       int    `json:"n"`
	Pattern string `json:"pattern"`
	Unique  bool   `json:"unique"`
}

// find answers a request: triples of session, line and input, or of session, line and [input, nothing].
func (h *history) find(r historyRequest) [][3]any {
	var found []entry
	pattern := glob(r.Pattern)
	for _, e := range h.entries {
		switch r.Access {
		case "range":
			if r.Session > 1 || r.Session < 0 || e.line < r.Start || (r.Stop > 0 && e.line >= r.Stop) {
				continue
			}
		case "search":
			if !pattern.MatchString(e.code) {
				continue
			}
			if r.Unique {
				found = slices.DeleteFunc(found, func(old entry) bool { return old.code == e.code })
			}
		}
		found = append(found, e)
	}
	if r.Access != "range" && r.N > 0 && len(found) > r.N {
		found = found[len(found)-r.N:]
	}
	out := [][3]any{}
	for _, e := range found {
		var said any = e.code
		if r.Output {
			said = [2]any{e.code, nil}
		}
		out = append(out, [3]any{1, e.line, said})
	}
	return out
}

// glob turns a pattern with * and ? into a regular expression for a whole cell.
func glob(pattern string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, ".*"), `\?`, ".")
	return regexp.MustCompile("(?s)^" + quoted + "$")
}
