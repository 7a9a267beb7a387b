package items

import (
	"context"
	"fmt"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
)

// table6 is Table 6: the hyperparameters of profile paper beside the printed ones, and those that this
// profile really uses.
func table6() Item {
	return recipe[hyperparameters]{needs: noSteps, data: readHyperparameters, view: table6View, judge: table6Claims}.item(Item{
		ID: "table6", Covers: []string{"table6"}, Title: "Table 6: hyperparameters", Claim: "Batch size and learning rate of every method on every data set.",
		Notebook: "table06_hyperparameters.ipynb",
	})
}

// hyperparameters are the profiles that Table 6 compares.
type hyperparameters struct {
	printed *study.Profile // profile paper
	ours    *study.Profile // the session's
	tasks   []string       // of ours
}

func readHyperparameters(ctx context.Context, s *session.Session) (h hyperparameters, err error) {
	if h.printed, err = study.LoadProfile("paper"); err != nil {
		return h, err
	}
	h.ours = s.Profile
	h.tasks, err = s.Tasks(ctx)
	return h, err
}

var hyperColumns = []string{"batch size", "learning rate", "LoRA r", "LoRA α"}

func table6View(_ *Facts, h hyperparameters) (View, error) {
	theirs := report.Table{Caption: "Profile paper: batch size and learning rate of every run, LoRA's r and α.", Columns: hyperColumns}
	for _, id := range h.printed.TaskIDs() {
		rows, _ := hyperRows(h.printed, id, true)
		theirs.Rows = append(theirs.Rows, rows...)
	}
	if h.ours.Name == h.printed.Name {
		return View{Tables: []report.Table{theirs}}, nil
	}
	ours := report.Table{Caption: fmt.Sprintf("Profile %s: what this report was made with. %s", h.ours.Name, h.ours.About), Columns: hyperColumns}
	for _, id := range h.tasks {
		rows, _ := hyperRows(h.ours, id, false)
		ours.Rows = append(ours.Rows, rows...)
	}
	return View{Tables: []report.Table{theirs, ours}}, nil
}

func table6Claims(h hyperparameters) []paper.Claim {
	var same []paper.Pair
	for _, id := range h.printed.TaskIDs() {
		_, equal := hyperRows(h.printed, id, true)
		same = append(same, equal...)
	}
	return []paper.Claim{paper.Judged(paper.Check, "every hyperparameter of profile paper is the printed one", paper.Equal, same)}
}

// hyperRows are a task's rows, and for each cell that the paper prints ours and the printed value.
func hyperRows(p *study.Profile, id string, compare bool) (rows []report.Row, equal []paper.Pair) {
	for _, m := range p.Methods {
		rates, err := p.RatesOf(id, m)
		if err != nil {
			continue // no FT stage, or a method that the profile does not run on this task
		}
		row := report.Row{Dataset: id, Method: m.Title()}
		for _, c := range []struct {
			metric string
			value  float64
			text   string
		}{
			{"bs", float64(rates.Batch), fmt.Sprint(rates.Batch)}, {"lr", rates.LearningRate, fmt.Sprintf("%.0e", rates.LearningRate)},
			{"lora_r", float64(p.LoRARank), fmt.Sprint(p.LoRARank)}, {"lora_alpha", p.LoRAAlpha, fmt.Sprint(p.LoRAAlpha)},
		} {
			cell := report.Cell{Ours: c.text}
			if (c.metric == "lora_r" || c.metric == "lora_alpha") && !m.LowRank() {
				cell.Ours = "-"
			}
			if printed, ok := paper.Lookup(6, id, string(m), c.metric); ok && compare {
				j := paper.Judge(printed, paper.Measured{Mean: c.value, Seeds: 1}, paper.Setting{Model: paper.Model})
				cell.Paper, cell.Verdict, cell.Reason = printed.Text, j.Verdict, j.Reason
				equal = append(equal, paper.Pair{Name: fmt.Sprintf("%s %s %s", id, m.Title(), c.metric), A: c.value, B: printed.Mean})
			}
			row.Cells = append(row.Cells, cell)
		}
		rows = append(rows, row)
	}
	return rows, equal
}
