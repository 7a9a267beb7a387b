package plots

import (
	"image"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// pdfCanvas draws what gonum's PDF canvas would get wrong. Its fonts know neither bold faces nor signs
// outside Windows-1252, such as ‖ and φ: text is drawn as filled outlines. It shows images upside down.
type pdfCanvas struct{ vg.Canvas }

// DrawImage implements vg.Canvas.
func (c pdfCanvas) DrawImage(rect vg.Rectangle, img image.Image) {
	b := img.Bounds()
	flipped := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			flipped.Set(x, b.Dy()-1-y, img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	c.Canvas.DrawImage(rect, flipped)
}

// FillString implements vg.Canvas.
func (c pdfCanvas) FillString(face plotfont.Face, pt vg.Point, str string) {
	var buf sfnt.Buffer
	em := fixed.Int26_6(face.Face.UnitsPerEm())
	scale := face.Font.Size / vg.Length(em)
	at := func(p fixed.Point26_6) vg.Point { // font units grow downwards
		return vg.Point{X: pt.X + vg.Length(p.X)*scale, Y: pt.Y - vg.Length(p.Y)*scale}
	}
	previous := sfnt.GlyphIndex(0)
	for i, r := range str {
		glyph, err := face.Face.GlyphIndex(&buf, r)
		if err != nil {
			continue // a sign the font lacks leaves a gap, as it does on the other canvases
		}
		if i > 0 {
			if kern, err := face.Face.Kern(&buf, previous, glyph, em, font.HintingNone); err == nil {
				pt.X += vg.Length(kern) * scale
			}
		}
		if outline, err := face.Face.LoadGlyph(&buf, glyph, em, nil); err == nil && len(outline) > 0 {
			c.Fill(glyphPath(outline, at))
		}
		if advance, err := face.Face.GlyphAdvance(&buf, glyph, em, font.HintingNone); err == nil {
			pt.X += vg.Length(advance) * scale
		}
		previous = glyph
	}
}

func glyphPath(outline sfnt.Segments, at func(fixed.Point26_6) vg.Point) (path vg.Path) {
	for _, s := range outline {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			path.Move(at(s.Args[0]))
		case sfnt.SegmentOpLineTo:
			path.Line(at(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			path.QuadTo(at(s.Args[0]), at(s.Args[1]))
		case sfnt.SegmentOpCubeTo:
			path.CubeTo(at(s.Args[0]), at(s.Args[1]), at(s.Args[2]))
		}
	}
	return path
}
