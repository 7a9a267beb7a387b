package report

import (
	"fmt"
	"regexp"
	"time"

	"lpft/lpftlib/paper"
)

// Report is everything on the page, from top to bottom.
type Report struct {
	Title   string
	Profile string   // "demo"
	Loud    []string // what nobody may overlook: "toy task: not the paper's data"
	Ran     Ran
	Claims  []paper.Claim
	Items   []Item
	// Provenance is that of the whole run; each item has its own besides.
	Provenance []KeyValue
	Version    string // of lpft
}

// Ran says what was run, where, and for how long.
type Ran struct {
	What    string // "Table 1 and Figure 1 on CB and RTE, seed 1001"
	Machine string // "2 × Intel Xeon, 8 GiB, linux/amd64"
	Backend string // "go"
	SIMD    string // "AVX2"; empty: not known
	Started time.Time
	Took    time.Duration
	Results time.Duration // that the results shown took when they were computed; 0: not known
}

// KeyValue is one line of provenance.
type KeyValue struct{ Key, Value string }

// Item is one table or figure of the paper, or of a part of its own.
type Item struct {
	ID           string // "table1": letters, digits, - and _; unique in a report
	Title        string
	Part         string // of the page, a heading above its first item; "": the paper's own contents
	PaperClaim   string // what the paper reads from it; of an item that is not the paper's, its question
	Tables       []Table
	Figures      []Figure
	NotebookPath string // to copy; empty: none
	Provenance   []KeyValue
	Seconds      float64 // the item took to compute; 0: not known
	State        string  // "fresh", "cached", or "missing: needs …"
}

// Figure is a drawn picture.
type Figure struct {
	Name    string // of its files, without extension
	PNG     []byte // to show
	SVG     []byte // to link; empty: none
	Alt     string
	Caption string
}

// Table is a grid of cells; each row belongs to a data set and a method, by which the page can be filtered.
type Table struct {
	Caption string
	Columns []string // names of the cells' columns, without those for data set and method
	Rows    []Row
}

// AllMethods, as a row's method, is for what all methods share, as they do the kernel P: whichever
// method the page is filtered by, the row stays.
const AllMethods = "all"

// Row is one row: as many cells as the table has columns.
type Row struct {
	Dataset, Method string // either may be empty
	Cells           []Cell
}

// Cell is one of our numbers, as text, and what it is compared with.
type Cell struct {
	Ours       string
	Paper      string // as printed; empty: nothing to compare with
	Difference string // ours − paper
	Verdict    paper.Verdict
	Reason     string // of the verdict
}

// Verdicts counts the verdicts of an item's cells.
func (it Item) Verdicts() map[paper.Verdict]int {
	counts := map[paper.Verdict]int{}
	for _, t := range it.Tables {
		for _, r := range t.Rows {
			for _, c := range r.Cells {
				if c.Verdict != "" {
					counts[c.Verdict]++
				}
			}
		}
	}
	return counts
}

// hasDatasets and hasMethods tell whether a table shows those columns.
func (t Table) hasDatasets() bool { return t.any(func(r Row) bool { return r.Dataset != "" }) }
func (t Table) hasMethods() bool  { return t.any(func(r Row) bool { return r.Method != "" }) }

func (t Table) any(is func(Row) bool) bool {
	for _, r := range t.Rows {
		if is(r) {
			return true
		}
	}
	return false
}

var safeID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// check finds what cannot be rendered.
func (r *Report) check() error {
	seen := map[string]bool{}
	for i, it := range r.Items {
		if !safeID.MatchString(it.ID) {
			return fmt.Errorf("report: item %d has the ID %q: expected letters, digits, - and _", i+1, it.ID)
		}
		if seen[it.ID] {
			return fmt.Errorf("report: two items have the ID %q: expected each once", it.ID)
		}
		seen[it.ID] = true
		for _, t := range it.Tables {
			if err := t.check(); err != nil {
				return fmt.Errorf("report: item %s: %w", it.ID, err)
			}
		}
		for _, f := range it.Figures {
			if len(f.PNG) == 0 || !safeID.MatchString(f.Name) {
				return fmt.Errorf("report: item %s: figure %q has %d bytes of PNG: expected a name of letters, digits, - and _, and a picture", it.ID, f.Name, len(f.PNG))
			}
		}
	}
	return nil
}

func (t Table) check() error {
	for i, r := range t.Rows {
		if len(r.Cells) != len(t.Columns) {
			return fmt.Errorf("table %q, row %d has %d cells: expected %d, one for each column", t.Caption, i+1, len(r.Cells), len(t.Columns))
		}
	}
	return nil
}
