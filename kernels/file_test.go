package kernels

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/npy"
)

// someNTK is small, with and without test rows.
func someNTK(t *testing.T, test bool) *NTK {
	x, y := randomMatrix(4, 5, 1), randomMatrix(3, 5, 2)
	k := &NTK{F: New(4, 2, 4), Phi: x, Logits: randomMatrix(4, 2, 3), Rows: Rows{Indices: []int{9, 2, 4, 1}, Labels: []int{0, 1, 1, 0}}}
	var err error
	k.P, err = PretrainEffective(x, x, 2)
	require.NoError(t, err)
	for i, name := range []string{"embeddings.word", "ffn.0"} {
		k.Groups = append(k.Groups, Group{Name: name, Train: gramKernel(4, 2, 9, uint64(5+i))})
		k.F = k.F.Plus(k.Groups[i].Train)
	}
	k.Theta = k.P.Plus(k.F)
	if test {
		k.PTest, err = PretrainEffective(y, x, 2)
		require.NoError(t, err)
		k.FTest = New(3, 2, 4)
		k.FTest.Data[5] = 1
		k.ThetaTest = k.PTest.Plus(k.FTest)
		k.PhiTest, k.LogitsTest = y, randomMatrix(3, 2, 4)
		k.IndicesTest, k.LabelsTest = []int{7, 8, 3}, []int{1, 1, 0}
	}
	return k
}

func TestNTKComesBack(t *testing.T) {
	for _, test := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "k.npz")
		want := someNTK(t, test)
		require.NoError(t, want.Check())
		require.NoError(t, want.Write(path))
		got, err := ReadNTK(path)
		require.NoError(t, err)
		require.Equal(t, want, got)
		theta, err := Read(path, "theta")
		require.NoError(t, err)
		require.Equal(t, want.Theta, theta)
	}
}

func TestKernelsComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k.npz")
	a, b := gramKernel(3, 2, 5, 1), New(2, 3, 4)
	b.Data[7] = 1.5
	require.NoError(t, Write(path, map[string]*Kernel{"a": a, "b": b}))
	for name, want := range map[string]*Kernel{"a": a, "b": b} {
		got, err := Read(path, name)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := Read(path, "c")
	require.ErrorContains(t, err, `k.npz: array "c" is missing: there are ["a" "b"]`)
}

// numpy.savez's kernels are read: testdata/make_fixtures.py wrote entry p = p/8 of shapes [2, 3, 4, 3] and [2, 5].
func TestReadIsNumpys(t *testing.T) {
	path := filepath.Join("testdata", "numpy.npz")
	for name, shape := range map[string][3]int{"kernel": {2, 3, 4}, "narrow": {2, 3, 4}, "matrix": {2, 1, 5}} {
		want := New(shape[0], shape[1], shape[2])
		for p := range want.Data {
			want.Data[p] = float64(p) / 8
		}
		got, err := Read(path, name)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
	_, err := Read(path, "indices")
	require.ErrorContains(t, err, "expected floats [M, C, N, C]")
}

// What is no kernel file is refused by what is wrong with it.
func TestFromArraysRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k.npz")
	require.NoError(t, someNTK(t, true).Write(path))
	for want, spoil := range map[string]func(map[string]*npy.Array){
		`array "theta" is missing`:                  func(a map[string]*npy.Array) { delete(a, "theta") },
		`array "f_test" has shape [6]`:              func(a map[string]*npy.Array) { a["f_test"].Shape = []int{6} },
		`"groups" and "f_groups" are missing or do`: func(a map[string]*npy.Array) { a["groups"].Strings = a["groups"].Strings[1:] },
		`array "phi" has shape [20]`:                func(a map[string]*npy.Array) { a["phi"].Shape = []int{20} },
	} {
		arrays, err := npy.ReadNpz(path)
		require.NoError(t, err)
		spoil(arrays)
		_, err = FromArrays(arrays)
		require.ErrorContains(t, err, want)
	}
}
