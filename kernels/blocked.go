package kernels

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"gonum.org/v1/gonum/mat"

	"lpft/internal/plainfile"
	"lpft/lpftlib/atomicfile"
	"lpft/lpftlib/npy"
)

// BlockedIndex is the file that says which blocks a folder holds.
const BlockedIndex = "blocks.json"

// Blocked is a training kernel of many rows in a folder: the lower triangle of F in files of one
// block each, and the features. Package ntk's Grow computes it and adds rows to it. Nothing but
// one block at a time comes into memory, unless [Blocked.Kernel] is asked for the whole.
type Blocked struct {
	C     int        `json:"classes"`
	Sizes []int      `json:"sizes"`            // rows of each block
	F     [][]string `json:"f"`                // [i][j ≤ i]: the file with F of block i's rows and block j's columns
	Phi   []string   `json:"phi"`              // the file with each block's features
	Seal  string     `json:"sha256,omitempty"` // of all the above; absent in what earlier versions wrote

	dir string
}

// Part says which kernel of a [Blocked] is meant.
type Part string

// Fine-tuning's part, the pre-training part, and their sum: equations (1) to (3).
const (
	PartF     Part = "f"
	PartP     Part = "p"
	PartTheta Part = "theta"
)

// OpenBlocked reads what dir holds.
func OpenBlocked(dir string) (*Blocked, error) {
	path := filepath.Join(dir, BlockedIndex)
	data, err := plainfile.Read(path, plainfile.Text)
	if err != nil {
		return nil, fmt.Errorf("kernels: no kernel in blocks in %s: %w; ntk.Grow makes one", dir, err)
	}
	b := &Blocked{dir: dir}
	if err := json.Unmarshal(data, b); err != nil {
		return nil, fmt.Errorf("kernels: %s: %w", path, err)
	}
	if seal := b.seal(); b.Seal != "" && b.Seal != seal {
		return nil, fmt.Errorf("kernels: %s: torn or altered: its SHA-256 is %.12s, it says %.12s; let ntk.Grow write it again", path, seal, b.Seal)
	}
	if b.C < 1 || len(b.Sizes) == 0 || len(b.F) != len(b.Sizes) || len(b.Phi) != len(b.Sizes) {
		return nil, fmt.Errorf("kernels: %s: %d classes, %d sizes, %d rows of blocks, %d features: expected as many of each; let ntk.Grow write it again", path, b.C, len(b.Sizes), len(b.F), len(b.Phi))
	}
	for i, row := range b.F {
		if len(row) != i+1 || b.Sizes[i] < 1 {
			return nil, fmt.Errorf("kernels: %s: block %d of %d rows has %d columns of blocks: expected %d", path, i, b.Sizes[i], len(row), i+1)
		}
	}
	return b, nil
}

// WriteBlocked makes b the kernel that dir holds. Its files must be there.
func WriteBlocked(dir string, b *Blocked) error {
	b.dir, b.Seal = dir, b.seal()
	return atomicfile.Write(filepath.Join(dir, BlockedIndex), func(w io.Writer) error {
		return json.NewEncoder(w).Encode(b)
	})
}

// seal is the digest that an index ought to carry.
func (b *Blocked) seal() string {
	data, err := json.Marshal([]any{b.C, b.Sizes, b.F, b.Phi})
	if err != nil {
		return "" // numbers and strings always encode
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// N is the number of rows.
func (b *Blocked) N() int {
	n := 0
	for _, size := range b.Sizes {
		n += size
	}
	return n
}

// Block is the kernel of block i's rows and block j's columns, [m, C, n, C], for j ≤ i.
func (b *Blocked) Block(part Part, i, j int) (*Kernel, error) {
	var f *Kernel
	var err error
	if part != PartP {
		if f, err = readBlock(filepath.Join(b.dir, b.F[i][j]), b.C, b.Sizes[i], b.Sizes[j]); err != nil {
			return nil, err
		}
	}
	if part == PartF {
		return f, nil
	}
	rows, err := b.Features(i)
	if err != nil {
		return nil, err
	}
	columns := rows
	if i != j {
		if columns, err = b.Features(j); err != nil {
			return nil, err
		}
	}
	p, err := PretrainEffective(rows, columns, b.C)
	if err != nil || part == PartP {
		return p, err
	}
	return p.Plus(f), nil
}

// WriteBlock writes F of one block.
func WriteBlock(path string, k *Kernel) error {
	if err := k.CheckEntries(); err != nil {
		return err
	}
	return npy.WriteSealed(path, []npy.NamedArray{named("f", k), {Name: "block", Shape: []int{1}, Data: []string{filepath.Base(path)}}})
}

// readBlock reads a block of m rows and n columns.
func readBlock(path string, c, m, n int) (*Kernel, error) {
	arrays, err := npy.ReadSealed(path)
	if err != nil {
		return nil, err
	}
	if own := arrays["block"]; own != nil && !slices.Equal(own.Strings, []string{filepath.Base(path)}) {
		return nil, fmt.Errorf("kernels: %s: holds the block %q", path, own.Strings)
	}
	f, err := kernelOf(arrays, "f")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if f.M != m || f.N != n || f.C != c {
		return nil, fmt.Errorf("kernels: %s: a kernel [%d, %d, %d, %d], expected [%d, %d, %d, %d]", path, f.M, f.C, f.N, f.C, m, c, n, c)
	}
	return f, nil
}

// CheckBlock reads a file that should be F of m rows, n columns and c classes, and says what is wrong with it.
func CheckBlock(path string, c, m, n int) error {
	_, err := readBlock(path, c, m, n)
	return err
}

// Features are φ(x) of block i's rows [n, h].
func (b *Blocked) Features(i int) (*mat.Dense, error) {
	return readFeatures(filepath.Join(b.dir, b.Phi[i]), b.Sizes[i])
}

func readFeatures(path string, n int) (*mat.Dense, error) {
	arrays, err := npy.ReadSealed(path)
	if err != nil {
		return nil, err
	}
	a := arrays["phi"]
	if a == nil || len(a.Shape) != 2 || a.Shape[0] != n || a.Float64 == nil {
		return nil, fmt.Errorf("kernels: %s: expected an array phi, float64 [%d, h]; let ntk.Grow make it again", path, n)
	}
	if err := finite(a.Float64); err != nil {
		return nil, fmt.Errorf("kernels: %s: %w", path, err)
	}
	return mat.NewDense(a.Shape[0], a.Shape[1], a.Float64), nil
}

// CheckFeatures reads a file that should be φ of n rows, and says what is wrong with it.
func CheckFeatures(path string, n int) error {
	_, err := readFeatures(path, n)
	return err
}

// Kernel puts a part together in memory, 8·(N·C)² bytes: for all eigenvalues, ranks and regression.
func (b *Blocked) Kernel(part Part) (*Kernel, error) {
	k := New(b.N(), b.C, b.N())
	whole := k.Matrix()
	err := b.each(context.Background(), part, func(row, column int, block *mat.Dense) {
		m, n := block.Dims()
		whole.Slice(row, row+m, column, column+n).(*mat.Dense).Copy(block)
		if row != column {
			whole.Slice(column, column+n, row, row+m).(*mat.Dense).Copy(block.T())
		}
	})
	return k, err
}

// Operator is a part known by its products, for [Top]: each reads every block once.
func (b *Blocked) Operator(part Part) Operator { return &blockedOperator{b, part} }

type blockedOperator struct {
	b    *Blocked
	part Part
}

// Size is N·C.
func (o *blockedOperator) Size() int { return o.b.N() * o.b.C }

// Mul is K·v; a block below the diagonal is multiplied once as it is and once transposed.
func (o *blockedOperator) Mul(ctx context.Context, v []float64) ([]float64, error) {
	out := make([]float64, o.Size())
	add := func(to, from int, block mat.Matrix) {
		m, n := block.Dims()
		y := mat.NewVecDense(m, out[to:to+m])
		var product mat.VecDense
		product.MulVec(block, mat.NewVecDense(n, v[from:from+n]))
		y.AddVec(y, &product)
	}
	err := o.b.each(ctx, o.part, func(row, column int, block *mat.Dense) {
		add(row, column, block)
		if row != column {
			add(column, row, block.T())
		}
	})
	return out, err
}

// each visits the blocks with the matrix row and column that they begin at.
func (b *Blocked) each(ctx context.Context, part Part, visit func(row, column int, block *mat.Dense)) error {
	row := 0
	for i := range b.Sizes {
		column := 0
		for j := 0; j <= i; j++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			k, err := b.Block(part, i, j)
			if err != nil {
				return err
			}
			visit(row*b.C, column*b.C, k.Matrix())
			column += b.Sizes[j]
		}
		row += b.Sizes[i]
	}
	return nil
}
