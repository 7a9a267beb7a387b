package ntk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"lpft/kernels"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
	"lpft/lpftlib/npy"
	"lpft/lpftlib/store"
)

// GrowOptions of [Grow].
type GrowOptions struct {
	Options       // Memory bounds each block's computation; Progress counts blocks
	BlockRows int // rows of a block; 0: about 1,000/C
}

// Grow computes the training kernel of many rows into a folder, block by block: what is held is
// one block of F and what its computation needs, whatever the number of rows. Each finished block
// is a file under the digest of all that it depends on, so the same call continues after an
// interruption, and a call with further rows behind the old ones computes the new blocks alone (the
// last block again if it was not full).
//
//	b, err := ntk.Grow(ctx, network, head, rows, "K", ntk.GrowOptions{Options: ntk.Options{Backend: be}})
//	top, err := kernels.Top(ctx, b.Operator(kernels.PartTheta), kernels.TopOptions{K: 50})
//	whole, err := b.Kernel(kernels.PartF) // where 8·(N·C)² bytes fit
//
// A block of rows is run forward and backward once for every block that it meets: with n rows a
// block N/n times in all, which for blocks of some hundred rows is less than the products cost.
func Grow(ctx context.Context, network Network, head *head.Head, rows []encoder.Encoding, dir string, opt GrowOptions) (*kernels.Blocked, error) {
	g := &growing{network: network, head: head, dir: dir, opt: opt.Options}
	if opt.BlockRows < 0 || opt.ResumeDir != "" || sampled(opt.Embedding) {
		return nil, fmt.Errorf("ntk: blocks of %d rows, resume folder %q, embedding mode %q: expected 0 or more rows, no folder (finished blocks are kept anyway), and exact or skip", opt.BlockRows, opt.ResumeDir, opt.Embedding)
	}
	if len(rows) == 0 {
		return nil, errors.New("ntk: no training rows: expected at least one")
	}
	if opt.Backend == nil {
		return nil, errNoBackend
	}
	size := opt.BlockRows
	if size == 0 {
		size = max(1, 1000/head.Classes())
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("ntk: %w", err)
	}
	if g.opt.Programs == nil {
		g.opt.Programs = NewPrograms(opt.Backend)
		defer g.opt.Programs.Close()
	}
	g.opt.Progress = nil
	g.model = network.Describe().digest()
	g.blocks = slices.Collect(slices.Chunk(rows, size))
	return g.all(ctx, opt.Progress)
}

// growing is a kernel in blocks under way.
type growing struct {
	network Network
	head    *head.Head
	dir     string
	opt     Options
	model   string // digest of the network
	blocks  [][]encoder.Encoding
}

func (g *growing) all(ctx context.Context, progress func(done, total int, note string)) (*kernels.Blocked, error) {
	before, err := kernels.OpenBlocked(g.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		if err := setAside(filepath.Join(g.dir, kernels.BlockedIndex), err, g.opt.Backend.Say); err != nil {
			return nil, err
		}
	}
	b := &kernels.Blocked{C: g.head.Classes()}
	done, total := 0, len(g.blocks)*(len(g.blocks)+1)/2
	for i, rows := range g.blocks {
		b.Sizes, b.F, b.Phi = append(b.Sizes, len(rows)), append(b.F, nil), append(b.Phi, "")
		for j := range i + 1 {
			f, phi, err := g.block(ctx, i, j)
			if err != nil {
				return nil, err
			}
			b.F[i] = append(b.F[i], f)
			b.Phi[i] = phi
			if done++; progress != nil {
				progress(done, total, fmt.Sprintf("block %d, %d", i, j))
			}
		}
	}
	if err := kernels.WriteBlocked(g.dir, b); err != nil {
		return nil, err
	}
	return b, g.dropFormer(before, b)
}

// block computes F of block i's rows and block j's columns, unless its file is there; and with
// j = i the features.
func (g *growing) block(ctx context.Context, i, j int) (f, phi string, err error) {
	digest := func(what string, rows ...any) (string, error) {
		d, err := store.DigestJSON([]any{resumeVersion, what, g.model, g.head, g.opt.Groups, g.opt.Embedding, g.opt.Seed, g.opt.Float64, g.opt.Backend.Arithmetic(), rows})
		return what + "-" + d[:min(24, len(d))], err
	}
	if f, err = digest("f", g.blocks[i], g.blocks[j]); err != nil {
		return "", "", err
	}
	if phi, err = digest("phi", g.blocks[i]); err != nil {
		return "", "", err
	}
	f, phi = f+".npz", phi+".npz"
	there, err := g.there(i, j, f, phi)
	if err != nil || there {
		return f, phi, err
	}
	var k *kernels.Kernel
	if i == j {
		r, err := Compute(ctx, g.network, g.head, g.blocks[i], nil, g.opt)
		if err != nil {
			return "", "", err
		}
		n, h := r.Phi.Dims()
		features := npy.NamedArray{Name: "phi", Shape: []int{n, h}, Data: r.Phi.RawMatrix().Data}
		if err := npy.WriteSealed(filepath.Join(g.dir, phi), []npy.NamedArray{features}); err != nil {
			return "", "", err
		}
		k = r.F
	} else {
		opt := g.opt
		opt.crossOnly = true
		r, err := Compute(ctx, g.network, g.head, g.blocks[j], g.blocks[i], opt)
		if err != nil {
			return "", "", err
		}
		k = r.FTest
	}
	return f, phi, kernels.WriteBlock(filepath.Join(g.dir, f), k)
}

// there says whether a block was computed before. What is damaged is set aside, to be computed again.
func (g *growing) there(i, j int, f, phi string) (bool, error) {
	all := true
	check := func(file string, read func(path string) error) error {
		path := filepath.Join(g.dir, file)
		err := read(path)
		if err == nil {
			return nil
		}
		all = false
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return setAside(path, err, g.opt.Backend.Say)
	}
	err := check(f, func(path string) error {
		return kernels.CheckBlock(path, g.head.Classes(), len(g.blocks[i]), len(g.blocks[j]))
	})
	if err == nil && i == j {
		err = check(phi, func(path string) error { return kernels.CheckFeatures(path, len(g.blocks[i])) })
	}
	return all, err
}

// dropFormer removes the files of the folder's former kernel that this one does not have.
func (g *growing) dropFormer(before, now *kernels.Blocked) error {
	if before == nil {
		return nil
	}
	files := func(b *kernels.Blocked) []string { return append(slices.Concat(b.F...), b.Phi...) }
	kept := files(now)
	for _, file := range files(before) {
		if file != filepath.Base(file) || slices.Contains(kept, file) {
			continue
		}
		if err := os.Remove(filepath.Join(g.dir, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("ntk: %w", err)
		}
	}
	return nil
}
