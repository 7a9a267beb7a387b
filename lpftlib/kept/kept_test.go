package kept

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/head"
)

// point is a type as a cell declares one.
type point struct {
	X, Y  float64
	Label string
	Next  *point
	At    *int
	Tags  map[string][]int
}

func roundTrip[T any](t *testing.T, b Box, value T) {
	t.Helper()
	require.NoError(t, b.Put("v", value))
	got, err := Get[T](b, "v")
	require.NoError(t, err)
	require.Equal(t, value, got)
}

// Values come back as they were, the ones that other encodings lose included.
func TestRoundTrips(t *testing.T) {
	b := Box{filepath.Join(t.TempDir(), "kept")}
	zero := 0
	roundTrip(t, b, 3)
	roundTrip(t, b, int8(-3))
	roundTrip(t, b, uint64(1<<63))
	roundTrip(t, b, true)
	roundTrip(t, b, math.Inf(-1))
	roundTrip(t, b, float32(0.1))
	roundTrip(t, b, 1+2i)
	roundTrip(t, b, "über <b>")
	roundTrip(t, b, []float64{})
	roundTrip(t, b, []float64(nil))
	roundTrip(t, b, [][]float64{{1, 2}, nil, {}})
	roundTrip(t, b, map[string]int{"a": 1, "b": 2})
	roundTrip(t, b, [2]string{"a", ""})
	roundTrip(t, b, point{X: 1, Next: &point{Y: 2, At: &zero}, Tags: map[string][]int{"a": {1}}})
	roundTrip(t, b, &zero)
	roundTrip(t, b, (*point)(nil))
	roundTrip(t, b, mat.NewDense(2, 2, []float64{1, 2, 3, 4}))
	roundTrip(t, b, &head.Head{V: mat.NewDense(2, 3, nil), B: []float64{0.5, -1}})
	k := kernels.New(2, 3, 2)
	k.Data[5] = 7
	roundTrip(t, b, &kernels.NTK{P: k, F: k, Groups: []kernels.Group{{Name: "a", Train: k}}, Logits: mat.NewDense(1, 1, []float64{2})})
	now := time.Now().UTC()
	require.NoError(t, b.Put("when", now))
	got, err := Get[time.Time](b, "when")
	require.NoError(t, err)
	require.True(t, now.Equal(got))

	require.NoError(t, b.Put("nan", math.NaN()))
	nan, err := Get[float64](b, "nan")
	require.NoError(t, err)
	require.True(t, math.IsNaN(nan))
}

// What cannot come back is refused, by the name of the part.
func TestRefused(t *testing.T) {
	b := Box{t.TempDir()}
	require.EqualError(t, b.Put("f", func() {}), `keep "f": func() is a func, which cannot leave its cell`)
	require.ErrorContains(t, b.Put("c", map[string]chan int{}), "is a chan")
	require.ErrorContains(t, b.Put("i", []any{1}), "is an interface")
	require.ErrorContains(t, b.Put("s", struct{ hidden int }{1}), "field hidden")
	require.ErrorContains(t, b.Put("", 1), "expected one")
	all, err := b.List()
	require.NoError(t, err)
	require.Empty(t, all)
}

// A wrong type, a missing name and a torn file are said in a line.
func TestErrorsOfGet(t *testing.T) {
	b := Box{t.TempDir()}
	_, err := Get[int](b, "n")
	require.EqualError(t, err, `nothing is kept under "n", nor under any other name: run the cell that keeps it`)
	require.NoError(t, b.Put("a/b", []int{1}))
	require.NoError(t, b.Put("phi", mat.NewDense(3, 4, nil)))
	_, err = Get[int](b, "n")
	require.EqualError(t, err, `nothing is kept under "n": there are a/b, phi`)
	_, err = Get[[]float64](b, "phi")
	require.EqualError(t, err, `kept "phi" is a *mat.Dense, and this cell asks for a []float64`)

	all, err := b.List()
	require.NoError(t, err)
	require.Equal(t, []int{1}, all[0].Shape)
	require.Equal(t, []int{3, 4}, all[1].Shape)
	require.Greater(t, all[1].Bytes, int64(12*8))

	require.NoError(t, b.Put("a/b", nil))
	require.NoError(t, b.Put("a/b", nil), "it is not there already")
	all, err = b.List()
	require.NoError(t, err)
	require.Len(t, all, 1)

	file := b.file("phi")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, text[:len(text)-8], 0o600))
	_, err = Get[*mat.Dense](b, "phi")
	require.ErrorContains(t, err, `kept "phi"`)
}

// A notebook keeps so much and no more; what was there stays.
func TestBounded(t *testing.T) {
	b := Box{t.TempDir()}
	require.NoError(t, b.Put("v", 1))
	w := &bounded{room: 8}
	_, err := w.Write(make([]byte, 9))
	require.ErrorContains(t, err, "at most 4 GiB")
	room, err := b.room("other")
	require.NoError(t, err)
	require.Less(t, room, int64(Most))
	room, err = b.room("v")
	require.NoError(t, err)
	require.EqualValues(t, Most, room, "it takes its own place")
}

func TestOutsideOfANotebook(t *testing.T) {
	t.Setenv("LPFT_KEPT", "")
	_, err := Open()
	require.ErrorContains(t, err, "no kernel")
}
