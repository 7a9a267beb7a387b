package lpftlib

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/dataset"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/report"
	"lpft/lpftlib/worker"
)

// What a cell shows of a large matrix.
const shownRows, shownColumns = 4, 6

// matrixHTML shows a matrix's shape and its first numbers.
func matrixHTML(name string, m *mat.Dense) string {
	rows, cols := m.Dims()
	var b strings.Builder
	fmt.Fprintf(&b, `<div><b>%s</b> [%d, %d]</div><table style="font-variant-numeric:tabular-nums"><tbody>`, html.EscapeString(name), rows, cols)
	for i := range min(rows, shownRows) {
		b.WriteString("<tr>")
		for j := range min(cols, shownColumns) {
			fmt.Fprintf(&b, `<td style="text-align:right">%.4f</td>`, m.At(i, j))
		}
		if cols > shownColumns {
			b.WriteString("<td>…</td>")
		}
		b.WriteString("</tr>")
	}
	if rows > shownRows {
		b.WriteString(`<tr><td style="text-align:right">⋮</td></tr>`)
	}
	b.WriteString("</tbody></table>")
	return b.String()
}

// html shows what the study runs: profile, model, backend, tasks with their rows.
func (s *Study) html() string {
	about := ask(s, worker.Describe, worker.None{})
	out := line("profile", s.Profile.Name+": "+s.Profile.About)
	for _, name := range s.overridden {
		out += line("from the environment", name+" wins over the first cell")
	}
	out += line("model", about.Model)
	out += line("backend", about.Backend)
	for _, t := range about.Tasks {
		out += s.task(t).html()
	}
	out += line("seeds", fmt.Sprint(s.Seeds))
	for _, note := range about.Notes {
		out += fmt.Sprintf(`<div style="color:%s"><b>note</b>&ensp;%s</div>`, alarm, html.EscapeString(note))
	}
	return out
}

// html shows a task's name, classes, rows and source.
func (t *Task) html() string {
	rows := t.about.Rows
	return line("task "+t.ID, fmt.Sprintf("%s (%s): %d training, %d validation, %d test rows, from %s", t.about.Name, strings.Join(t.Classes, ", "), rows.Train, rows.Val, rows.Test, t.about.Source))
}

// html shows how a run went, evaluation by evaluation.
func (r *Run) html() string {
	t := report.Table{Caption: fmt.Sprintf("%s: on the validation rows; epoch %d is kept.", r.Spec, r.Epoch),
		Columns: []string{"epoch", "step", "loss", "accuracy", "Norm(C)", "Diff(F)", "mean ‖f(x)‖"}}
	points := r.Course.Points
	step := max(1, (len(points)+9)/10) // at most ten or eleven rows
	for i, p := range points {
		if i%step != 0 && i != len(points)-1 {
			continue
		}
		row := report.Row{}
		for _, c := range []struct {
			v      float64
			digits int
		}{{p.Epoch, 1}, {float64(p.Step), 0}, {p.Loss, 3}, {p.Accuracy, 3}, {p.NormC, 3}, {p.DiffF, 3}, {p.LogitNorm, 3}} {
			row.Cells = append(row.Cells, report.Cell{Ours: report.Fixed(c.v, c.digits)})
		}
		t.Rows = append(t.Rows, row)
	}
	return Must(t.HTML())
}

// probeHTML shows a linear probe: the scores that chose κ, and the head.
func probeHTML(p *probe.Fitted) string {
	t := report.Table{Caption: fmt.Sprintf("Linear probe: κ* = %.4g, accuracy of the held-out rows %.1f %%, Norm(C) = %.4g.", p.Kappa, 100*slices.Max(append([]float64{0}, p.Scores...)), p.Head.Norm()),
		Columns: []string{"κ", "accuracy, cross-validated"}}
	for i, kappa := range p.Kappas {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{{Ours: fmt.Sprintf("%.4g", kappa)}, {Ours: fmt.Sprintf("%.3f", p.Scores[i])}}})
	}
	return Must(t.HTML()) + htmlOf(p.Head)
}

// ntkHTML shows a kernel's parts with their shapes and norms, and the shares of the parameter groups in F.
func ntkHTML(k *kernels.NTK) string {
	out := kernelHTML("P", k.P) + kernelHTML("F", k.F) + kernelHTML("Θ", k.Theta)
	var groups []*kernels.Kernel
	for _, g := range k.Groups {
		groups = append(groups, g.Train)
	}
	shares := Must(kernels.TraceShares(groups))
	t := report.Table{Caption: "Parameter groups that sum to F.", Columns: []string{"group", "share of tr(F), per cent"}}
	for i, g := range k.Groups {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{{Ours: g.Name}, {Ours: fmt.Sprintf("%.2f", 100*shares[i])}}})
	}
	return out + Must(t.HTML())
}

// kernelHTML shows a kernel's shape, its norm, and the block of its first row and column.
func kernelHTML(name string, k *kernels.Kernel) string {
	block := k.Matrix().Slice(0, k.C, 0, k.C).(*mat.Dense)
	return fmt.Sprintf("<div><b>%s</b> [%d, %d, %d, %d], ‖·‖ = %.5g; the block K(x₀, x₀):</div>", html.EscapeString(name), k.M, k.C, k.N, k.C, k.FrobeniusNorm()) + matrixHTML("", block)
}

// examplesHTML shows the first rows of a split.
func examplesHTML(examples []dataset.Example) string {
	t := report.Table{Caption: fmt.Sprintf("%d rows; the first of them.", len(examples)), Columns: []string{"text", "second text", "label"}}
	for _, e := range examples[:min(len(examples), shownRows)] {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{{Ours: clipped(e.A)}, {Ours: clipped(e.B)}, {Ours: fmt.Sprint(e.Label)}}})
	}
	return Must(t.HTML())
}

// clipped is the beginning of a text.
func clipped(text string) string {
	runes := []rune(text)
	if len(runes) <= 160 {
		return text
	}
	return string(runes[:160]) + " …"
}
