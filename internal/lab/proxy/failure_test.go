package proxy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func plainText(f failure) string { return ansi.ReplaceAllString(strings.Join(f.traceback, "\n"), "") }

func TestPanickedInTwoCells(t *testing.T) {
	cells := sources{1: "func half(x []int) int {\n\treturn x[len(x)/2]\n}", 3: "%%\nfmt.Println(half(nil))"}
	f := panicked(`panic: runtime error: index out of range [0] with length 0 [recovered]

goroutine 1 gp=0xc000002380 m=0 mp=0x1 [running]:
main.half(...)
	 `+"\x1b[7m"+`[[ Cell [1] Line 2 ]]`+"\x1b[0m"+` /tmp/lpft-1/gonb_01234567/main.go:9
strings.Map(0x1)
	/usr/local/go/src/strings/strings.go:5 +0x12
main.main()
	 `+"\x1b[7m"+`[[ Cell Line 2 ]]`+"\x1b[0m"+` /tmp/lpft-1/gonb_01234567/main.go:15 +0x1d

goroutine 18 [running]:
main.other()
	 [[ Cell [1] Line 1 ]] /tmp/lpft-1/gonb_01234567/main.go:8
`, 3, cells)
	require.Equal(t, "panic", f.name)
	require.Equal(t, "runtime error: index out of range [0] with length 0 [recovered]", f.value)
	require.Equal(t, `panic: runtime error: index out of range [0] with length 0 [recovered]
cell [1], line 2, in half
    2 | 	return x[len(x)/2]
cell [3], line 2, in main
    2 | fmt.Println(half(nil))
stack:
  strings.Map(0x1)
      /usr/local/go/src/strings/strings.go:5`, plainText(f))
}

func TestFatalError(t *testing.T) {
	f := panicked("fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select (no cases)]:\nmain.main()\n\t [[ Cell [2] Line 1 ]] /x/main.go:9 +0x1\n", 2, sources{2: "select {}"})
	require.Equal(t, "fatal error", f.name)
	require.Equal(t, "all goroutines are asleep - deadlock!", f.value)
	require.Contains(t, plainText(f), "cell [2], line 1, in main\n    1 | select {}")
	f = panicked("runtime: goroutine stack exceeds 1000000000-byte limit\nfatal error: stack overflow\n\nruntime stack:\nruntime.throw()\n\ngoroutine 1 [running]:\n", 2, nil)
	require.NotContains(t, plainText(f), "runtime.throw")
}

func TestCompileErrors(t *testing.T) {
	cells := sources{2: "%%\n  x := half(nope)\n", 1: "var a = 1"}
	f := compileError("# gonb_01234567\n./main.go:12:12: undefined: nope\n./main.go:3:9: other\nexit status 1\n", []string{
		"# gonb_01234567",
		"Cell[2]: Line 2\nfunc main() {\n\tflag.Parse()\n  x := half(nope)\n           ^\n}\n\n\x1b[31mundefined: nope\x1b[0m",
		"Cell[1]: Line 1\nvar (\n\ta = 1\n        ^\n)\n\nother",
		"", ""}, 2, cells)
	require.Equal(t, "undefined: nope", f.value)
	require.Equal(t, `cell [2], line 2: undefined: nope
    2 |   x := half(nope)
      |            ^
hint: no cell that has run declares nope: run the first cell, and the cells above this one
cell [1], line 1: other
    1 | var a = 1`, plainText(f))

	f = compileError("/tmp/lpft-1/gonb_01234567/main.go:3:1: expected declaration, found fmt", []string{"Cell[2]: Line 2\nx\n^\n\nexpected declaration, found fmt"}, 2, cells)
	require.Contains(t, plainText(f), "hint: put a line with %% above statements")
	require.NotContains(t, plainText(f), "gonb_")

	f = compileError("package gonb_08d2e21c imports github.com/a/b from implicitly required module; to add missing requirements, run:\n\tgo get github.com/a/b@v0.2.0\n", nil, 2, cells)
	require.Equal(t, `the cell imports github.com/a/b from implicitly required module; to add missing requirements, run:
hint: package github.com/a/b is not in this project: check its name, or fetch it with a cell "!*go get github.com/a/b"`, plainText(f))
	f = compileError("/tmp/gonb_01234567/main.go:9:1: expected '}', found 'EOF'", []string{"expected '}', found 'EOF'"}, 2, cells)
	require.Equal(t, "cell [2]: expected '}', found 'EOF'", plainText(f))

	f = compileError("%exec requires the name of the function to execute", nil, 2, cells)
	require.Equal(t, failure{"error", "%exec requires the name of the function to execute", []string{red + "%exec requires the name of the function to execute" + plain}}, f)
	require.Equal(t, "exit status 1", compileError("exit status 1\n", nil, 2, cells).value)
}

func TestHints(t *testing.T) {
	for said, want := range map[string]string{
		"main.go:5:2: no required module provides package github.com/a/b; to add it:": "package github.com/a/b is not in this project",
		"main.go:5:2: package nonsense is not in std (/usr/local/go/src/nonsense)":    "package nonsense is not in this project",
		"main.go:5:2: undefined: params":                                              "no cell that has run declares params",
		"syntax error: non-declaration statement outside function body":               "put a line with %% above statements",
		"main.go:5:2: undefined: fmt.Printn":                                          "",
		"main.go:5:2: declared and not used: x":                                       "",
	} {
		if want == "" {
			require.Empty(t, hint(said))
			continue
		}
		require.Contains(t, hint(said), want)
	}
}
