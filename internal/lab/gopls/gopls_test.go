package gopls

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompose(t *testing.T) {
	d := compose([]string{
		"import \"os\"\n\nvar a, b = 1, 2\n\nfunc f() int { return a }\n\n%%\nprintln(f())",
		"import (\n\t\"os\"\n\tm \"math\"\n)\n\ntype T struct{}\n\nfunc (t *T) M() {}\n\nfunc f() string { return \"new\" }",
		"%%\nbroken(",
	}, "import \"os\"\n%env A=1\nfunc (t *T) M() int { return 0 }\n%%\nf().\n")
	require.Equal(t, "package main; import m \"math\"\nimport \"os\"\n\nfunc (t *T) M() int { return 0 }\nfunc main() {\nf().\n\n}\n", d.cell)
	require.Equal(t, "package main; import \"os\"; import m \"math\"\n\nvar a, b = 1, 2\n\ntype T struct{}\n\nfunc f() string { return \"new\" }\n", d.declared)
}

func TestPlace(t *testing.T) {
	require.Equal(t, position{1, 2}, place("ab\ncd", 5))
	require.Equal(t, position{0, 3}, place("é😀x", 2), "a character beyond the first plane is two units")
	require.Equal(t, position{0, 0}, place("", 7))
}

func TestWord(t *testing.T) {
	for code, want := range map[string]int{"Println|": 6, "fmt.Pri|ntln": 7, "f(x, |": 0, "g(f(x), |": 0, "f(x)\n|": 5, "|": 0} {
		at := 0
		for i, r := range []rune(code) {
			if r == '|' {
				at = i
			}
		}
		runes := []rune(code)
		require.Equal(t, want, word(string(runes[:at])+string(runes[at+1:]), at), code)
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("import (", "%%\nx.", 3)
	f.Fuzz(func(t *testing.T, cell, code string, at int) {
		compose([]string{cell}, code)
		place(code, at)
		word(code, at)
	})
}

// A project without dependencies: gopls must be there, nothing else.
func TestAsking(t *testing.T) {
	if _, err := exec.LookPath("gopls"); err != nil {
		t.Skip("no gopls on PATH")
	}
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module project\n\ngo 1.26\n"), 0o644))
	require.NoError(t, os.Mkdir(filepath.Join(root, "p"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "p", "p.go"), []byte("package p\n\n// Hello greets.\nfunc Hello(name string) string { return name }\n"), 0o644))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := New(ctx, filepath.Join(t.TempDir(), "gopls"), root)
	cells := []string{"import \"project/p\"\n\nvar greeting = p.Hello(\"é\")"}
	code := "%%\n_ = \"é😀\"; p.Hel"
	got := s.Complete(cells, code, len([]rune(code)))
	require.Equal(t, []string{"Hello"}, got["matches"])
	require.Equal(t, len([]rune(code))-3, got["cursor_start"])
	got = s.Complete(cells, "%%\ngreet", 8)
	require.Equal(t, []string{"greeting"}, got["matches"])
	got = s.Inspect(cells, "%%\np.Hello(", 11)
	require.Equal(t, true, got["found"])
	require.Contains(t, got["data"].(object)["text/markdown"], "Hello greets.")
	require.Contains(t, s.Inspect(cells, "%%\nfmt.Println", 14)["data"].(object)["text/plain"], "standard output", "imported by nobody yet")
	require.Equal(t, false, s.Inspect(cells, "%%\n", 3)["found"])

	require.NoError(t, s.conn.Close())
	<-s.conn.Done()
	require.Equal(t, []string{"greeting"}, s.Complete(cells, "%%\ngreet", 8)["matches"], "a gopls that has ended is started again")
}

func TestWithoutGopls(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module project\n"), 0o644))
	s := New(t.Context(), t.TempDir(), root)
	require.Empty(t, s.Complete(nil, "x", 1)["matches"])
}
