package session

import (
	"encoding/json"
	"fmt"
	"os"

	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
)

// WaitUpdate shows a wait: for whom, and how far that one says that it is.
func WaitUpdate(w store.Wait) progress.Update {
	who := "another process" // which has not said who it is
	if w.PID != 0 {
		who = fmt.Sprintf("process %d", w.PID)
	}
	if host, _ := os.Hostname(); w.Host != host && w.Host != "" {
		who += " on " + w.Host
	}
	u := progress.Update{Total: 1, Unit: "steps", Started: w.Since}
	label := fmt.Sprintf("waiting for %s, which computes %s", who, w.Label)
	if err := json.Unmarshal([]byte(w.Progress), &u); err == nil && u.Label != w.Label {
		label += ", now at " + u.Label
	}
	u.ID, u.Label, u.Ended = fmt.Sprintf("wait-%s-%d", w.Label, w.Since.UnixNano()), label, w.Over
	if w.Over { // what is told then is how long it took
		u.Started = w.Since
	}
	return u
}
