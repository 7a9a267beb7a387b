package proxy

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/kept"
)

func TestACellAsksForItsTime(t *testing.T) {
	j, _, _ := kernel(t, Options{})
	m := j.run("print hello\n%time")
	said := j.until(m)
	require.Contains(t, said, "execute_input: print hello\n%time", "the cell is shown as it was typed")
	require.Contains(t, strings.Join(said, "\n"), "stream: took ")
	require.Equal(t, "ok", j.reply(m)["status"])
}

// Lines of the kernel's own are taken out where they stand alone, and nowhere else.
func TestTakeMagics(t *testing.T) {
	for code, want := range map[string]struct {
		rest  string
		asked []string
	}{
		"a := `%time`\n%%\nx":           {"a := `%time`\n%%\nx", nil},
		"%vars\n%%\nx\n%time":           {"\n%%\nx\n", []string{varsLine, timeLine}},
		"%help\n":                       {"%help\n", []string{helpLine}},
		"%vars\r\nx":                    {"\r\nx", []string{varsLine}},
		"%%writefile f\n%time\n%vars\n": {"%%writefile f\n%time\n%vars\n", nil},
	} {
		rest, asked := takeMagics(code)
		require.Equal(t, want.rest, rest, code)
		require.Len(t, asked, len(want.asked), code)
		for _, line := range want.asked {
			require.True(t, asked[line], code)
		}
	}
}

// What cells have kept is listed with the cell that kept it, for people and for tools, and nothing in it is taken for HTML.
func TestVars(t *testing.T) {
	type answer struct {
		vars []kept.Var
		err  error
	}
	var now atomic.Pointer[answer]
	now.Store(&answer{})
	j, _, _ := kernel(t, Options{Vars: func() ([]kept.Var, error) { a := now.Load(); return a.vars, a.err }})
	ask := func() string {
		m := j.run("%vars")
		said := strings.Join(j.until(m), "\n")
		require.Equal(t, "ok", j.reply(m)["status"])
		return said
	}
	before := time.Now()
	require.Contains(t, ask(), "no cell has kept a value")
	require.Contains(t, ask(), "no cell has kept a value")
	now.Store(&answer{vars: []kept.Var{{Name: "<b>", Type: "map[string]float64", Shape: []int{2}, Bytes: 10, Kept: before.Add(-time.Hour)},
		{Name: "phi", Type: "*mat.Dense", Shape: []int{3, 4}, Bytes: 2000, Kept: time.Now()}}})
	said := ask()
	require.Contains(t, said, `phi   *mat.Dense          [3, 4]  2    2`, "the second cell was the last")
	require.Contains(t, said, `\u003ctd\u003e\u0026lt;b\u0026gt;\u003c/td\u003e`)
	require.NotContains(t, said, `\u003cb\u003e`+`\u003c/td`)
	now.Store(&answer{err: errors.New("no folder")})
	require.Contains(t, ask(), "stream: %vars: no folder")
}

// The kernel's own lines are explained where they stand, and by "%help".
func TestMagicsAreExplained(t *testing.T) {
	j, _, _ := kernel(t, Options{Code: nil})
	for _, m := range magics {
		q := j.send(j.shell, "inspect_request", object{"code": "x\n" + m.line + "\ny", "cursor_pos": 4})
		r := j.reply(q)
		require.Equal(t, true, r["found"])
		require.Contains(t, r["data"].(object)["text/plain"], m.help)
		j.until(q)
	}
	require.Equal(t, "b%", lineAt("a\nb%\nc", 3))
	require.Empty(t, magicAt("%vars of", 2))
	require.Contains(t, magicsText(), `- "%vars": lists what cells have kept`)
	m := j.run("%help")
	require.Contains(t, strings.Join(j.until(m), "\n"), magicsText())
	require.Equal(t, "ok", j.reply(m)["status"])
}
