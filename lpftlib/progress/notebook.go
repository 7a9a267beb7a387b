package progress

import (
	"fmt"
	"html"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
)

// Notebook shows each piece of work as one updating output of the cell: a bar while it runs, one small grey line
// once it is done or stopped.
func Notebook() Sink {
	return func(u Update) {
		line := html.EscapeString(u.Line(time.Now()))
		if u.Ended || u.Stopped {
			gonbui.UpdateHTML(u.ID, `<div style="font-size:80%;opacity:0.6;white-space:pre-wrap">`+line+`</div>`)
			return
		}
		percent := 0
		if u.Total > 0 {
			percent = 100 * u.Done / u.Total
		}
		gonbui.UpdateHTML(u.ID, fmt.Sprintf(`<div style="font-family:monospace;font-size:90%%;white-space:pre-wrap"><progress max="100" value="%d" style="width:12em"></progress> %s</div>`, percent, line))
	}
}
