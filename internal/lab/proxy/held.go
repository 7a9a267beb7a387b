package proxy

import (
	"regexp"
	"strings"
	"time"
)

// patience is how long a program's last words are held back in case it goes on.
const patience = time.Second

// exitLine is what GoNB writes to standard error when a program has failed; the error itself says it.
var exitLine = regexp.MustCompile(`^(\^C\n)?(exit status \d+|signal: [^\n]*)\n$`)

// held keeps back what a program says when it panics, so that the error can tell it once.
type held struct {
	text    strings.Builder
	since   time.Time
	exit    string
	midline bool // what went before did not end its line
}

// take receives standard error and returns what need not be held.
func (h *held) take(text string, now time.Time) (pass string) {
	if exitLine.MatchString(text) {
		h.exit += text
		return ""
	}
	if h.text.Len() > 0 {
		h.text.WriteString(text)
		return ""
	}
	at := len(text)
	for _, m := range panicStart.FindAllStringIndex(text, -1) {
		if m[0] > 0 || !h.midline {
			at = m[0]
			break
		}
	}
	if at < len(text) {
		h.text.WriteString(text[at:])
		h.since = now
	}
	if at > 0 {
		h.midline = text[at-1] != '\n'
	}
	return text[:at]
}

// late returns what was held in vain: the program goes on.
func (h *held) late(now time.Time) string {
	if h.text.Len() == 0 || now.Sub(h.since) < patience {
		return ""
	}
	return h.release()
}

func (h *held) release() string {
	text := h.text.String()
	h.text.Reset()
	return text
}
