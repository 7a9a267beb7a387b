package plots

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	"lpft/lpftlib/atomicfile"
)

// DefaultWidth is the width of the paper's text column.
const DefaultWidth = 5.5 * vg.Inch

// dotsPerInch makes a PNG of the default width 1210 pixels wide.
const dotsPerInch = 220

// Options are what every figure has besides its data. The zero value is a figure without title or
// footer at [DefaultWidth].
type Options struct {
	Title    string            // above the panels; wraps
	Footer   string            // provenance, small and grey below the panels; wraps
	Metadata map[string]string // provenance stored in the file: keys of 1 to 79 Latin characters
	Width    vg.Length         // 0 means DefaultWidth; the height follows from the content
	Colors   map[string]string // of curves and bars by the name in the legend, "#rrggbb"; others keep theirs
}

func (o Options) width() vg.Length {
	if o.Width == 0 {
		return DefaultWidth
	}
	return o.Width
}

// check refuses widths that leave no room for the type and metadata keys a PNG cannot hold.
func (o Options) check() error {
	if w := o.width(); w < 2*vg.Inch || w > 40*vg.Inch {
		return fmt.Errorf("plots: Options.Width is %.2f inch: expected 2 to 40", float64(w/vg.Inch))
	}
	for name, text := range o.Colors {
		if _, ok := parseColor(text); !ok {
			return fmt.Errorf("plots: Options.Colors: %q of %q is no colour: expected one like #0072b2", text, name)
		}
	}
	for k := range o.Metadata {
		if err := checkKeyword(k); err != nil {
			return err
		}
	}
	return nil
}

// Figure is a laid-out figure, ready to be written in any format any number of times.
type Figure struct {
	width, height vg.Length
	draw          func(draw.Canvas)
	title, alt    string
	metadata      map[string]string
}

// Size is the figure's width and height.
func (f *Figure) Size() (width, height vg.Length) { return f.width, f.height }

// Alt describes the figure in words, panel by panel: for the alt attribute of an image.
func (f *Figure) Alt() string { return f.alt }

// PNG is the figure at 220 dots per inch, its metadata in text chunks.
func (f *Figure) PNG() ([]byte, error) { return f.png(dotsPerInch) }

func (f *Figure) png(dpi int) ([]byte, error) {
	c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(dpi))}
	f.draw(draw.New(c))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return nil, fmt.Errorf("plots: encoding PNG: %w", err)
	}
	return addTextChunks(buf.Bytes(), f.allMetadata())
}

// SVG is the figure as vector graphics with text kept as text, its metadata in the metadata element.
func (f *Figure) SVG() ([]byte, error) {
	c := vgsvg.New(f.width, f.height)
	f.draw(draw.New(c))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return nil, fmt.Errorf("plots: encoding SVG: %w", err)
	}
	return addSVGMetadata(buf.Bytes(), f.title, f.alt, f.metadata)
}

// PDF is the figure as one PDF page. Text is drawn as outlines, so that every sign prints on every machine.
func (f *Figure) PDF() ([]byte, error) {
	c := vgpdf.New(f.width, f.height)
	f.draw(draw.NewCanvas(pdfCanvas{c}, f.width, f.height))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return nil, fmt.Errorf("plots: encoding PDF: %w", err)
	}
	return buf.Bytes(), nil
}

// Save writes base.png and base.svg, each complete or not at all, and makes the folder if needed.
func (f *Figure) Save(base string) error {
	png, err := f.PNG()
	if err != nil {
		return err
	}
	svg, err := f.SVG()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(base), 0o755); err != nil {
		return fmt.Errorf("plots: cannot make the folder for the figure: %w", err)
	}
	if err := write(base+".png", png); err != nil {
		return err
	}
	return write(base+".svg", svg)
}

// write gives a file its data, whole or not at all.
func write(path string, data []byte) error {
	err := atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err != nil {
		return fmt.Errorf("plots: cannot write %s: %w", path, err)
	}
	return nil
}
