package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lpft/internal/plainfile"
	"lpft/lpftlib/paper"
)

// Comparison is what [Compare] found.
type Comparison struct {
	Equal, Within int          // numbers that are the same as printed, and those within the tolerance
	Differences   []Difference // the others, and texts, rows and tables that are not the same
}

// Difference is one thing that two reports do not share.
type Difference struct {
	Where     string // table, row and column
	A, B      string // as printed; "" where one has no such cell
	By        float64
	Tolerance float64 // NaN, as By, where these are no numbers
}

// Compare reads the tables and claims of two reports, folders that [Write] made, and compares every number. Numbers may
// differ by tolerance times the larger, and by one unit of the last digit printed, which rounding alone can bring.
func Compare(a, b string, tolerance float64) (*Comparison, error) {
	left, err := readTables(a)
	if err != nil {
		return nil, err
	}
	right, err := readTables(b)
	if err != nil {
		return nil, err
	}
	c := &comparing{tolerance: tolerance}
	for _, name := range union(left, right) {
		c.tables(name, left[name], right[name])
	}
	return &c.found, nil
}

// cells are a table's cells by row and column.
type cells map[string]map[string]string

func readTables(dir string) (map[string]cells, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "tables", "*.csv"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		if _, err := os.Stat(filepath.Join(dir, "index.html")); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s holds no report: expected index.html and tables", dir)
		}
	}
	tables := map[string]cells{}
	for _, path := range paths {
		data, err := plainfile.Read(path, plainfile.Text)
		if err != nil {
			return nil, err
		}
		rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if len(rows) > 0 {
			tables[strings.TrimSuffix(filepath.Base(path), ".csv")] = cellsOf(rows)
		}
	}
	return tables, nil
}

// naming are the columns that name a row.
var naming = []string{"data set", "method", "claim"}

// derived are columns that follow from others.
var derived = []string{" paper", " difference", " reason"}

// cellsOf names rows by their naming columns, and those of one name by their number.
func cellsOf(rows [][]string) cells {
	out, seen := cells{}, map[string]int{}
	for _, row := range rows[1:] {
		var name []string
		values := map[string]string{}
		for i, column := range rows[0] {
			switch {
			case slices.Contains(naming, column):
				name = append(name, row[i])
			case !slices.ContainsFunc(derived, func(end string) bool { return strings.HasSuffix(column, end) }):
				values[column] = row[i]
			}
		}
		key := strings.Join(name, ", ")
		if seen[key]++; seen[key] > 1 || key == "" {
			key = fmt.Sprintf("%s row %d", key, seen[key])
		}
		out[strings.TrimSpace(key)] = values
	}
	return out
}

// comparing is a comparison under way.
type comparing struct {
	tolerance float64
	found     Comparison
}

func (c *comparing) differs(where, a, b string, by, tolerance float64) {
	c.found.Differences = append(c.found.Differences, Difference{where, a, b, by, tolerance})
}

func (c *comparing) tables(name string, a, b cells) {
	if a == nil || b == nil {
		c.differs(name, present(a != nil), present(b != nil), math.NaN(), math.NaN())
		return
	}
	for _, row := range union(a, b) {
		where := name + ": " + row
		if a[row] == nil || b[row] == nil {
			c.differs(where, present(a[row] != nil), present(b[row] != nil), math.NaN(), math.NaN())
			continue
		}
		for _, column := range union(a[row], b[row]) {
			c.texts(where+", "+column, a[row][column], b[row][column])
		}
	}
}

func present(there bool) string {
	if there {
		return "there"
	}
	return ""
}

// printedNumber is a number as tables print it.
var printedNumber = regexp.MustCompile(`[-+−]?\d+(\.\d+)?([eE][-+]?\d+)?`)

// texts compares two cells: their numbers one by one, and what stands between them.
func (c *comparing) texts(where, a, b string) {
	left, right := printedNumber.FindAllString(a, -1), printedNumber.FindAllString(b, -1)
	if len(left) != len(right) || printedNumber.ReplaceAllString(a, "#") != printedNumber.ReplaceAllString(b, "#") {
		c.differs(where, a, b, math.NaN(), math.NaN())
		return
	}
	beyond, allowed := 0.0, 0.0
	for i := range left {
		x, y := parse(left[i]), parse(right[i])
		by := math.Abs(x - y)
		within := c.tolerance*math.Max(math.Abs(x), math.Abs(y)) + math.Max(unit(left[i]), unit(right[i]))
		switch {
		case left[i] == right[i]:
			c.found.Equal++
		case by <= within*(1+1e-9):
			c.found.Within++
		case by-within > beyond:
			beyond, allowed = by, within
		}
	}
	if beyond > 0 {
		c.differs(where, a, b, beyond, allowed)
	}
}

func parse(text string) float64 {
	v, err := strconv.ParseFloat(strings.Replace(text, "−", "-", 1), 64)
	if err != nil {
		return math.NaN() // the pattern matches numbers only, some beyond float64
	}
	return v
}

// unit is what one step of a number's last digit is worth.
func unit(text string) float64 {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	power, _ := strconv.Atoi(exponent) // none: 0
	_, digits, _ := strings.Cut(mantissa, ".")
	return math.Pow(10, float64(power-len(digits)))
}

// union are the keys of two maps, sorted.
func union[V any](a, b map[string]V) []string {
	var keys []string
	for _, m := range []map[string]V{a, b} {
		for key := range m {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// claimsCSV is the claims as a table, for [Compare] and for spreadsheets.
func claimsCSV(claims []paper.Claim) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"claim", "statistic", "threshold", "n", "outcome"}) // into a buffer: cannot fail
	for _, c := range claims {
		w.Write([]string{strings.TrimSpace(c.ID + " " + c.Text), fmt.Sprintf("%.4g", c.Statistic), fmt.Sprintf("%.4g", c.Threshold), strconv.Itoa(c.N), string(c.Outcome)})
	}
	w.Flush()
	return b.String()
}
