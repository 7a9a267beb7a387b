package encoder

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// moduleRule says which modules a setting such as target_modules means: those of a list, by
// their full name or the end of it after a point; those that a regular expression matches
// whole; or every dense layer. (peft/tuners/tuners_utils.py, check_target_module_exists)
type moduleRule struct {
	raw     string
	list    []string
	pattern *regexp.Regexp
	all     bool
}

func parseModules(key string, raw json.RawMessage, byDefault []string) (*moduleRule, error) {
	if raw == nil || string(raw) == "null" {
		return &moduleRule{raw: fmt.Sprintf("%q", byDefault), list: byDefault}, nil
	}
	r := &moduleRule{raw: compact(raw)}
	var pattern string
	switch {
	case json.Unmarshal(raw, &r.list) == nil:
	case json.Unmarshal(raw, &pattern) != nil:
		return nil, fmt.Errorf("%s is %s: expected a list of module names such as [\"query\", \"value\"], or a regular expression", key, r.raw)
	case pattern == "all-linear":
		r.all = true
	default:
		var err error
		if r.pattern, err = regexp.Compile("^(?:" + pattern + ")$"); err != nil {
			return nil, fmt.Errorf("%s is %s: lpft cannot read this regular expression (%v); list the modules instead", key, r.raw, err)
		}
	}
	return r, nil
}

func (r *moduleRule) String() string { return r.raw }

func (r *moduleRule) names(module string) bool {
	if r.pattern != nil {
		return r.pattern.MatchString(module)
	}
	return r.all || slices.ContainsFunc(r.list, func(name string) bool {
		return module == name || strings.HasSuffix(module, "."+name)
	})
}

// layerRule is layers_to_transform: only blocks of these numbers.
type layerRule struct {
	numbers []int
	number  []*regexp.Regexp // finds a module's block number
}

func parseLayers(raw, patterns json.RawMessage) (*layerRule, error) {
	if raw == nil || string(raw) == "null" || string(raw) == "[]" {
		return nil, nil
	}
	r := &layerRule{numbers: make([]int, 1)}
	if json.Unmarshal(raw, &r.numbers[0]) != nil && json.Unmarshal(raw, &r.numbers) != nil {
		return nil, fmt.Errorf("layers_to_transform is %s: expected a list of block numbers", compact(raw))
	}
	names := make([]string, 1)
	if patterns != nil && json.Unmarshal(patterns, &names[0]) != nil && json.Unmarshal(patterns, &names) != nil {
		return nil, fmt.Errorf("layers_pattern is %s: expected a name or a list of names", compact(patterns))
	}
	for _, name := range names {
		if name == "" {
			name = "[^.]*" // PEFT's own where none is given
		}
		pattern, err := regexp.Compile(`^.*\.` + name + `\.(\d+)\.`)
		if err != nil {
			return nil, fmt.Errorf("layers_pattern is %s: lpft cannot read this regular expression (%v)", compact(patterns), err)
		}
		r.number = append(r.number, pattern)
	}
	return r, nil
}

func (r *layerRule) names(module string) bool {
	if r == nil {
		return true
	}
	for _, pattern := range r.number {
		if found := pattern.FindStringSubmatch(module); found != nil {
			n, err := strconv.Atoi(found[1])
			return err == nil && slices.Contains(r.numbers, n)
		}
	}
	return false
}
