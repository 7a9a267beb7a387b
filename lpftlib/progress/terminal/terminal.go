// Package terminal shows progress in a terminal. It is apart from package progress because a notebook's cell has none.
package terminal

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"lpft/lpftlib/progress"
)

// Sink shows a bar on a terminal, and on anything else (a log, CI) one line when work
// begins, at every tenth and when it ends.
func Sink(f *os.File) progress.Sink {
	if term.IsTerminal(int(f.Fd())) {
		return bars(f)
	}
	return lines(f)
}

// bars keeps one bar, for the work that reported last.
func bars(w io.Writer) progress.Sink {
	var bar *progressbar.ProgressBar
	current := ""
	return func(u progress.Update) {
		if u.ID != current {
			current = u.ID
			bar = progressbar.NewOptions(u.Total, progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(24),
				progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(u.Unit),
				progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true), progressbar.OptionFullWidth())
		}
		bar.Describe(u.Label + "  " + u.Note)
		_ = bar.Set(u.Done) // a bar that cannot be drawn must not stop the work
		if u.Ended || u.Stopped {
			fmt.Fprintf(w, "\r\033[K%s\n", u.Line(time.Now()))
		}
	}
}

// lines prints sparsely.
func lines(w io.Writer) progress.Sink {
	shown := map[string]int{}
	return func(u progress.Update) {
		tenth := 10
		if u.Total > 0 && !u.Ended {
			tenth = 10 * u.Done / u.Total
		}
		before, seen := shown[u.ID]
		if seen && tenth <= before && !u.Ended && !u.Stopped {
			return
		}
		shown[u.ID] = tenth
		fmt.Fprintln(w, u.Line(time.Now()))
	}
}
