package report

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"lpft/lpftlib/paper"
)

// private hides folders of the person who makes a report, which is made to be shown: LPFT_HOME and the home folder.
type private struct {
	folders []*regexp.Regexp
	names   []string
}

// newPrivate hides the folders that the environment names.
func newPrivate() private {
	home, _ := os.UserHomeDir() // none: nothing to hide
	return hiding(map[string]string{"$LPFT_HOME": os.Getenv("LPFT_HOME"), "~": home})
}

// hiding hides folders by names, the longest first, as one may lie in the other.
func hiding(folders map[string]string) private {
	type named struct{ name, dir string }
	var list []named
	for name, dir := range folders {
		dir = filepath.Clean(dir)
		if filepath.IsAbs(dir) && dir != filepath.Dir(dir) { // not the root, which all paths have
			list = append(list, named{name, dir})
		}
	}
	slices.SortFunc(list, func(a, b named) int { return cmp.Or(cmp.Compare(len(b.dir), len(a.dir)), cmp.Compare(a.name, b.name)) })
	var p private
	for _, n := range list {
		// Only whole names count: /root is no part of /rootless, and none of /srv/root.
		p.folders = append(p.folders, regexp.MustCompile(`(^|file://|[^A-Za-z0-9_.~/-])`+regexp.QuoteMeta(n.dir)+`([^A-Za-z0-9_.-]|$)`))
		p.names = append(p.names, strings.ReplaceAll(n.name, "$", "$$"))
	}
	return p
}

// clean is text without the folders.
func (p private) clean(text string) string {
	for i, folder := range p.folders {
		for before := ""; before != text; { // a mark that ends one path may begin the next
			before = text
			text = folder.ReplaceAllString(text, "${1}"+p.names[i]+"${2}")
		}
	}
	return text
}

// without is the report without the folders, but for the paths that files are copied from.
func (r *Report) without(p private) *Report {
	out := *r
	out.Loud = each(r.Loud, p.clean)
	out.Provenance = each(r.Provenance, p.line)
	out.Claims = each(r.Claims, func(c paper.Claim) paper.Claim { c.Explanation = p.clean(c.Explanation); return c })
	out.Items = each(r.Items, func(it Item) Item {
		it.State, it.PaperClaim = p.clean(it.State), p.clean(it.PaperClaim)
		it.Provenance = each(it.Provenance, p.line)
		it.Figures = each(it.Figures, func(f Figure) Figure { f.Alt, f.Caption = p.clean(f.Alt), p.clean(f.Caption); return f })
		it.Tables = each(it.Tables, p.table)
		return it
	})
	return &out
}

func (p private) line(kv KeyValue) KeyValue { return KeyValue{kv.Key, p.clean(kv.Value)} }

func (p private) table(t Table) Table {
	t.Caption = p.clean(t.Caption)
	t.Rows = each(t.Rows, func(r Row) Row {
		r.Dataset = p.clean(r.Dataset)
		r.Cells = each(r.Cells, func(c Cell) Cell { c.Ours, c.Reason = p.clean(c.Ours), p.clean(c.Reason); return c })
		return r
	})
	return t
}

func each[T any](list []T, f func(T) T) []T {
	out := slices.Clone(list)
	for i := range out {
		out[i] = f(out[i])
	}
	return out
}
