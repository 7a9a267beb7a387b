package probe

// separate makes each fit's passes by itself, row by row, for the L-BFGS route: where that stops hangs on rounding, so that
// its sums have one order whatever processor and build. It neither centres the features nor has a preconditioner.
type separate struct {
	data    *coordinates
	workers int
}

func (s *separate) enter(int) {}
func (s *separate) leave()    {}

// part is a range of a fit's rows with its part of a sum over them.
type part struct {
	rows   []int
	value  float64
	sum    []float64 // [K·r + K]
	scores []float64 // [K]
}

func (s *separate) ask(q *request) {
	n, _ := s.data.x.Dims()
	var rows []int
	for i := range n {
		if q.needs(i) {
			rows = append(rows, i)
		}
	}
	count := min(maxChunks, (len(rows)+minChunkRows-1)/minChunkRows)
	parts := make([]part, count)
	inParallel(count, s.workers, func(i int) {
		parts[i].rows = rows[i*len(rows)/count : (i+1)*len(rows)/count]
		s.pass(&parts[i], q)
	})
	clear(q.out)
	q.value = 0
	for i := range parts { // in order: the same bits for any number of workers
		q.value += parts[i].value
		axpy(1, parts[i].sum, q.out)
	}
}

func (s *separate) pass(p *part, q *request) {
	_, r := s.data.x.Dims()
	p.sum, p.scores = make([]float64, len(q.out)), make([]float64, q.outputs)
	weights, biases := p.sum[:q.outputs*r], p.sum[q.outputs*r:]
	for _, i := range p.rows {
		row := s.data.x.RawRowView(i)
		for k := range p.scores {
			p.scores[k] = dot(q.in[k*r:(k+1)*r], row) + q.in[q.outputs*r+k]
		}
		p.value += q.middle(i, p.scores)
		for k, t := range p.scores {
			axpy(t, row, weights[k*r:(k+1)*r])
			biases[k] += t
		}
	}
}
