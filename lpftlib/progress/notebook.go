package progress

import (
	"fmt"
	"html"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
)

// Notebook shows each piece of work as one updating output of the cell.
func Notebook() Sink {
	return func(u Update) {
		percent := 100
		if u.Total > 0 && !u.Ended {
			percent = 100 * u.Done / u.Total
		}
		gonbui.UpdateHTML(u.ID, fmt.Sprintf(
			`<div style="font-family:monospace;font-size:90%%"><progress max="100" value="%d" style="width:12em"></progress> %s</div>`,
			percent, html.EscapeString(u.Line(time.Now()))))
	}
}
