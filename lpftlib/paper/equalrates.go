package paper

// AtEqualRates judges what C1 cannot tell: in print, and in the profiles, FT and LP-FT train with batches and learning rates of their
// own, and the smaller rate alone would move features less. A is Diff(F) of LP-FT, B that of FT, of runs that differ in the
// start of the head only. The paper has no such runs; as in C1 all pairs count (choice).
func AtEqualRates(pairs []Pair) Claim {
	return Judged(Empirical, "at equal rates LP-FT moves features less than FT", Less, pairs)
}

// AtEqualRatesLoRA is the same for LP-LoRA (A) and LoRA (B), on as large a share of pairs as the paper prints for runs at rates of
// their own: not on MRPC.
func AtEqualRatesLoRA(pairs []Pair) Claim {
	return AsInPrint(Empirical, "at equal rates LP-LoRA moves features less than LoRA", Less, pairs, DiffOfLoRA)
}

// AtEqualNorms asks whether the direction of the probe's head matters beside its norm: A is Diff(F) of LP-FT or LP-LoRA, B that of FT or
// LoRA, of runs at equal rates whose heads were scaled to one norm. Figures 3, 10 and 11 show LP-FT below FT, at rates of their own.
func AtEqualNorms(pairs []Pair) Claim {
	return Judged(Ordering, "at equal rates and equal norms a head from LP moves features less than a random one", Less, pairs)
}
