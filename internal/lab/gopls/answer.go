package gopls

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// list is gopls' answer to what could stand at a place.
type list struct {
	Items []struct {
		Label string `json:"label"`
		Kind  int    `json:"kind"`
		Edit  *struct {
			Range struct{ Start, End position } `json:"range"`
			Text  string                        `json:"newText"`
		} `json:"textEdit"`
		More []struct {
			Text string `json:"newText"`
		} `json:"additionalTextEdits"` // the import that it needs
	} `json:"items"`
}

// kinds are names for gopls' kinds of completions, as front ends show them.
var kinds = map[int]string{2: "method", 3: "function", 5: "field", 6: "variable", 7: "class", 8: "interface", 9: "module", 14: "keyword", 21: "constant", 22: "struct"}

// Complete is the content of a complete_reply: what could stand at a place of code, counted in characters. cells are those that
// have run, in that order. Where nothing is known the list is empty.
func (s *Server) Complete(cells []string, code string, at int) object {
	var found list
	matches, types, start := []string{}, []object{}, at
	if err := s.ask(cells, code, at, "textDocument/completion", &found); err == nil {
		for i, item := range found.Items {
			if item.Edit == nil {
				continue
			}
			from := at - (place(code, at).Character - item.Edit.Range.Start.Character)
			if i == 0 {
				start = from
			}
			if from != start {
				continue // Jupyter knows one beginning for all
			}
			matches = append(matches, item.Edit.Text)
			types = append(types, object{"start": from, "end": at, "text": item.Edit.Text, "type": kinds[item.Kind], "signature": strings.TrimPrefix(item.Label, item.Edit.Text)})
		}
	}
	return object{"status": "ok", "matches": matches, "cursor_start": start, "cursor_end": at, "metadata": object{"_jupyter_types_experimental": types}}
}

// Inspect is the content of an inspect_reply: what the word at or before a place of code means.
func (s *Server) Inspect(cells []string, code string, at int) object {
	at = word(code, at)
	text := s.hover(cells, code, at)
	if text == "" { // the word of a package that GoNB will import by itself
		if path := s.wanted(cells, code, at); path != "" {
			text = s.hover(append(slices.Clone(cells), "import "+path), code, at)
		}
	}
	if text == "" {
		return object{"status": "ok", "found": false, "data": object{}, "metadata": object{}}
	}
	return object{"status": "ok", "found": true, "data": object{"text/markdown": text, "text/plain": text}, "metadata": object{}}
}

func (s *Server) hover(cells []string, code string, at int) string {
	var hover *struct {
		Contents struct {
			Value string `json:"value"`
		} `json:"contents"`
	}
	if err := s.ask(cells, code, at, "textDocument/hover", &hover); err != nil || hover == nil {
		return ""
	}
	return hover.Contents.Value
}

var quoted = regexp.MustCompile(`"[^"\s]+"`)

// wanted is the import, in quotes, with which the word at a place would mean something.
func (s *Server) wanted(cells []string, code string, at int) string {
	runes, end := []rune(code), at
	for end < len(runes) && isLetter(runes[end]) {
		end++
	}
	var found list
	if err := s.ask(cells, code, end, "textDocument/completion", &found); err != nil {
		return ""
	}
	for _, item := range found.Items {
		if item.Edit == nil || !strings.HasSuffix(string(runes[:end]), item.Edit.Text) {
			continue
		}
		for _, more := range item.More { // the edit comes in pieces
			if path := quoted.FindString(more.Text); path != "" {
				return path
			}
		}
	}
	return ""
}

func isLetter(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// word steps back from a place to the word that somebody means there: in "f(x, |" that is f.
func word(code string, at int) int {
	runes := []rune(code)
	at = min(max(at, 0), len(runes))
	letter := func(i int) bool { return i >= 0 && i < len(runes) && isLetter(runes[i]) }
	if letter(at) || letter(at-1) {
		if !letter(at) {
			at--
		}
		return at
	}
	open := 0
	for i := at - 1; i >= 0 && runes[i] != '\n'; i-- {
		switch {
		case runes[i] == ')':
			open++
		case runes[i] == '(' && open > 0:
			open--
		case runes[i] == '(' && letter(i-1):
			return i - 1
		}
	}
	return at
}
