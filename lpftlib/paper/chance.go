package paper

import "math/rand/v2"

// mostExact is the length up to which all orders of a curve are gone through: 40,320 of eight.
const mostExact = 8

// sampledOrders stand for all orders of a longer curve.
const sampledOrders = 100_000

// chanceOf is the probability that a curve's rank correlation is at most r when its values come in random
// order: exact, ties included, up to eight points.
func chanceOf(k Curve, r float64) float64 {
	x, y := ranks(k.Norms), ranks(k.Diff)
	low, all := 0, 0
	see := func() {
		all++
		if correlation(x, y) <= r+1e-9 {
			low++
		}
	}
	if len(y) > mostExact {
		rng := rand.New(rand.NewPCG(1, uint64(len(y))))
		for range sampledOrders {
			rng.Shuffle(len(y), func(i, j int) { y[i], y[j] = y[j], y[i] })
			see()
		}
	} else {
		orders(y, len(y), see)
	}
	return float64(low) / float64(all)
}

// orders calls see with every order of the first n of v (Heap's algorithm).
func orders(v []float64, n int, see func()) {
	if n <= 1 {
		see()
		return
	}
	for i := range n {
		orders(v, n-1, see)
		j := 0
		if n%2 == 0 {
			j = i
		}
		if i < n-1 {
			v[j], v[n-1] = v[n-1], v[j]
		}
	}
}
