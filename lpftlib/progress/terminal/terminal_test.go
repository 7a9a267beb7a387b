package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/progress"
)

// A log gets a line per tenth, not one per step.
func TestLinesAreSparse(t *testing.T) {
	var log bytes.Buffer
	sink := lines(&log)
	u := progress.Update{ID: "x", Label: "x", Total: 1000, Unit: "steps", Started: time.Now()}
	for i := range 1000 {
		u.Done = i
		sink(u)
	}
	u.Ended = true
	sink(u)
	require.Equal(t, 11, strings.Count(log.String(), "\n"))
}
