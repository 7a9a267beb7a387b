package proxy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
)

// importsLpftlib finds the import of the package that shows a value as its type asks for.
var importsLpftlib = regexp.MustCompile(`(?m)^\s*(?:import\s*\(?\s*)?"lpft/lpftlib"`)

// withLastValue is a cell as GoNB is given it: where its last statement is a value on its own, which Go would refuse as unused,
// the value is shown, and so is that of a call that [givesValue] knows.
func withLastValue(code string, before []string) string {
	if isOtherCell(code) {
		return code
	}
	blank, start, _ := masked(code)
	if start < 0 {
		return code
	}
	const head = "package p\nfunc main() {\n"
	file, err := parser.ParseFile(token.NewFileSet(), "", head+blank[start:]+"\n}", parser.SkipObjectResolution)
	if err != nil || len(file.Decls) == 0 {
		return code
	}
	cells := strings.Join(append(before[:len(before):len(before)], code), "\n")
	last := lastValue(file.Decls[len(file.Decls)-1], cells)
	if last == nil {
		return code
	}
	from, to := start+int(last.Pos())-1-len(head), start+int(last.End())-1-len(head)
	show := "fmt.Println("
	if importsLpftlib.MatchString(cells) {
		show = "lpftlib.Display("
	}
	return code[:from] + show + code[from:to] + ")" + code[to:]
}

// lastValue is the expression that main's last statement is, nil where it is none, or one that may stand alone and is not to be shown.
func lastValue(d ast.Decl, cells string) ast.Expr {
	f, ok := d.(*ast.FuncDecl)
	if !ok || len(f.Body.List) == 0 {
		return nil
	}
	s, ok := f.Body.List[len(f.Body.List)-1].(*ast.ExprStmt)
	if !ok {
		return nil
	}
	switch x := ast.Unparen(s.X).(type) {
	case *ast.CallExpr:
		if !givesValue(x, cells) {
			return nil
		}
	case *ast.UnaryExpr:
		if x.Op == token.ARROW {
			return nil
		}
	}
	return s.X
}
