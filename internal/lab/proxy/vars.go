package proxy

import (
	"fmt"
	"html"
	"strings"
	"text/tabwriter"
	"time"

	"lpft/lpftlib/kept"
)

// begun is when a cell began.
type begun struct {
	number int
	at     time.Time
}

// keptBy is the number of the cell that ran at a time, "" for a time before all of them. One cell runs at a time.
func (s *server) keptBy(at time.Time) string {
	for i := len(s.begun) - 1; i >= 0; i-- {
		if !s.begun[i].at.After(at) {
			return fmt.Sprint(s.begun[i].number)
		}
	}
	return ""
}

// showVars publishes a table of what cells have kept, as the output of a request.
func (s *server) showVars(request message) {
	vars, err := []kept.Var(nil), error(nil)
	if s.Vars != nil {
		vars, err = s.Vars()
	}
	if err != nil {
		s.stderr(fmt.Sprintf("%s: %v\n", varsLine, err))
		return
	}
	rows := [][]string{{"name", "type", "shape", "KiB", "cell"}}
	for _, v := range vars {
		rows = append(rows, []string{v.Name, v.Type, v.ShapeText(), fmt.Sprint((v.Bytes + 1023) >> 10), s.keptBy(v.Kept)})
	}
	text, table := textTable(rows), htmlTable(rows)
	if len(vars) == 0 {
		text = `no cell has kept a value: lpftlib.Keep("name", value) does` + "\n"
		table = "<p>" + html.EscapeString(text) + "</p>"
	}
	s.publish("display_data", request.rawHeader, object{"data": object{"text/plain": text, "text/html": table}, "metadata": object{}, "transient": object{}})
}

func textTable(rows [][]string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

// htmlTable makes the first row the head.
func htmlTable(rows [][]string) string {
	var b strings.Builder
	b.WriteString("<table>")
	for i, row := range rows {
		mark := "td"
		if i == 0 {
			mark = "th"
		}
		b.WriteString("<tr>")
		for _, cell := range row {
			fmt.Fprintf(&b, "<%s>%s</%[1]s>", mark, html.EscapeString(cell))
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table>")
	return b.String()
}
