package gopls

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// document is a cell as gopls sees it.
type document struct {
	declared string // a file of what the cells before have declared
	cell     string // a file of the cell: one line, and then the cell's own
}

// declaration is what a cell has declared: its names and its text.
type declaration struct {
	names []string
	text  string
}

// compose puts cells together as GoNB does: an import holds for all cells, and what is declared again replaces what was.
func compose(cells []string, code string) document {
	var imports []string
	var kept []declaration
	for _, c := range append(slices.Clone(cells), code) {
		paths, declared := declarations(c)
		for _, p := range paths {
			if !slices.Contains(imports, p) {
				imports = append(imports, p)
			}
		}
		kept = slices.DeleteFunc(kept, func(old declaration) bool {
			return slices.ContainsFunc(declared, func(d declaration) bool { return shares(d, old) })
		})
		kept = append(kept, declared...)
	}
	ownImports, own := declarations(code)
	kept = kept[:len(kept)-len(own)] // those stand in the cell
	head := "package main"
	for _, p := range imports {
		if !slices.Contains(ownImports, p) {
			head += "; import " + p
		}
	}
	all := "package main"
	for _, p := range imports {
		all += "; import " + p
	}
	for _, d := range kept {
		all += "\n\n" + d.text
	}
	return document{declared: all + "\n", cell: head + "\n" + goLines(code)}
}

func shares(a, b declaration) bool {
	return slices.ContainsFunc(a.names, func(name string) bool { return slices.Contains(b.names, name) })
}

// isMain says whether a line begins the statements of a cell.
func isMain(line string) bool {
	words := strings.Fields(line)
	return len(words) > 0 && slices.Contains([]string{"%%", "%main"}, words[0])
}

// goLines is a cell as Go, line by line: GoNB's own lines are empty, and the mark of main begins the function.
func goLines(code string) string {
	lines, open := strings.Split(code, "\n"), false
	for i, line := range lines {
		switch {
		case isMain(line) && !open:
			lines[i], open = "func main() {", true
		case strings.HasPrefix(line, "%"), strings.HasPrefix(line, "!"):
			lines[i] = ""
		}
	}
	if open {
		lines = append(lines, "}")
	}
	return strings.Join(lines, "\n") + "\n"
}

// declarations reads what a cell imports and declares, as far as it can be read.
func declarations(code string) (imports []string, declared []declaration) {
	text := code
	for line := range strings.Lines(code) {
		if isMain(line) {
			text, _, _ = strings.Cut(code, line)
			break
		}
	}
	text = "package main\n" + goLines(text)
	files := token.NewFileSet()
	f, _ := parser.ParseFile(files, "", text, parser.SkipObjectResolution|parser.ParseComments)
	if f == nil {
		return nil, nil
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if ok && g.Tok == token.IMPORT {
			for _, spec := range g.Specs {
				imports = append(imports, importText(spec.(*ast.ImportSpec)))
			}
			continue
		}
		if names := names(d); len(names) > 0 {
			declared = append(declared, declaration{names, text[files.Position(d.Pos()).Offset:min(files.Position(d.End()).Offset, len(text))]})
		}
	}
	return imports, declared
}

func importText(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name + " " + spec.Path.Value
	}
	if _, err := strconv.Unquote(spec.Path.Value); err != nil {
		return `""`
	}
	return spec.Path.Value
}

// names are what a declaration declares; a method goes by its type too.
func names(d ast.Decl) (out []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil && len(d.Recv.List) > 0 {
			name = fmt.Sprint(receiver(d.Recv.List[0].Type), ".", name)
		}
		return []string{name}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				out = append(out, s.Name.Name)
			case *ast.ValueSpec:
				for _, name := range s.Names {
					out = append(out, name.Name)
				}
			}
		}
	}
	return out
}

func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// place turns a number of characters into a line and UTF-16 units.
func place(code string, at int) position {
	runes := []rune(code)
	before := string(runes[:min(max(at, 0), len(runes))])
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return position{Line: strings.Count(before, "\n"), Character: len(utf16.Encode([]rune(line)))}
}
