package plots

import (
	"bytes"
	"encoding/xml"
	"flag"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
)

var regen = flag.Bool("regen", false, "write the golden images in testdata anew")

var footer = "profile demo · model stand-in · seeds 1001, 2002, 3003 · backend go · commit 0123456 · " +
	"data: the built-in toy task, not the paper's data"

// iterations and epochs are invented curves with the shapes of the real ones.
func lpPanel() CurvePanel {
	it := []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000}
	var train, val, norm []float64
	for _, k := range it {
		train = append(train, 50+48*(1-math.Exp(-k/200)))
		val = append(val, 50+10*(1-math.Exp(-k/60)))
		norm = append(norm, 0.3*math.Pow(k, 0.55))
	}
	return CurvePanel{
		Title: "(a) LP", XLabel: "iterations", LogX: true,
		YLabel: "accuracy (%)", Left: []Series{{Name: "train", X: it, Y: train}, {Name: "validation", X: it, Y: val}},
		RightLabel: "‖V‖_{F}", Right: []Series{{Name: "‖V‖_{F}", X: it, Y: norm}},
	}
}

func lossPanel() CurvePanel {
	var ep, loss, faint, bias, logits []float64
	for k := 0.0; k <= 10; k++ {
		ep = append(ep, k)
		loss = append(loss, 0.7*math.Exp(-k/4))
		faint = append(faint, 0.72*math.Exp(-k/5))
		bias = append(bias, 0.01*k)
		logits = append(logits, 0.8+0.1*k)
	}
	return CurvePanel{
		Title: "(b) FT", XLabel: "epochs",
		YLabel: "loss", Left: []Series{{Name: "loss", X: ep, Y: loss}, {Name: "loss", X: ep, Y: faint, Faint: true}},
		RightLabel: "norm", Right: []Series{{Name: "‖b‖", X: ep, Y: bias}, {Name: "mean ‖f(x)‖", X: ep, Y: logits}},
	}
}

func someBars() []Bar {
	return []Bar{{"pretrained", 0.776, 0}, {"FT", 0.795, 0}, {"LoRA", 1.9, 0.3}, {"LP", 31, 2}, {"LP-FT", 31, 0}, {"LP-LoRA", 31.2, 0}}
}

// barFigure is a figure of bars alone.
func barFigure(bars []Bar, o Options) (*Figure, error) {
	return NormGrowth([]CurvePanel{{Title: "after training", Bars: bars}}, o)
}

func sweepPanels() []SweepPanel {
	norms := []float64{0.1, 0.5, 1, 2, 5, 10, 50, 100}
	make := func(name string, a, b, unscaled float64) SweepCurve {
		k := SweepCurve{Name: name, Norms: norms, Unscaled: unscaled}
		for _, x := range norms {
			k.Mean = append(k.Mean, a-b*math.Log(x+0.3))
			k.Spread = append(k.Spread, 0.3+0.1*b)
		}
		return k
	}
	curves := []SweepCurve{make("FT", 14, 2, 0.95), make("LP-FT", 12, 2.1, 24)}
	return []SweepPanel{{"(a) CB", curves}, {"(b) RTE", curves}}
}

func spectraPanels() []SpectraPanel {
	make := func(name string, rate float64) Spectrum {
		s := Spectrum{Name: name}
		for i := range 144 {
			s.Values = append(s.Values, math.Exp(-rate*math.Sqrt(float64(i))))
		}
		return s
	}
	return []SpectraPanel{{"CB", []Spectrum{make("P", 3), make("F, FT", 0.8), make("F, LoRA", 0.9), make("F, LP-FT", 0.6), make("F, LP-LoRA", 0.65)}}}
}

func heatMaps() [][]HeatMap {
	rng := rand.New(rand.NewSource(1))
	make := func(title string, scale float64, groups ...ClassGroup) HeatMap {
		h := HeatMap{Title: title, Groups: groups}
		var class []int
		for c, g := range groups {
			for range g.Count {
				class = append(class, c)
			}
		}
		for i := range class {
			row := []float64{}
			for j := range class {
				v := 0.2 + 0.1*rng.Float64()
				if class[i] == class[j] {
					v += 0.2
				}
				if i == j {
					v += 0.6
				}
				row = append(row, v*scale)
			}
			h.Values = append(h.Values, row)
		}
		return h
	}
	cb := []ClassGroup{{"entailment", 11}, {"contradiction", 12}, {"neutral", 2}}
	rte := []ClassGroup{{"entailment", 13}, {"not_entailment", 12}}
	return [][]HeatMap{
		{make("CB: P", 130, cb...), make("CB: F, FT", 1e4, cb...), make("CB: F, LP-FT", 2.3e6, cb...)},
		{make("RTE: P", 130, rte...), make("RTE: F, FT", 1e4, rte...), make("RTE: F, LP-FT", 3e6, rte...)},
	}
}

func tsnePanels() []TSNEPanel {
	rng := rand.New(rand.NewSource(2))
	var pts []TSNEPoint
	for range 60 {
		c := rng.Intn(3)
		pts = append(pts,
			TSNEPoint{X: rng.NormFloat64() * 6, Y: rng.NormFloat64() * 6, Class: c},
			TSNEPoint{X: rng.NormFloat64()*3 + float64(c)*15 - 10, Y: rng.NormFloat64()*3 + float64(c*c)*9 - 20, Class: c, After: true})
	}
	for c := range 3 {
		pts = append(pts, TSNEPoint{X: float64(c) * 5, Y: 20, Class: c, Row: true}, TSNEPoint{X: float64(c)*5 + 1, Y: 22, Class: c, Row: true, After: true})
	}
	return []TSNEPanel{{"(a) FT", pts}, {"(b) LP-FT", pts}}
}

var classNames = []string{"entailment", "contradiction", "neutral"}

// figures draws one example of every kind.
var figures = map[string]func(Options) (*Figure, error){
	"normgrowth": func(o Options) (*Figure, error) {
		return NormGrowth([]CurvePanel{lpPanel(), lossPanel(), {Title: "(c) after training", Bars: someBars()}}, o)
	},
	"normsweep": func(o Options) (*Figure, error) { return NormSweep(sweepPanels(), o) },
	"spectra":   func(o Options) (*Figure, error) { return Spectra(spectraPanels(), o) },
	"heatmaps":  func(o Options) (*Figure, error) { return HeatMaps(heatMaps(), o) },
	"tsne":      func(o Options) (*Figure, error) { return TSNE(tsnePanels(), classNames, o) },
}

// TestGolden compares every figure with its stored image, pixel by pixel with a tolerance. After a wanted
// change: go test ./plots -run Golden -regen, then look at the images.
func TestGolden(t *testing.T) {
	for name, draw := range figures {
		t.Run(name, func(t *testing.T) {
			fig, err := draw(Options{Title: "Golden image of " + name, Footer: footer})
			require.NoError(t, err)
			got, err := fig.png(100)
			require.NoError(t, err)
			path := filepath.Join("testdata", name+"_golden.png")
			if *regen {
				require.NoError(t, os.WriteFile(path, got, 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			share := differing(t, got, want)
			require.Less(t, share, 0.005, "share of differing pixels")
		})
	}
}

// differing is the share of pixels that differ by more than 40 of 255 in a channel; 1 for other sizes.
func differing(t *testing.T, a, b []byte) float64 {
	t.Helper()
	decode := func(data []byte) image.Image {
		img, err := png.Decode(bytes.NewReader(data))
		require.NoError(t, err)
		return img
	}
	x, y := decode(a), decode(b)
	if x.Bounds() != y.Bounds() {
		return 1
	}
	r, n := x.Bounds(), 0
	for j := r.Min.Y; j < r.Max.Y; j++ {
		for i := r.Min.X; i < r.Max.X; i++ {
			r1, g1, b1, _ := x.At(i, j).RGBA()
			r2, g2, b2, _ := y.At(i, j).RGBA()
			if far(r1, r2) || far(g1, g2) || far(b1, b2) {
				n++
			}
		}
	}
	return float64(n) / float64(r.Dx()*r.Dy())
}

func far(a, b uint32) bool { return math.Abs(float64(a)-float64(b)) > 40*257 }

// TestComparator makes sure that the golden test can fail.
func TestComparator(t *testing.T) {
	a, err := barFigure(someBars(), Options{})
	require.NoError(t, err)
	bars := someBars()
	bars[1].Value = 3
	b, err := barFigure(bars, Options{})
	require.NoError(t, err)
	pa, _ := a.png(60)
	pb, _ := b.png(60)
	require.Zero(t, differing(t, pa, pa))
	require.Greater(t, differing(t, pa, pb), 0.005)
}

// texts are the contents of all text elements of a figure's SVG, which must be well formed.
func texts(t *testing.T, fig *Figure) []string {
	t.Helper()
	data, err := fig.SVG()
	require.NoError(t, err)
	var out []string
	dec := xml.NewDecoder(bytes.NewReader(data))
	inside := false
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		switch tok := tok.(type) {
		case xml.StartElement:
			inside = tok.Name.Local == "text"
		case xml.CharData:
			if inside {
				out = append(out, string(tok))
			}
		case xml.EndElement:
			inside = false
		}
	}
}

func TestStructure(t *testing.T) {
	want := map[string][]string{
		"normgrowth": {"train", "validation", "loss", "‖b‖", "iterations", "epochs", "accuracy (%)", "‖V‖", "F", "pretrained", "LP-LoRA", "0.776", "31.2", "(c) after training"},
		"normbars":   {"FT", "LoRA", "0.795", " after training"},
		"normsweep":  {"FT", "LP-FT", "mean ± spread", "unscaled norm", "Diff(F)", "0.1", "100", "(b) RTE"},
		"spectra":    {"P", "F, LP-LoRA", "index", "normalised singular value", "10", "−8"},
		"heatmaps":   {"CB: F, FT", "contradiction", "not_entailment", "10000", "2·10"},
		"tsne":       {"entailment", "neutral", "feature before", "row of V after", "(b) LP-FT"},
	}
	for name, draw := range figures {
		fig, err := draw(Options{Footer: footer})
		require.NoError(t, err)
		require.Subset(t, texts(t, fig), want[name], name)
		require.Contains(t, strings.Join(texts(t, fig), " "), "the built-in toy task", name)
	}
}

func TestAlt(t *testing.T) {
	fig, err := figures["normgrowth"](Options{Title: "Figure 1"})
	require.NoError(t, err)
	require.Equal(t, "Norm growth during training (Figure 1). "+
		"Panel (a) LP: accuracy (%) against iterations (log), right axis ‖V‖_F; curves train, validation, ‖V‖_F. "+
		"Panel (b) FT: loss against epochs, right axis norm; curves loss, ‖b‖, mean ‖f(x)‖. "+
		"Panel (c) after training: bars of ‖V‖_F after training (log): pretrained 0.776, FT 0.795, LoRA 1.90, LP 31.0, LP-FT 31.0, LP-LoRA 31.2.", fig.Alt())
}

// Bands, dashed lines and class separators have no text: they are counted as shapes.
func TestBandsAndLines(t *testing.T) {
	count := func(panels []SweepPanel, what string) int {
		fig, err := NormSweep(panels, Options{})
		require.NoError(t, err)
		data, err := fig.SVG()
		require.NoError(t, err)
		return bytes.Count(data, []byte(what))
	}
	with, without := sweepPanels(), sweepPanels()
	for i := range without {
		for j := range without[i].Curves {
			without[i].Curves[j].Spread, without[i].Curves[j].Unscaled = nil, 0
		}
	}
	require.Equal(t, 4+1, count(with, "fill-opacity")) // two bands a panel and the legend's
	require.Zero(t, count(without, "fill-opacity"))
	require.Equal(t, 4, count(with, "stroke-dasharray:3,2"))
	require.Zero(t, count(without, "stroke-dasharray:3,2"))
}

func TestMethodLooks(t *testing.T) {
	a, ok := methodMark("LP-FT")
	require.True(t, ok)
	b, _ := methodMark("lpft")
	c, _ := methodMark("F, LP-FT")
	require.Equal(t, a, b)
	require.Equal(t, a, c)
	ft, _ := methodMark("FT")
	require.NotEqual(t, a, ft)
	_, ok = methodMark("train")
	require.False(t, ok)

	looks := newMarker(nil)
	train, val, norm := looks.of("train", false), looks.of("validation", false), looks.of("norm", true)
	require.Equal(t, train, looks.of("train", false))
	for _, pair := range [][2]mark{{train, val}, {train, norm}, {val, norm}} {
		require.NotEqual(t, pair[0].color, pair[1].color)
		require.NotEqual(t, pair[0].dash, pair[1].dash)
		require.NotEqual(t, pair[0].glyph, pair[1].glyph)
	}
}

// A reader's colours win, by the name in the legend; what is not named keeps its look.
func TestChosenColors(t *testing.T) {
	looks := newMarker(map[string]string{"LP-FT": "#0a0b0c"})
	require.Equal(t, color.NRGBA{10, 11, 12, 255}, looks.of("LP-FT", false).color)
	ft, _ := methodMark("FT")
	require.Equal(t, ft.color, looks.of("FT", false).color)

	plain, err := NormGrowth([]CurvePanel{lpPanel(), {Title: "(b)", Bars: someBars()}}, Options{})
	require.NoError(t, err)
	chosen, err := NormGrowth([]CurvePanel{lpPanel(), {Title: "(b)", Bars: someBars()}}, Options{Colors: map[string]string{"LP-FT": "#ff00ff", "train": "#ff00ff"}})
	require.NoError(t, err)
	count := func(f *Figure) (n int) {
		svg, err := f.SVG()
		require.NoError(t, err)
		return strings.Count(strings.ToLower(string(svg)), "#ff00ff")
	}
	require.Zero(t, count(plain))
	require.Greater(t, count(chosen), 2) // the bar, the curve and its sample in the legend
}

func TestRefusals(t *testing.T) {
	nan := math.NaN()
	one := []float64{1}
	left := func(x, y []float64) []CurvePanel {
		return []CurvePanel{{Title: "(a)", Left: []Series{{Name: "train", X: x, Y: y}}}}
	}
	cases := map[string]struct {
		draw func() (*Figure, error)
		want string
	}{
		"no colour": {func() (*Figure, error) {
			return NormGrowth([]CurvePanel{lpPanel()}, Options{Colors: map[string]string{"train": "blue"}})
		}, `"blue" of "train" is no colour`},
		"no panels": {func() (*Figure, error) { return NormGrowth(nil, Options{}) }, "no panels"},
		"no series": {func() (*Figure, error) { return NormGrowth([]CurvePanel{{}}, Options{}) }, "panel 1 has no series"},
		"empty":     {func() (*Figure, error) { return NormGrowth(left(nil, nil), Options{}) }, `panel "(a)", series "train" holds no points`},
		"ragged":    {func() (*Figure, error) { return NormGrowth(left([]float64{1, 2}, one), Options{}) }, "2 x values and 1 y values"},
		"NaN":       {func() (*Figure, error) { return NormGrowth(left(one, []float64{nan}), Options{}) }, "y[0] is NaN"},
		"infinite":  {func() (*Figure, error) { return NormGrowth(left([]float64{math.Inf(1)}, one), Options{}) }, "x[0] is +Inf"},
		"epoch 0 on log": {func() (*Figure, error) {
			p := lpPanel()
			p.Left[0].X[0] = 0
			return NormGrowth([]CurvePanel{p}, Options{})
		}, "logarithmic axis needs positive"},
		"curves and bars": {func() (*Figure, error) {
			p := lpPanel()
			p.Bars = someBars()
			return NormGrowth([]CurvePanel{p}, Options{})
		},
			"both curves and bars"},
		"no bars":      {func() (*Figure, error) { return barFigure(nil, Options{}) }, "or bars"},
		"zero bar":     {func() (*Figure, error) { return barFigure([]Bar{{"FT", 0, 0}}, Options{}) }, "positive"},
		"negative std": {func() (*Figure, error) { return barFigure([]Bar{{"FT", 1, -1}}, Options{}) }, "expected 0 or more"},
		"sweep unsorted": {func() (*Figure, error) {
			p := sweepPanels()
			p[0].Curves[0].Norms[0] = 7
			return NormSweep(p, Options{})
		}, "increasing"},
		"sweep spread": {func() (*Figure, error) {
			p := sweepPanels()
			p[1].Curves[1].Spread = one
			return NormSweep(p, Options{})
		}, "8 means and 1 spreads"},
		"sweep unscaled": {func() (*Figure, error) {
			p := sweepPanels()
			p[1].Curves[1].Unscaled = -1
			return NormSweep(p, Options{})
		}, "unscaled norm"},
		"spectrum first": {func() (*Figure, error) {
			return Spectra([]SpectraPanel{{"CB", []Spectrum{{"P", []float64{2, 1}}}}}, Options{})
		}, "expected 1"},
		"spectrum rising": {func() (*Figure, error) {
			return Spectra([]SpectraPanel{{"CB", []Spectrum{{"P", []float64{1, .2, .3}}}}}, Options{})
		}, "falling order"},
		"map ragged": {func() (*Figure, error) { m := heatMaps(); m[0][0].Values[3] = one; return HeatMaps(m, Options{}) }, "row 3 has 1 values"},
		"map NaN":    {func() (*Figure, error) { m := heatMaps(); m[0][1].Values[3][2] = nan; return HeatMaps(m, Options{}) }, "[3][2] is NaN"},
		"map groups": {func() (*Figure, error) {
			m := heatMaps()
			m[0][1].Groups = m[0][1].Groups[:1]
			return HeatMaps(m, Options{})
		}, "classes hold 11 samples and the map 25"},
		"map none": {func() (*Figure, error) { return HeatMaps(nil, Options{}) }, "no maps"},
		"tsne class": {func() (*Figure, error) {
			p := tsnePanels()
			p[0].Points[0].Class = 3
			return TSNE(p, classNames, Options{})
		}, "class 3"},
		"tsne no classes": {func() (*Figure, error) { return TSNE(tsnePanels(), nil, Options{}) }, "0 class names"},
		"narrow":          {func() (*Figure, error) { return barFigure(someBars(), Options{Width: vg.Inch}) }, "expected 2 to 40"},
		"too many columns": {func() (*Figure, error) {
			m := heatMaps()[0]
			return HeatMaps([][]HeatMap{append(append(m, m...), m...)}, Options{})
		}, "side by side"},
		"metadata key": {func() (*Figure, error) { return barFigure(someBars(), Options{Metadata: map[string]string{"κ": "1"}}) }, "metadata key"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			fig, err := c.draw()
			require.Nil(t, fig)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// A bar of one seed has no whisker, and one of 0 none to see; what is no deviation is refused.
func TestBarsWithoutDeviation(t *testing.T) {
	require.NoError(t, checkBars("a", []Bar{{"LP", 1, math.NaN()}, {"FT", 2, 0}, {"LoRA", 2, 0.5}}))
	require.ErrorContains(t, checkBars("a", []Bar{{"LP", 1, -1}}), "std[0] is -1: expected 0 or more, or NaN for none")
	require.ErrorContains(t, checkBars("a", []Bar{{"LP", 1, math.Inf(1)}}), "std[0] is +Inf")
	draw := func(std float64) []byte {
		f, err := NormGrowth([]CurvePanel{{Title: "after training", YLabel: "‖V‖", Bars: []Bar{{"LP", 3, std}, {"FT", 0.7, std}}}}, Options{})
		require.NoError(t, err)
		png, err := f.PNG()
		require.NoError(t, err)
		return png
	}
	require.Equal(t, draw(0), draw(math.NaN()))
	require.NotEqual(t, draw(0), draw(0.5))
}

// A class of which no sample was drawn is no group.
func TestClassGroupsLeaveEmptyClassesOut(t *testing.T) {
	require.Equal(t, []ClassGroup{{"a", 2}, {"c", 1}}, ClassGroups([]string{"a", "b", "c"}, []int{2, 0, 1}))
}
