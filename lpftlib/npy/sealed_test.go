package npy

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is sealed is read as it was written or not at all: any flipped bit, and a file put together from others.
func TestSealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npz")
	numbers := []float64{1, 2, 3, 4, 5, 6}
	arrays := []NamedArray{
		{Name: "x", Shape: []int{2, 3}, Data: numbers}, {Name: "empty", Shape: []int{0, 2}, Data: []float64{}},
		{Name: "who", Shape: []int{1}, Data: []string{"me"}}, {Name: "n", Shape: []int{2}, Data: []int64{7, 8}},
	}
	require.NoError(t, WriteSealed(path, arrays))
	got, err := ReadSealed(path)
	require.NoError(t, err)
	require.Len(t, got, len(arrays))
	require.Equal(t, numbers, got["x"].Float64)
	require.Equal(t, []string{"me"}, got["who"].Strings)

	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		harmed := append([]byte{}, whole...)
		harmed[rng.IntN(len(harmed))] ^= 1 << rng.IntN(8)
		require.NoError(t, os.WriteFile(path, harmed, 0o644))
		if again, err := ReadSealed(path); err == nil {
			require.Equal(t, got, again, "a bit of what an .npz does not use")
		}
	}

	seal, err := sealOf(arrays)
	require.NoError(t, err)
	numbers[0] = 9 // other numbers under the old digest, each with a right checksum of its own
	require.NoError(t, WriteNpz(path, append(arrays, NamedArray{Name: sealName, Shape: []int{1}, Data: []string{seal}})))
	_, err = ReadSealed(path)
	require.ErrorContains(t, err, "torn or altered")

	require.NoError(t, WriteNpz(path, arrays)) // never sealed
	got, err = ReadSealed(path)
	require.NoError(t, err)
	require.Equal(t, numbers, got["x"].Float64)
}
