package proxy

import (
	"slices"
	"strings"
	"time"
)

// helped is an answer about code.
type helped struct {
	request message
	kind    string
	content object
}

// askHelper has a question about code answered aside of the queue. GoNB is left what it knows best: its own lines.
func (s *server) askHelper(m message) bool {
	q := read[struct {
		Code string `json:"code"`
		At   int    `json:"cursor_pos"`
	}](m.content)
	if help := magicAt(q.Code, q.At); help != "" && m.header.Type == "inspect_request" {
		s.status(m.rawHeader, "busy")
		s.help(helped{m, "inspect_reply", object{"status": "ok", "found": true, "data": object{"text/plain": help}, "metadata": object{}}})
		return true
	}
	if s.Code == nil || (m.header.Type == "inspect_request" && onSpecialLine(q.Code, q.At)) {
		return false
	}
	s.status(m.rawHeader, "busy")
	cells := slices.Clone(s.done)
	go func() {
		h := helped{request: m, kind: "complete_reply"}
		if m.header.Type == "inspect_request" {
			h.kind, h.content = "inspect_reply", s.Code.Inspect(cells, q.Code, q.At)
		} else {
			h.content = s.Code.Complete(cells, q.Code, q.At)
		}
		s.helped <- h
	}()
	return true
}

// help passes an answer about code on.
func (s *server) help(h helped) {
	s.reply(h.request, h.kind, h.content)
	s.idleAside(h.request)
}

// onSpecialLine says whether a place of code, in characters, is in a line of GoNB's own.
func onSpecialLine(code string, at int) bool {
	line := lineAt(code, at)
	return strings.HasPrefix(line, "%") || strings.HasPrefix(line, "!")
}

// lineAt is the line that a place of code, in characters, is in.
func lineAt(code string, at int) string {
	runes := []rune(code)
	at = min(max(at, 0), len(runes))
	before, after := string(runes[:at]), string(runes[at:])
	rest, _, _ := strings.Cut(after, "\n")
	return before[strings.LastIndexByte(before, '\n')+1:] + rest
}

// ran remembers a cell that has run well: what it declares is known from now on.
func (s *server) ran(code string) {
	if slices.ContainsFunc(strings.Split(code, "\n"), func(line string) bool { return strings.TrimSpace(line) == "%reset" }) {
		s.done = nil
	}
	s.done = append(s.done, code)
	if s.warm == notWarm {
		s.warm, s.ranAt = warming, time.Now()
	}
}

// warmth says whether the helper has been asked something, so that it answers the first question of a user soon.
type warmth int

const (
	notWarm warmth = iota
	warming        // once the cells that run let it
	isWarm
)

// quietTime is how long no cell runs before the helper is warmed: it would take the processors from those that do.
const quietTime = time.Second

// warmUp asks the helper something that nobody waits for, once, when cells have run and none does.
func (s *server) warmUp(now time.Time) {
	if s.running != nil {
		s.ranAt = now
	}
	if s.Code == nil || s.warm != warming || now.Sub(s.ranAt) < quietTime {
		return
	}
	s.warm = isWarm
	cells := slices.Clone(s.done)
	go s.Code.Complete(cells, warmQuestion, len(warmQuestion))
}

const warmQuestion = "%%\nfmt.Sprin"
