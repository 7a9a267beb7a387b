package report

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"strings"
)

// header is the row of column names, with those for data set and method where the table has them.
func (t Table) header() (names []string) {
	if t.hasDatasets() {
		names = append(names, "data set")
	}
	if t.hasMethods() {
		names = append(names, "method")
	}
	return append(names, t.Columns...)
}

// lead is the beginning of a row under [Table.header].
func (t Table) lead(r Row) (texts []string) {
	if t.hasDatasets() {
		texts = append(texts, r.Dataset)
	}
	if t.hasMethods() {
		texts = append(texts, r.Method)
	}
	return texts
}

// Markdown renders the table for a README or an issue: each cell is ours, the paper's number and the verdict.
func (t Table) Markdown() string {
	var b strings.Builder
	line := func(cells []string) {
		b.WriteString("|")
		for _, c := range cells {
			b.WriteString(" " + escapeMarkdown(c) + " |")
		}
		b.WriteString("\n")
	}
	if t.Caption != "" {
		b.WriteString(escapeMarkdown(t.Caption) + "\n\n")
	}
	names := t.header()
	line(names)
	b.WriteString("|" + strings.Repeat("---|", len(names)) + "\n")
	for _, r := range t.Rows {
		cells := t.lead(r)
		for _, c := range r.Cells {
			cells = append(cells, c.inline())
		}
		line(cells)
	}
	return b.String()
}

// inline is a cell in one line: "0.951 (paper 0.947, match)".
func (c Cell) inline() string {
	var notes []string
	if c.Paper != "" {
		notes = append(notes, "paper "+c.Paper)
	}
	if c.Verdict != "" {
		notes = append(notes, string(c.Verdict))
	}
	if len(notes) == 0 {
		return c.Ours
	}
	return c.Ours + " (" + strings.Join(notes, ", ") + ")"
}

var markdownEscapes = strings.NewReplacer("\\", "\\\\", "|", "\\|", "*", "\\*", "_", "\\_", "`", "\\`", "<", "&lt;", ">", "&gt;", "[", "\\[", "]", "\\]", "\n", " ")

func escapeMarkdown(s string) string { return markdownEscapes.Replace(s) }

// CSV renders the table for a spreadsheet. A column with anything to compare is followed by the columns
// "… paper", "… difference", "… verdict" and "… reason".
func (t Table) CSV() string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	compared := make([]bool, len(t.Columns))
	for _, r := range t.Rows {
		for i, c := range r.Cells {
			compared[i] = compared[i] || c.Paper != "" || c.Verdict != ""
		}
	}
	names := t.header()[:len(t.header())-len(t.Columns)]
	for i, name := range t.Columns {
		names = append(names, name)
		if compared[i] {
			names = append(names, name+" paper", name+" difference", name+" verdict", name+" reason")
		}
	}
	w.Write(names) // into a buffer: cannot fail
	for _, r := range t.Rows {
		cells := t.lead(r)
		for i, c := range r.Cells {
			cells = append(cells, c.Ours)
			if compared[i] {
				cells = append(cells, c.Paper, c.Difference, string(c.Verdict), c.Reason)
			}
		}
		w.Write(cells)
	}
	w.Flush()
	return b.String()
}

// LaTeX renders the table as a tabular with rules of the booktabs package, the paper's numbers in
// parentheses, the caption as a comment. Signs such as ± and κ become LaTeX's own; letters outside ASCII
// stay as they are.
func (t Table) LaTeX() string {
	var b strings.Builder
	names := t.header()
	lead := len(names) - len(t.Columns)
	line := func(cells []string) { b.WriteString(strings.Join(cells, " & ") + " \\\\\n") }
	escapeAll := func(texts []string) []string {
		out := make([]string, len(texts))
		for i, s := range texts {
			out[i] = escapeLaTeX(s)
		}
		return out
	}
	if t.Caption != "" {
		b.WriteString("% " + strings.ReplaceAll(t.Caption, "\n", " ") + "\n")
	}
	b.WriteString("\\begin{tabular}{" + strings.Repeat("l", lead) + strings.Repeat("r", len(t.Columns)) + "}\n\\toprule\n")
	line(escapeAll(names))
	b.WriteString("\\midrule\n")
	for _, r := range t.Rows {
		cells := escapeAll(t.lead(r))
		for _, c := range r.Cells {
			s := escapeLaTeX(c.Ours)
			if c.Paper != "" {
				s += " (" + escapeLaTeX(c.Paper) + ")"
			}
			cells = append(cells, s)
		}
		line(cells)
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
	return b.String()
}

// latexEscapes covers LaTeX's own characters and the signs that this project's tables use. A row that begins
// with "[" would be read as the argument of the line break before it.
var latexEscapes = strings.NewReplacer("\\", "\\textbackslash{}", "&", "\\&", "%", "\\%", "$", "\\$", "#", "\\#", "_", "\\_", "{", "\\{", "}", "\\}",
	"~", "\\textasciitilde{}", "^", "\\textasciicircum{}", "[", "{[}", "]", "{]}", "<", "$<$", ">", "$>$", "|", "$|$", "\n", " ",
	"±", "$\\pm$", "−", "$-$", "–", "--", "×", "$\\times$", "·", "$\\cdot$", "→", "$\\to$", "≤", "$\\le$", "≥", "$\\ge$", "≈", "$\\approx$",
	"‖", "$\\|$", "∂", "$\\partial$", "ℓ", "$\\ell$", "∞", "$\\infty$", "…", "\\dots{}", "²", "$^2$", "³", "$^3$", "⁻¹", "$^{-1}$", "₀", "$_0$", "′", "$'$",
	"α", "$\\alpha$", "δ", "$\\delta$", "Δ", "$\\Delta$", "ε", "$\\varepsilon$", "η", "$\\eta$", "θ", "$\\theta$", "Θ", "$\\Theta$", "κ", "$\\kappa$",
	"λ", "$\\lambda$", "ρ", "$\\rho$", "σ", "$\\sigma$", "τ", "$\\tau$", "φ", "$\\phi$")

// negative is a hyphen that is a number's sign: "-0.3", "(-1.2)", "5e-05".
var negative = regexp.MustCompile(`(^|[ (e])-(\d)`)

func escapeLaTeX(s string) string {
	return latexEscapes.Replace(negative.ReplaceAllString(s, "$1−$2"))
}
