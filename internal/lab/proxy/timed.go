package proxy

import (
	"fmt"
	"strings"
	"time"
)

// timeMark is the line by which a cell asks for the time that it takes.
const timeMark = "%time"

// timed takes the marks out of a cell, leaving its lines where they are, and says whether there were any.
func timed(code string) (rest string, asked bool) {
	lines := strings.SplitAfter(code, "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) == timeMark {
			asked = true
			lines[i] = strings.TrimPrefix(line, timeMark)
		}
	}
	return strings.Join(lines, ""), asked
}

// tookText tells how long a cell took from its request to its last output: compiling, linking and running.
func tookText(d time.Duration) string {
	return fmt.Sprintf("took %s, compiler and linker included\n", d.Round(10*time.Millisecond))
}
