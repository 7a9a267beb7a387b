package paper

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Printed is one cell of one of the paper's tables.
type Printed struct {
	Table           int
	Dataset, Method string // empty where the table does not distinguish them
	Kernel          string // Tables 2 and 9 only; empty for ft_ratio
	Metric          string
	Mean            float64 // absolute: powers of ten and table-wide factors multiplied out; NaN for a dash
	Std             float64 // printed deviation; NaN where none is printed
	Text            string  // the digits as printed, "84.64 ± 2.40"
	Scale           float64 // factor from the printed digits to Mean: 1000 for FN in Table 2, else 1
	Unit            string  // "%" or empty
	Note            string  // what is known about this cell; mostly empty
}

// Dash tells whether the table prints a dash here: there is no number to compare with.
func (p Printed) Dash() bool { return math.IsNaN(p.Mean) }

// Value is the cell as a reader without the table's heading needs it: the printed digits, written without an
// exponent ("0.951" for "9.51e-1") where that is readable, and the heading's factor where it has one ("51.0·10³").
func (p Printed) Value() string {
	text := scientific.ReplaceAllStringFunc(p.Text, plain)
	if p.Scale == 1 || p.Dash() {
		return text
	}
	return text + "·" + PowerOfTen(int(math.Round(math.Log10(p.Scale))))
}

var scientific = regexp.MustCompile(`\d+(\.\d+)?[eE][-+]?\d+`)

// plain writes a printed number with an exponent, such as 9.51e-1, with the same digits and none.
func plain(text string) string {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	e, err := strconv.Atoi(exponent)
	if err != nil {
		return text
	}
	if e < -3 || e > 5 {
		return mantissa + "·" + PowerOfTen(e)
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	_, decimals, _ := strings.Cut(mantissa, ".")
	return strconv.FormatFloat(value, 'f', max(0, len(decimals)-e), 64)
}

// PowerOfTen writes 10⁻³ for −3.
func PowerOfTen(n int) string {
	digits := map[rune]string{'-': "⁻", '0': "⁰", '1': "¹", '2': "²", '3': "³", '4': "⁴", '5': "⁵", '6': "⁶", '7': "⁷", '8': "⁸", '9': "⁹"}
	out := "10"
	for _, r := range strconv.Itoa(n) {
		out += digits[r]
	}
	return out
}

// HasStd tells whether a deviation is printed.
func (p Printed) HasStd() bool { return !math.IsNaN(p.Std) }

// Rounding is half a unit in the last printed digit, in the units of Mean: two numbers closer than this
// print alike.
func (p Printed) Rounding() float64 {
	digits, _, _ := strings.Cut(p.Text, " ")
	mantissa, exponent, _ := strings.Cut(strings.ToLower(digits), "e")
	e := 0
	fmt.Sscanf(exponent, "%d", &e) // "" leaves 0
	if _, decimals, ok := strings.Cut(mantissa, "."); ok {
		e -= len(decimals)
	}
	return 0.5 * math.Pow10(e) * p.Scale
}

// Decimals are the digits after the point that the cell is printed with; 0 where it is printed to whole numbers or less.
func (p Printed) Decimals() int { return max(0, -int(math.Floor(math.Log10(2*p.Rounding())+0.5))) }

//go:embed printed.json
var printedJSON []byte

type cellKey struct {
	table                           int
	dataset, method, kernel, metric string
}

type index struct {
	cells map[cellKey]Printed
	rows  map[int][]Printed
}

// load reads the embedded tables once. They are part of this package and checked by its tests, so that a
// failure here is a damaged build.
var load = sync.OnceValue(func() index {
	x, err := parse(printedJSON)
	if err != nil {
		panic("paper: embedded tables: " + err.Error())
	}
	return x
})

func parse(data []byte) (index, error) {
	var doc struct {
		Columns []string
		Tables  []struct {
			Table   int
			Title   string
			Metrics map[string]struct {
				Unit  string
				Scale float64
			}
			Cells [][]any
		}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return index{}, err
	}
	x := index{map[cellKey]Printed{}, map[int][]Printed{}}
	for _, t := range doc.Tables {
		for i, cell := range t.Cells {
			p, err := parseCell(t.Table, cell)
			if err != nil {
				return index{}, fmt.Errorf("table %d, cell %d: %w", t.Table, i+1, err)
			}
			m, ok := t.Metrics[p.Metric]
			if !ok {
				return index{}, fmt.Errorf("table %d, cell %d: metric %q is not declared", t.Table, i+1, p.Metric)
			}
			p.Unit, p.Scale = m.Unit, m.Scale
			if p.Scale == 0 {
				p.Scale = 1
			}
			key := cellKey{t.Table, p.Dataset, p.Method, p.Kernel, p.Metric}
			if _, twice := x.cells[key]; twice {
				return index{}, fmt.Errorf("table %d, cell %d: %v appears twice", t.Table, i+1, key)
			}
			x.cells[key] = p
			x.rows[t.Table] = append(x.rows[t.Table], p)
		}
	}
	return x, nil
}

// parseCell reads dataset, method, kernel, metric, mean, std, printed and an optional note.
func parseCell(table int, cell []any) (Printed, error) {
	if len(cell) != 7 && len(cell) != 8 {
		return Printed{}, fmt.Errorf("has %d columns: expected 7 or 8", len(cell))
	}
	text := func(i int) string {
		s, _ := cell[i].(string)
		return s
	}
	number := func(i int) float64 {
		if v, ok := cell[i].(float64); ok {
			return v
		}
		return math.NaN()
	}
	p := Printed{Table: table, Dataset: text(0), Method: text(1), Kernel: text(2), Metric: text(3), Mean: number(4), Std: number(5), Text: text(6)}
	if len(cell) == 8 {
		p.Note = text(7)
	}
	if p.Metric == "" || p.Text == "" {
		return Printed{}, fmt.Errorf("metric %q, printed %q: expected both", p.Metric, p.Text)
	}
	return p, nil
}

// Lookup finds the printed cell of a table; ok is false where the table has no such cell. A cell that
// prints a dash is found, see [Printed.Dash]. For Tables 2 and 9 see [LookupKernel]; ft_ratio is found by both.
func Lookup(table int, dataset, method, metric string) (Printed, bool) {
	return LookupKernel(table, dataset, method, "", metric)
}

// LookupKernel finds a cell of Tables 2 and 9. P (pretrain_e) does not depend on the method: its cells are
// printed once and found for every method.
func LookupKernel(table int, dataset, method, kernel, metric string) (Printed, bool) {
	if kernel == "pretrain_e" {
		method = "pretrained"
	}
	p, ok := load().cells[cellKey{table, dataset, method, kernel, metric}]
	return p, ok
}

// Cells are all cells of a table in printed order; empty for Tables 4 and 5, which hold definitions only.
func Cells(table int) []Printed {
	return append([]Printed(nil), load().rows[table]...)
}
