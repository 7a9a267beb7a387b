package lpftlib

import (
	"fmt"
	"html"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"

	"lpft/lpftlib/study"
)

// HTML shows an HTML fragment as a cell's output.
func HTML(fragment string) { gonbui.DisplayHTML(fragment) }

// Markdown shows Markdown text as a cell's output.
func Markdown(text string) { gonbui.DisplayMarkdown(text) }

// PNG shows an image as a cell's output.
func PNG(image []byte) { gonbui.DisplayPNG(image) }

// line shows one line of plain text, with a label in bold.
func line(label, format string, args ...any) {
	HTML(fmt.Sprintf("<div><b>%s</b>&ensp;%s</div>", html.EscapeString(label), html.EscapeString(fmt.Sprintf(format, args...))))
}

// Describe shows what this study runs: profile, model, backend, tasks with their rows.
func (s *Session) Describe() {
	model := must(s.Model(s.ctx))
	be := must(s.Backend())
	tasks := must(s.Tasks(s.ctx))
	line("profile", "%s: %s", s.Profile.Name, s.Profile.About)
	line("model", "%s from %s: %d layers, h = %d", model.Checkpoint.Name, model.Checkpoint.Source, model.Config.Layers, model.Config.Hidden)
	line("backend", "%s", strings.TrimPrefix(be.Why, "backend "))
	for _, id := range tasks {
		d := must(s.Data(s.ctx, id))
		c := d.Counts()
		line("task", "%s (%s): %d training, %d validation, %d test rows, from %s", d.Task.Name, strings.Join(d.Task.Classes, ", "), c.Train, c.Val, c.Test, d.Source)
	}
	line("seeds", "%v", s.Profile.Seeds)
	for _, note := range s.Notes() {
		HTML(`<div style="color:#b00020"><b>note</b>&ensp;` + html.EscapeString(note) + `</div>`)
	}
}

// Notes are what a reader must know of a result: stand-in model, stand-in data, toy task.
func (s *Session) Notes() []string { return must(s.StudyNotes(s.ctx)) }

// ShowPretrained computes the pre-trained features of a task and says what they are.
func (s *Session) ShowPretrained(task string) {
	f := must(s.PretrainedFeatures(s.ctx, task))
	n, h := f.Splits["test"].Dims()
	line("features of "+task, "test: [%d, %d] from the pre-trained model, artefact %.12s", n, h, f.Key)
}

// ShowProbe fits the linear probe and shows κ*, its norm and the cross-validated scores.
func (s *Session) ShowProbe(task string, seed uint64) {
	head := must(s.Probe(s.ctx, task, seed))
	best := 0.0
	for _, score := range head.Scores {
		best = max(best, score)
	}
	line(fmt.Sprintf("LP %s, seed %d", task, seed), "κ* = %.4g of %d, cross-validated accuracy %.1f %%, Norm(C) = %.3f", head.Kappa, len(head.Kappas), 100*best, head.Head.Norm())
}

// ShowTraining runs the FT stage of a method and shows how it went.
func (s *Session) ShowTraining(task string, m study.Method, seed uint64) {
	t := must(s.FineTune(s.ctx, task, m, seed))
	first, last := t.Course.Points[0], t.Course.Points[len(t.Course.Points)-1]
	line(fmt.Sprintf("%s %s, seed %d", m.Title(), task, seed), "%d steps, epoch %d selected; validation loss %.3f → %.3f, Norm(C) %.3f → %.3f, Diff(F) %.2f",
		last.Step, t.Epoch, first.Loss, last.Loss, first.NormC, last.NormC, last.DiffF)
}
