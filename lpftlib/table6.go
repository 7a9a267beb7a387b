package lpftlib

import (
	"context"
	"fmt"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
)

// BuildTable6 is Table 6: the hyperparameters of profile paper beside the printed ones, and those
// that this profile really uses.
func BuildTable6(ctx context.Context, s *study.Session) (*Built, error) {
	full, err := study.LoadProfile("paper")
	if err != nil {
		return nil, err
	}
	theirs := report.Table{Caption: "Profile paper: batch size and learning rate of every run, LoRA's r and α.", Columns: hyperColumns}
	var same []paper.Pair
	for _, id := range full.TaskIDs() {
		row, equal, err := hyperRows(full, id, true)
		if err != nil {
			return nil, err
		}
		theirs.Rows, same = append(theirs.Rows, row...), append(same, equal...)
	}
	tables := []report.Table{theirs}
	if s.Profile.Name != full.Name {
		ids, err := s.Tasks(ctx)
		if err != nil {
			return nil, err
		}
		ours := report.Table{Caption: fmt.Sprintf("Profile %s: what this report was made with. %s", s.Profile.Name, s.Profile.About), Columns: hyperColumns}
		for _, id := range ids {
			rows, _, err := hyperRows(s.Profile, id, false)
			if err != nil {
				return nil, err
			}
			ours.Rows = append(ours.Rows, rows...)
		}
		tables = append(tables, ours)
	}
	claim := paper.Judged(paper.Check, "every hyperparameter of profile paper is the printed one", paper.Equal, same)
	return built(ctx, s, "table6", tables, nil, []paper.Claim{claim})
}

var hyperColumns = []string{"batch size", "learning rate", "LoRA r", "LoRA α"}

// hyperRows are a task's rows, and for each cell that the paper prints ours and the printed value.
func hyperRows(p *study.Profile, id string, compare bool) (rows []report.Row, equal []paper.Pair, err error) {
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
	return rows, equal, nil
}
