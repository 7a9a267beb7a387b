package plots

import (
	"fmt"
	"image/color"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Distances on the page.
const (
	pageMargin  = vg.Length(6)
	gap         = vg.Length(5)
	columnGap   = vg.Length(11)
	rowGap      = vg.Length(9)
	tickLength  = vg.Length(2.5)
	tickGap     = vg.Length(2)
	lineWidth   = vg.Length(1.1)
	faintWidth  = vg.Length(0.6)
	glyphRadius = vg.Length(1.7)
)

// entry is one sample of the legend.
type entry struct {
	name   string
	thumb  func(c *draw.Canvas) // draws the sample into the canvas' rectangle
	small  bool                 // the sample is a point, not a line
	newRow bool                 // starts a new row
}

func (e entry) thumbWidth() vg.Length {
	if e.small {
		return 9
	}
	return 20
}

// sheet is a figure before layout: title, legend strip, a grid of panels and the footer, from top to bottom.
// All panels of a sheet have data areas of the same size, and those of a row or column are aligned.
type sheet struct {
	what   string // "Norm growth", …: begins the description
	rows   [][]*panel
	legend []entry
	ratio  float64 // height of a data area over its width
	opt    Options
}

// inRows puts panels into rows of at most three, filled evenly: 4 become 2 + 2, 5 become 3 + 2.
func inRows(panels []*panel) [][]*panel {
	rows := (len(panels) + 2) / 3
	cols := (len(panels) + rows - 1) / rows
	grid := make([][]*panel, 0, rows)
	for len(panels) > 0 {
		n := min(cols, len(panels))
		grid = append(grid, panels[:n])
		panels = panels[n:]
	}
	return grid
}

// ratioFor is a pleasant shape of the data areas for the given number of columns.
func ratioFor(cols int) float64 {
	switch cols {
	case 1:
		return 0.45
	case 2:
		return 0.72
	default:
		return 1.05
	}
}

// grid is the arrangement of the panels on the page: sizes only.
type grid struct {
	left, right    []vg.Length // of each column: room beside the data areas
	top, bottom    []vg.Length // of each row: room above and below them
	dataW, dataH   vg.Length
	totalH, innerW vg.Length
}

func (s *sheet) measure(inner vg.Length) (grid, error) {
	g := grid{innerW: inner}
	for _, row := range s.rows {
		var top, bottom vg.Length
		for j, p := range row {
			if j == len(g.left) {
				g.left, g.right = append(g.left, 0), append(g.right, 0)
			}
			g.left[j] = max(g.left[j], p.leftRoom())
			g.right[j] = max(g.right[j], p.rightRoom())
			top, bottom = max(top, p.topRoom()), max(bottom, p.bottomRoom())
		}
		g.top, g.bottom = append(g.top, top), append(g.bottom, bottom)
	}
	cols := vg.Length(len(g.left))
	free := inner - sum(g.left) - sum(g.right) - (cols-1)*columnGap
	g.dataW = free / cols
	if g.dataW < 24 {
		return g, fmt.Errorf("plots: %d panels side by side leave %.0f points for each at a width of %.1f inch: expected a larger Options.Width or shorter labels",
			len(g.left), float64(max(g.dataW, 0)), float64(s.opt.width()/vg.Inch))
	}
	g.dataH = g.dataW * vg.Length(s.ratio)
	rows := vg.Length(len(s.rows))
	g.totalH = sum(g.top) + sum(g.bottom) + rows*g.dataH + (rows-1)*rowGap
	return g, nil
}

func sum(lengths []vg.Length) (total vg.Length) {
	for _, l := range lengths {
		total += l
	}
	return total
}

// shareLabels drops an axis label that the neighbour in the row already shows.
func (s *sheet) shareLabels() {
	for _, row := range s.rows {
		for j := len(row) - 1; j > 0; j-- {
			if row[j].plot.Y.Label.Text == row[j-1].plot.Y.Label.Text {
				row[j].plot.Y.Label.Text = ""
			}
		}
		for j := range len(row) - 1 {
			a, aok := row[j].side.(*rightAxis)
			b, bok := row[j+1].side.(*rightAxis)
			if aok && bok && a.label == b.label {
				a.label = ""
			}
		}
	}
}

// figure lays the sheet out.
func (s *sheet) figure() (*Figure, error) {
	if err := s.opt.check(); err != nil {
		return nil, err
	}
	alt := s.describe()
	s.shareLabels()
	width := s.opt.width()
	inner := width - 2*pageMargin
	title := wrap(s.opt.Title, sans(titleSize, true), inner)
	footer := wrap(s.opt.Footer, sans(footerSize, false), inner)
	legend := flow(s.legend, inner)
	g, err := s.measure(inner)
	if err != nil {
		return nil, err
	}
	top := pageMargin + blockHeight(len(title), titleSize) + blockHeight(len(legend), labelSize)
	bottom := pageMargin + blockHeight(len(footer), footerSize)

	return &Figure{
		width: width, height: top + g.totalH + bottom,
		title: s.opt.Title, alt: alt, metadata: s.opt.Metadata,
		draw: func(c draw.Canvas) {
			c.FillPolygon(color.White, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}})
			y := drawTitle(c, title, c.Max.Y-pageMargin)
			drawLegend(c, legend, y)
			s.drawPanels(c, g, c.Max.Y-top)
			drawFooter(c, footer)
		},
	}, nil
}

// blockHeight is the height of lines of text and the gap after them.
func blockHeight(lines int, size float64) vg.Length {
	if lines == 0 {
		return 0
	}
	return vg.Length(lines)*lineHeight(size) + gap
}

func lineHeight(size float64) vg.Length { return vg.Length(size * 1.3) }

func (s *sheet) drawPanels(c draw.Canvas, g grid, y vg.Length) {
	for i, row := range s.rows {
		x := c.Min.X + pageMargin
		y -= g.top[i]
		for j, p := range row {
			x += g.left[j]
			p.draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: x, Y: y - g.dataH}, Max: vg.Point{X: x + g.dataW, Y: y},
			}})
			x += g.dataW + g.right[j] + columnGap
		}
		y -= g.dataH + g.bottom[i] + rowGap
	}
}

// describe is the figure in words.
func (s *sheet) describe() string {
	parts := []string{s.what}
	if s.opt.Title != "" {
		parts[0] += " (" + plainText(s.opt.Title) + ")"
	}
	for _, row := range s.rows {
		for _, p := range row {
			head := "Panel"
			if p.title != "" {
				head += " " + p.title
			}
			parts = append(parts, plainText(head+": "+p.alt))
		}
	}
	return strings.Join(parts, ". ") + "."
}

func drawTitle(c draw.Canvas, lines []string, y vg.Length) vg.Length {
	fnt := sans(titleSize, true)
	for i, line := range lines {
		base := y - vg.Length(i+1)*lineHeight(titleSize) + 3
		writeLine(c, line, fnt, inkColor, vg.Point{X: c.Center().X - handler.width(line, fnt)/2, Y: base})
	}
	return y - blockHeight(len(lines), titleSize)
}

func drawFooter(c draw.Canvas, lines []string) {
	fnt := sans(footerSize, false)
	for i, line := range lines {
		base := c.Min.Y + pageMargin + vg.Length(len(lines)-1-i)*lineHeight(footerSize) + 1
		writeLine(c, line, fnt, greyColor, vg.Point{X: c.Min.X + pageMargin, Y: base})
	}
}

// placed is a legend entry at its place in a row.
type placed struct {
	entry
	x vg.Length
}

// legendRow is one row of the legend strip.
type legendRow struct {
	items []placed
	width vg.Length
}

// flow breaks the legend into rows no wider than the page.
func flow(entries []entry, width vg.Length) []legendRow {
	const between = 12
	var rows []legendRow
	fnt := sans(labelSize, false)
	for _, e := range entries {
		w := e.thumbWidth() + 4 + handler.width(e.name, fnt)
		last := len(rows) - 1
		if last < 0 || e.newRow || rows[last].width+between+w > width {
			rows = append(rows, legendRow{})
			last++
		} else {
			rows[last].width += between
		}
		rows[last].items = append(rows[last].items, placed{e, rows[last].width})
		rows[last].width += w
	}
	return rows
}

func drawLegend(c draw.Canvas, rows []legendRow, y vg.Length) {
	fnt := sans(labelSize, false)
	for i, row := range rows {
		left := c.Center().X - row.width/2
		base := y - vg.Length(i+1)*lineHeight(labelSize) + 3
		for _, item := range row.items {
			x := left + item.x
			thumb := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: x, Y: base - 1}, Max: vg.Point{X: x + item.thumbWidth(), Y: base + labelSize*0.75},
			}}
			item.thumb(&thumb)
			writeLine(c, item.name, fnt, inkColor, vg.Point{X: x + item.thumbWidth() + 4, Y: base})
		}
	}
}

// list joins names for the description of a panel.
func list(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// axisWords describes an axis: "epochs (log)".
func axisWords(label string, log bool) string {
	if label == "" {
		label = "unlabelled axis"
	}
	if log {
		return fmt.Sprintf("%s (log)", label)
	}
	return label
}
