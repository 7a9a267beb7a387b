package kernels

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/atomicfile"
	"lpft/lpftlib/npy"
)

// blockedIndex is the file that says which blocks a folder holds.
const blockedIndex = "blocks.json"

// Blocked is a training kernel of many rows in a folder: the lower triangle of F in files of one
// block each, and the features. Package ntk's Grow computes it and adds rows to it. Nothing but
// one block at a time comes into memory, unless [Blocked.Kernel] is asked for the whole.
type Blocked struct {
	C     int        `json:"classes"`
	Sizes []int      `json:"sizes"` // rows of each block
	F     [][]string `json:"f"`     // [i][j ≤ i]: the file with F of block i's rows and block j's columns
	Phi   []string   `json:"phi"`   // the file with each block's features

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
	path := filepath.Join(dir, blockedIndex)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("kernels: no kernel in blocks in %s: %w; ntk.Grow makes one", dir, err)
	}
	b := &Blocked{dir: dir}
	if err := json.Unmarshal(data, b); err != nil {
		return nil, fmt.Errorf("kernels: %s: %w", path, err)
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
	b.dir = dir
	return atomicfile.Write(filepath.Join(dir, blockedIndex), func(w io.Writer) error {
		return json.NewEncoder(w).Encode(b)
	})
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
		if f, err = Read(filepath.Join(b.dir, b.F[i][j]), "f"); err != nil {
			return nil, err
		}
		if f.M != b.Sizes[i] || f.N != b.Sizes[j] || f.C != b.C {
			return nil, fmt.Errorf("kernels: %s: a kernel [%d, %d, %d, %d]: %s promises [%d, %d, %d, %d]", filepath.Join(b.dir, b.F[i][j]), f.M, f.C, f.N, f.C, blockedIndex, b.Sizes[i], b.C, b.Sizes[j], b.C)
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

// Features are φ(x) of block i's rows [n, h].
func (b *Blocked) Features(i int) (*mat.Dense, error) {
	path := filepath.Join(b.dir, b.Phi[i])
	arrays, err := npy.ReadNpz(path)
	if err != nil {
		return nil, err
	}
	a := arrays["phi"]
	if a == nil || len(a.Shape) != 2 || a.Shape[0] != b.Sizes[i] || a.Float64 == nil {
		return nil, fmt.Errorf("kernels: %s: expected an array phi, float64 [%d, h]; remove the file and let ntk.Grow make it again", path, b.Sizes[i])
	}
	return mat.NewDense(a.Shape[0], a.Shape[1], a.Float64), nil
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
