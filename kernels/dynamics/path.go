package dynamics

import "gonum.org/v1/gonum/mat"

// Path is the logits at some moments of training, the start first.
type Path struct {
	At    []float64    // steps taken, or the flow's time
	Train []*mat.Dense // [N, C] at each
	Test  []*mat.Dense // [M, C] at each; nil without test rows
}

// Nearest is the place of the path that comes nearest to logits f of the training rows, between its moments too, which are
// joined by straight lines. It returns that moment with the path's logits there; test is nil without test rows.
func (p *Path) Nearest(f *mat.Dense) (at float64, train, test *mat.Dense) {
	best, from, share := Distance(f, p.Train[0]), 0, 0.0
	for i := range len(p.Train) - 1 {
		s := project(f, p.Train[i], p.Train[i+1])
		if d := Distance(f, between(p.Train[i], p.Train[i+1], s)); d < best {
			best, from, share = d, i, s
		}
	}
	if share == 0 {
		return p.At[from], p.Train[from], p.test(from, 0)
	}
	return p.At[from] + share*(p.At[from+1]-p.At[from]), between(p.Train[from], p.Train[from+1], share), p.test(from, share)
}

func (p *Path) test(from int, share float64) *mat.Dense {
	switch {
	case p.Test == nil:
		return nil
	case share == 0:
		return p.Test[from]
	}
	return between(p.Test[from], p.Test[from+1], share)
}

// project is where between a (0) and b (1) the line is nearest to f.
func project(f, a, b *mat.Dense) float64 {
	var line, way mat.Dense
	line.Sub(b, a)
	way.Sub(f, a)
	length := mat.Norm(&line, 2)
	if length == 0 {
		return 0
	}
	way.MulElem(&way, &line)
	return min(1, max(0, mat.Sum(&way)/(length*length)))
}

// between is a + share·(b − a).
func between(a, b *mat.Dense, share float64) *mat.Dense {
	var out mat.Dense
	out.Sub(b, a)
	out.Scale(share, &out)
	out.Add(&out, a)
	return &out
}
