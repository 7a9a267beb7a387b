package lpftlib

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"math"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestHeatMapHasASquareANumber(t *testing.T) {
	fragment := string(HeatMap(mat.NewDense(2, 3, []float64{-1, 0, 1, 0, 0.5, 2})))
	require.Contains(t, fragment, "[2, 3], from -1 to 2")
	data, err := base64.StdEncoding.DecodeString(regexp.MustCompile(`base64,([^"]+)`).FindStringSubmatch(fragment)[1])
	require.NoError(t, err)
	picture, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, 3, picture.Bounds().Dx())
	require.Equal(t, 2, picture.Bounds().Dy())
	red, _, blue, _ := picture.At(2, 1).RGBA()
	require.Greater(t, red, blue, "2 is the largest: red")
	red, _, blue, _ = picture.At(0, 0).RGBA()
	require.Less(t, red, blue, "-1 is below zero: blue")
	require.Equal(t, picture.At(1, 0), picture.At(0, 1), "zero is one colour")
}

func TestHeatMapOfEqualAndOfNoNumbers(t *testing.T) {
	require.Contains(t, HeatMap(mat.NewDense(1, 2, []float64{3, 3})), "from 3 to 3")
	require.Panics(t, func() { HeatMap(mat.NewDense(1, 1, []float64{math.NaN()})) })
}
