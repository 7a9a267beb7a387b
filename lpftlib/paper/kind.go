package paper

// Kind says what a judged statement is about. Each is counted apart: a check that cannot fail unless the code is wrong
// says nothing about the paper, and neither does a question that the paper does not ask.
type Kind string

const (
	Empirical Kind = "claim"    // a statement of the paper's about trained models, which our numbers may contradict
	Ordering  Kind = "ordering" // what else should come out that way round; the paper does not rest on it
	Beyond    Kind = "beyond"   // an answer to a question that the paper leaves open (docs/beyond.md)
	Check     Kind = "check"    // of the implementation: an identity, a constant, the descent of an optimiser
)

// Kinds are all kinds, in the order in which they are shown.
var Kinds = []Kind{Empirical, Ordering, Beyond, Check}

// Plural names several statements of a kind.
func (k Kind) Plural() string {
	return map[Kind]string{Empirical: "claims", Ordering: "further orderings", Beyond: "statements beyond the paper", Check: "checks of the implementation"}[k]
}

// Count is how many statements of a kind hold among those that could be decided.
type Count struct {
	Kind                    Kind
	Holds, Decided, Missing int // Missing: undecided
}

// CountOf counts a kind's claims.
func CountOf(kind Kind, claims []Claim) Count {
	c := Count{Kind: kind}
	for _, claim := range OfKind(kind, claims) {
		switch claim.Outcome {
		case Holds:
			c.Holds++
			c.Decided++
		case Fails:
			c.Decided++
		default:
			c.Missing++
		}
	}
	return c
}

// OfKind are a kind's claims, in their order.
func OfKind(kind Kind, claims []Claim) []Claim {
	var out []Claim
	for _, c := range claims {
		if c.Kind == kind {
			out = append(out, c)
		}
	}
	return out
}

// Relation is what a statement says of the two numbers of every pair.
type Relation func(Pair) bool

// The relations of statements.
var (
	Less   Relation = func(p Pair) bool { return p.A < p.B }
	AtMost Relation = func(p Pair) bool { return p.A <= p.B }
	Equal  Relation = func(p Pair) bool { return p.A == p.B }
)

// Judged judges that a relation holds for every pair. The statistic is the share of pairs for which it
// does, the threshold 1. Pairs with a missing number (NaN) are left out.
func Judged(kind Kind, text string, r Relation, pairs []Pair) Claim {
	return shareOf(kind, "", text, "so", pairs, r, 1)
}
