package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"lpft/lpftlib/atomicfile"
)

// Write makes dir/index.html, dir/tables, dir/figures and dir/notebooks. Every file is complete or absent, and
// index.html is written last: an interrupted call leaves the old page. Figures and notebooks get
// names that begin with their item's ID; an item's tables are numbered from 1.
func Write(dir string, r *Report) error {
	if err := r.check(); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("report: cannot make the folder %s: %w: choose another folder", dir, reason(err))
	}
	page, err := r.without(newPrivate()).copyFiles(dir)
	if err != nil {
		return err
	}
	html, err := render(page)
	if err != nil {
		return fmt.Errorf("report: rendering index.html: %w", err)
	}
	return writeFile(filepath.Join(dir, "index.html"), strings.NewReader(html))
}

// linked are the paths of an item's files relative to index.html.
type linked struct {
	tables   []linkedTable
	figures  []linkedFigure
	notebook string
}

type (
	linkedTable  struct{ CSV, Markdown, LaTeX string }
	linkedFigure struct{ PNG, SVG string }
)

// copyFiles writes the tables, copies what the report refers to, and returns the page's content.
func (r *Report) copyFiles(dir string) (page, error) {
	p := page{Report: r}
	if _, err := writeInto(dir, "tables", "claims.csv", strings.NewReader(claimsCSV(r.Claims))); err != nil {
		return page{}, err
	}
	for _, it := range r.Items {
		var l linked
		for i, t := range it.Tables {
			table, err := writeTable(dir, fmt.Sprintf("%s-%d", it.ID, i+1), t)
			if err != nil {
				return page{}, err
			}
			l.tables = append(l.tables, table)
		}
		for _, f := range it.Figures {
			figure, err := writeFigure(dir, it.ID, f)
			if err != nil {
				return page{}, err
			}
			l.figures = append(l.figures, figure)
		}
		notebook, err := copyInto(dir, "notebooks", it.ID, it.NotebookPath)
		if err != nil {
			return page{}, err
		}
		l.notebook = notebook
		p.links = append(p.links, l)
	}
	return p, nil
}

// copyInto copies source into dir/sub and returns the link to it, "" for no source.
func copyInto(dir, sub, id, source string) (link string, err error) {
	if source == "" {
		return "", nil
	}
	in, err := os.Open(source)
	if err != nil {
		return "", fmt.Errorf("report: item %s: cannot read %s: %w", id, source, reason(err))
	}
	defer in.Close()
	name := named(id, filepath.Base(source))
	if filepath.Ext(name) != ".ipynb" {
		return writeInto(dir, sub, name, in)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return "", fmt.Errorf("report: item %s: cannot read %s: %w", id, source, reason(err))
	}
	return writeInto(dir, sub, name, strings.NewReader(newPrivate().clean(string(text))))
}

// named is a file's name that begins with its item's ID.
func named(id, name string) string {
	if strings.HasPrefix(name, id) {
		return name
	}
	return id + "-" + name
}

// writeFigure writes a figure as dir/figures/name.png and .svg and returns the links to them.
func writeFigure(dir, id string, f Figure) (l linkedFigure, err error) {
	name := named(id, f.Name)
	if l.PNG, err = writeInto(dir, "figures", name+".png", bytes.NewReader(f.PNG)); err != nil || len(f.SVG) == 0 {
		return l, err
	}
	l.SVG, err = writeInto(dir, "figures", name+".svg", bytes.NewReader(f.SVG))
	return l, err
}

// writeTable writes a table as dir/tables/name.csv, .md and .tex and returns the links to them.
func writeTable(dir, name string, t Table) (l linkedTable, err error) {
	for _, f := range []struct {
		extension, text string
		link            *string
	}{{".csv", t.CSV(), &l.CSV}, {".md", t.Markdown(), &l.Markdown}, {".tex", t.LaTeX(), &l.LaTeX}} {
		if *f.link, err = writeInto(dir, "tables", name+f.extension, strings.NewReader(f.text)); err != nil {
			return linkedTable{}, err
		}
	}
	return l, nil
}

// writeInto writes dir/sub/name and returns the link to it.
func writeInto(dir, sub, name string, content io.Reader) (link string, err error) {
	if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
		return "", fmt.Errorf("report: cannot make the folder %s: %w", filepath.Join(dir, sub), reason(err))
	}
	return path.Join(sub, name), writeFile(filepath.Join(dir, sub, name), content)
}

// writeFile gives target the content, whole or not at all.
func writeFile(target string, content io.Reader) error {
	err := atomicfile.Write(target, func(w io.Writer) error {
		_, err := io.Copy(w, content)
		return err
	})
	if err != nil {
		return fmt.Errorf("report: cannot write %s: %w", target, reason(err))
	}
	return nil
}

// reason is the cause in a path error: the path stands in the message already.
func reason(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
