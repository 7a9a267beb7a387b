package lpftlib

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot/palette/moreland"
)

// HeatMap shows a matrix as a picture, one square a number: blue below zero, white at zero, red above, or from dark to light
// where nothing is below zero. Display(HeatMap(phi)) shows it. A kernel's blocks by class are drawn by plots.HeatMaps.
func HeatMap(m mat.Matrix) HTML {
	rows, cols := m.Dims()
	low, high := mat.Min(m), mat.Max(m)
	colors, from := moreland.ExtendedBlackBody(), low
	if low < 0 {
		colors, high = moreland.SmoothBlueRed(), max(high, -low)
		from = -high
	}
	if !(high > from) {
		high = from + 1 // all numbers are the same
	}
	if math.IsNaN(low) || math.IsInf(high, 0) || math.IsInf(from, 0) {
		panic(fmt.Sprintf("HeatMap of a matrix [%d, %d] with numbers from %g to %g: expected finite ones", rows, cols, low, high))
	}
	colors.SetMin(from)
	colors.SetMax(high)
	picture := image.NewRGBA(image.Rect(0, 0, cols, rows))
	for i := range rows {
		for j := range cols {
			picture.Set(j, i, Must(colors.At(m.At(i, j))))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		panic(err) // into memory
	}
	return HTML(fmt.Sprintf(`<figure style="margin:0.4em 0"><img src="data:image/png;base64,%s" alt="heat map of a matrix, %d rows and %d columns" style="width:%dpx;max-width:100%%;image-rendering:pixelated">`+
		`<figcaption>[%d, %d], from %.4g to %.4g</figcaption></figure>`,
		base64.StdEncoding.EncodeToString(b.Bytes()), rows, cols, min(max(cols*8, 64), 640), rows, cols, low, mat.Max(m)))
}
