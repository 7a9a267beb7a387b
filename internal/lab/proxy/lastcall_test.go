package proxy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// exported are a package's exported functions and methods.
func exported(t *testing.T, dir string) (out []*ast.FuncDecl) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../../..", dir, "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.IsExported() {
				out = append(out, f)
			}
		}
	}
	return out
}

func TestShownCallsAreWhatThePackagesHave(t *testing.T) {
	var without, verbs, all []string // functions that give nothing; lpftlib's methods; those of every package with values for cells
	for _, dir := range []string{"lpftlib", "kernels", "lpftlib/measure", "plots", "lpftlib/head", "lpftlib/probe"} {
		name := path.Base(dir)
		for _, f := range exported(t, dir) {
			gives := f.Type.Results != nil
			switch {
			case f.Recv == nil && !gives && slices.Contains(shownPackages, name):
				without = append(without, name+"."+f.Name.Name)
			case f.Recv == nil:
			case !gives:
				require.NotContains(t, shownMethods, f.Name.Name, "%s: it gives nothing", dir)
			default:
				all = append(all, f.Name.Name)
				if name == "lpftlib" && !strings.HasSuffix(f.Name.Name, "Binary") {
					verbs = append(verbs, f.Name.Name)
				}
			}
		}
	}
	require.ElementsMatch(t, silent, without)
	require.Subset(t, shownMethods, verbs, "each verb of lpftlib is shown")
	require.Subset(t, all, shownMethods, "each of the list is there")
}

// A matrix's m.Mul(a, b) gives nothing, and a cell that ends with it must stay what it is.
func TestShownCallsAreNoneOfGonums(t *testing.T) {
	for _, m := range []any{&mat.Dense{}, &mat.VecDense{}, &mat.SymDense{}, &mat.TriDense{}, &mat.DiagDense{}, &mat.SVD{}, &mat.EigenSym{}, &mat.QR{}, &mat.Cholesky{}} {
		for i := range reflect.TypeOf(m).NumMethod() {
			if method := reflect.TypeOf(m).Method(i); method.Type.NumOut() == 0 {
				require.NotContains(t, shownMethods, method.Name, "%T", m)
			}
		}
	}
}
