package lab

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFollow(t *testing.T) {
	var cells []string
	onCell := func(i, n int, source string) {
		require.Equal(t, 2, n)
		cells = append(cells, source)
	}
	done, err := follow(strings.NewReader(`{"event":"cell","cell":1,"of":2,"source":"a"}
{"event":"cell","cell":2,"of":2,"source":"b"}
{"event":"done","ok":true}
`), "n.ipynb", onCell)
	require.True(t, done)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, cells)

	done, err = follow(strings.NewReader(`{"event":"error","cell":2,"kind":"error","text":"exit status 2","stderr":"panic: no such task\n\ngoroutine 1 [running]:\n"}`+"\n"+`{"event":"done","ok":false}`), "n.ipynb", nil)
	require.True(t, done)
	require.EqualError(t, err, "n.ipynb: cell [2] failed: panic: no such task")
	var cell *CellError
	require.True(t, errors.As(err, &cell))
	require.Equal(t, 2, cell.Cell)

	done, err = follow(strings.NewReader("{\"event\":\"cell\",\"cell\":1"), "n.ipynb", nil)
	require.False(t, done, "a runner that was killed")
	require.NoError(t, err)
}

func TestReason(t *testing.T) {
	for want, ev := range map[string]event{
		"panic: index out of range":          {Stderr: "2026 log\n\x1b[7m cell\x1b[0m\npanic: index out of range\n\ngoroutine 1 [running]:\nmain.main()\n\t/tmp/main.go:3 +0x1\nexit status 2\n"},
		"fatal error: out of memory":         {Stderr: "fatal error: out of memory\n\nruntime stack:\n"},
		"undefined: x":                       {Stderr: " [[ Cell [1] Line 2 ]] /tmp/x/main.go:9:2: undefined: x\n", Text: "failed to run go build: exit status 1"},
		"task cb: no such file":              {Stderr: "reading\ntask cb: no such file\nexit status 1\n", Text: "exit status 1"},
		"exit status 3":                      {Stderr: "exit status 3\n", Text: "exit status 3"},
		"no message":                         {},
		"it took longer than the time limit": {Kind: "timeout", Stderr: "x"},
		"the kernel died":                    {Kind: "dead"},
	} {
		require.Equal(t, want, reason(ev))
	}
}

func FuzzFollow(f *testing.F) {
	f.Add(`{"event":"error","stderr":"panic: x"}`)
	f.Add("not json\n{}")
	f.Fuzz(func(t *testing.T, s string) {
		_, err := follow(strings.NewReader(s), "n", nil)
		if err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Fatal("an error without words")
		}
	})
}

func TestNewRequest(t *testing.T) {
	_, err := newRequest(filepath.Join(t.TempDir(), "none.ipynb"), "out.ipynb", ExecuteOptions{})
	require.ErrorContains(t, err, "none.ipynb")
	r, err := newRequest("execute_test.go", "out.ipynb", ExecuteOptions{Timeout: 1})
	require.NoError(t, err)
	require.True(t, filepath.IsAbs(r.Notebook) && filepath.IsAbs(r.Out))
	require.Equal(t, 1, r.Timeout, "rounded up: 0 would mean none")
	require.NotNil(t, r.Metadata)
}
