package probe

import (
	"slices"
	"sync"
	"sync/atomic"
)

// joint lets several fits over the same rows share their passes: a fit that needs one waits until all the others
// need one too, and the rows are then read once for all of them. Folds differ in a fifth of the rows only, and a row
// at hand is used for the price of reading it.
type joint struct {
	data    *coordinates
	solver  *preconditioner
	workers int

	mutex   sync.Mutex
	fits    int // that may ask
	waiting []*request

	chunks []chunk // fixed pieces of the rows, so that sums do not depend on the number of workers
}

// chunk is a range of rows with its part of a sum over the rows.
type chunk struct {
	from, to int
	rows     []int // those that some fit needs
	scores   []float64
	sum      []float64 // [columns, r + 1], the last column for the biases
	values   []float64 // of each request
}

const (
	minChunkRows = 128
	maxChunks    = 32
	blockValues  = 24 << 10 // of the rows that are kept in the cache between the two halves of a pass
)

// gramRows is how many rows a feature are plenty for a preconditioner.
const gramRows = 32

func newJoint(data *coordinates, workers int) *joint {
	n, r := data.x.Dims()
	j := &joint{data: data, workers: workers, solver: newPreconditioner(data.gram(gramRows*r, workers), n, r)}
	count := min(maxChunks, (n+minChunkRows-1)/minChunkRows)
	for i := range count {
		j.chunks = append(j.chunks, chunk{from: i * n / count, to: (i + 1) * n / count})
	}
	return j
}

func (j *joint) enter(fits int) { j.fits = fits }

func (j *joint) leave() {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.fits--
	j.runIfComplete()
}

// ask returns when the request has been answered.
func (j *joint) ask(r *request) {
	r.done = make(chan struct{})
	j.mutex.Lock()
	j.waiting = append(j.waiting, r)
	j.runIfComplete()
	j.mutex.Unlock()
	<-r.done
}

// runIfComplete answers the requests once every fit waits with one. Solves go first: they cost little, and after them
// their fits wait for a pass like the others. The order of the fits, and so the rounding, never depends on who came first.
func (j *joint) runIfComplete() {
	if len(j.waiting) == 0 || len(j.waiting) < j.fits {
		return
	}
	slices.SortFunc(j.waiting, func(a, b *request) int { return a.fit - b.fit })
	var solves, passes []*request
	for _, r := range j.waiting {
		if r.solves() {
			solves = append(solves, r)
		} else {
			passes = append(passes, r)
		}
	}
	now := passes
	j.waiting = nil
	if len(solves) > 0 {
		now, j.waiting = solves, passes
		j.solver.solve(solves, j.workers)
	} else {
		j.pass(passes)
	}
	for _, r := range now {
		close(r.done)
	}
}

// pass reads the rows once: it forms the K scores of each row and request, lets middle turn them into K coefficients t,
// and adds t·(row − mean)ᵀ, and t itself for the biases, to the request's out. value is the total of middle's.
func (j *joint) pass(requests []*request) {
	_, r := j.data.x.Dims()
	columns := columnsOf(requests)
	theta, biases := panel{make([]float64, columns*r), r}, make([]float64, columns)
	c := 0
	for _, q := range requests {
		for k := range q.outputs {
			weight := q.in[k*r : (k+1)*r]
			copy(theta.row(c), weight)
			biases[c] = q.in[q.outputs*r+k] // W(x − m) + b = Wx + (b − Wm)
			if j.data.mean != nil {
				biases[c] -= dot(weight, j.data.mean)
			}
			c++
		}
	}
	inParallel(len(j.chunks), j.workers, func(i int) { j.passChunk(&j.chunks[i], requests, theta, biases) })

	for _, q := range requests {
		clear(q.out)
		q.value = 0
	}
	for i := range j.chunks { // in order: the same bits for any number of workers
		j.chunks[i].addTo(requests, r)
	}
	if j.data.mean == nil {
		return
	}
	for _, q := range requests {
		for k := range q.outputs {
			axpy(-q.out[q.outputs*r+k], j.data.mean, q.out[k*r:(k+1)*r])
		}
	}
}

func (j *joint) passChunk(c *chunk, requests []*request, theta panel, biases []float64) {
	r, columns := theta.stride, len(biases)
	c.rows = c.rows[:0]
	for i := c.from; i < c.to; i++ {
		if slices.ContainsFunc(requests, func(q *request) bool { return q.needs(i) }) {
			c.rows = append(c.rows, i)
		}
	}
	c.sum = cleared(c.sum, columns*(r+1))
	c.values = cleared(c.values, len(requests))
	x := panel{j.data.x.RawMatrix().Data, j.data.x.RawMatrix().Stride}
	for rows := range slices.Chunk(c.rows, max(2, blockValues/r)) {
		c.scores = cleared(c.scores, len(rows)*columns)
		s := panel{c.scores, columns}
		scores(s, x, rows, theta, columns, r)
		for i, row := range rows {
			at := s.row(i)[:columns]
			axpy(1, biases, at)
			first := 0
			for k, q := range requests {
				own := at[first : first+q.outputs]
				c.values[k] += q.middle(row, own)
				first += q.outputs
			}
			for column, t := range at[:first] {
				c.sum[columns*r+column] += t
			}
		}
		sums(panel{c.sum, r}, s, x, rows, columns, r)
	}
}

// addTo adds the chunk's sums to what the requests have.
func (c *chunk) addTo(requests []*request, r int) {
	columns := columnsOf(requests)
	first := 0
	for k, q := range requests {
		q.value += c.values[k]
		axpy(1, c.sum[first*r:(first+q.outputs)*r], q.out[:q.outputs*r])
		axpy(1, c.sum[columns*r+first:columns*r+first+q.outputs], q.out[q.outputs*r:])
		first += q.outputs
	}
}

// columnsOf is the number of weight rows of all requests, rounded up to whole tiles.
func columnsOf(requests []*request) int {
	columns := 0
	for _, q := range requests {
		columns += q.outputs
	}
	return (columns + tile - 1) / tile * tile
}

// cleared returns n zeros, in the memory of v if that is enough.
func cleared(v []float64, n int) []float64 {
	if cap(v) < n {
		return make([]float64, n)
	}
	v = v[:n]
	clear(v)
	return v
}

// inParallel calls work for 0 … n−1 on so many goroutines.
func inParallel(n, workers int, work func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	take := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			work(i)
		}
	}
	for range min(workers, n) - 1 {
		wait.Go(take)
	}
	take()
	wait.Wait()
}
