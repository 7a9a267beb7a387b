package lpftlib

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"image/png"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/dataset"
	"lpft/lpftlib/head"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
)

// Display shows values as the cell's output, each in the way that its type asks for: matrices with their shape and
// first numbers, heads, probes, runs and kernels with what they are about, tables and figures as the report has them,
// a [Study] with what it runs. Texts, numbers and whatever else there is stand on one line, as fmt prints them.
// It takes what a call gives, as in Display(measure.ECE(logits, labels, 15)): an error that is nil after a value is left out.
func Display(values ...any) { gonbui.DisplayHTML(htmlOf(values...)) }

// htmlOf is values as an HTML fragment: blocks below each other, what is no block on lines between them.
func htmlOf(values ...any) string {
	var out strings.Builder
	var words []string
	flush := func() {
		if words != nil {
			out.WriteString("<div>" + html.EscapeString(strings.Join(words, " ")) + "</div>")
		}
		words = nil
	}
	if n := len(values); n > 1 && values[n-1] == nil {
		values = values[:n-1]
	}
	for _, v := range values {
		if block, ok := blockOf(v); ok {
			flush()
			out.WriteString(block)
			continue
		}
		words = append(words, wordsOf(v))
	}
	flush()
	return out.String()
}

// wordsOf is a value as text, numbers with six digits.
func wordsOf(v any) string {
	switch v := v.(type) {
	case float64, []float64, [][]float64, kernels.Spectrum:
		return fmt.Sprintf("%.6g", v)
	default:
		return fmt.Sprint(v)
	}
}

// drawn is a figure of package plots, which only cells that draw link.
type drawn interface {
	PNG() ([]byte, error)
	Alt() string
}

// labelled is a line of text with a label in bold.
type labelled struct{ label, text string }

// blockOf is a value as a block of its own, if it is one.
func blockOf(v any) (fragment string, ok bool) {
	switch v := v.(type) {
	case *Study:
		return v.html(), true
	case *Task:
		return v.html(), true
	case *Run:
		return v.html(), true
	case *mat.Dense:
		return matrixHTML("", v), true
	case *head.Head:
		return matrixHTML(fmt.Sprintf("V, ‖V‖ = %.4g", v.Norm()), v.V) + matrixHTML(fmt.Sprintf("b, ‖b‖ = %.4g", v.BiasNorm()), mat.NewDense(1, len(v.B), v.B)), true
	case *probe.Fitted:
		return probeHTML(v), true
	case *kernels.NTK:
		return ntkHTML(v), true
	case *kernels.Kernel:
		return kernelHTML("", v), true
	case []study.Measures:
		return htmlOf(Table(v, study.CS, study.Diff, study.NormC, study.TestScore)), true
	case []dataset.Example:
		return examplesHTML(v), true
	case report.Table:
		return Must(v.HTML()), true
	case drawn:
		return figureHTML(report.Figure{PNG: Must(v.PNG()), Alt: v.Alt()}), true
	case report.Figure:
		return figureHTML(v), true
	case *Item:
		return itemHTML(v), true
	case []paper.Claim:
		return Must(report.ClaimsHTML(v)), true
	case HTML:
		return string(v), true
	case labelled:
		return line(v.label, v.text), true
	case error:
		return `<div style="color:` + alarm + `">` + html.EscapeString(v.Error()) + `</div>`, true
	}
	return "", false
}

// alarm is a colour for what went wrong or needs attention, JupyterLab's own where it has one: it knows the theme.
const alarm = "var(--jp-error-color1, #b00020)"

// line is one line of plain text, with a label in bold.
func line(label, text string) string {
	return fmt.Sprintf("<div><b>%s</b>&ensp;%s</div>", html.EscapeString(label), html.EscapeString(text))
}

// itemHTML is an item as the report has it: tables, figures, and which of the paper's claims they bear out.
func itemHTML(it *Item) string {
	if missing, ok := strings.CutPrefix(it.State, "missing: "); ok {
		return line(it.Title, missing)
	}
	var out strings.Builder
	for _, t := range it.Tables {
		out.WriteString(Must(t.HTML()))
	}
	for _, f := range it.Figures {
		out.WriteString(figureHTML(f))
	}
	out.WriteString(Must(report.ClaimsHTML(it.Claims)))
	return out.String()
}

// figureHTML is a figure at half the size of its picture, so that it is sharp on every screen, on the white that its
// colours are chosen for, with its description for those who do not see it.
func figureHTML(f report.Figure) string {
	picture := Must(png.DecodeConfig(bytes.NewReader(f.PNG)))
	return fmt.Sprintf(`<figure style="margin:0.6em 0"><img src="data:image/png;base64,%s" alt="%s" style="width:%dpx;max-width:100%%;height:auto;background:#fff">`+
		`<figcaption style="max-width:60em">%s</figcaption></figure>`,
		base64.StdEncoding.EncodeToString(f.PNG), html.EscapeString(f.Alt), picture.Width/2, html.EscapeString(f.Caption))
}
